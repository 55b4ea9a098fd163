"""Messages of LangChain, and runs of LangSmith that hold them.

In: messages of ``type`` human, ai, system, tool and function, flat, under ``data`` (``message_to_dict``) or under
``kwargs`` (``dumpd``): a list, ``{"messages": [...]}``, or a run with ``inputs`` and ``outputs``. A graph's outputs
hold the whole conversation, a model's only its answer. Out: one trace a row; of child runs, which repeat what the run
says, only their number is told.
Source: https://python.langchain.com/api_reference/core/messages.html, https://docs.langchain.com/langsmith/run-data-format.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import counts, given
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of, task_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Result

NAME = "langchain_messages"
_TYPES = {
    "human": "user",
    "HumanMessage": "user",
    "ai": "assistant",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "system": "system",
    "SystemMessage": "system",
    "developer": "developer",
    "tool": "tool",
    "ToolMessage": "tool",
    "function": "tool",
    "FunctionMessage": "tool",
    "chat": "chat",
    "ChatMessage": "chat",
    "remove": "environment",
}
_OWN = ("human", "ai", "HumanMessage", "AIMessage", "AIMessageChunk")
# A message or its field, and its pointer.
Placed = tuple[dict[str, Any], str]


class LangchainMessages:
    """Format of rows with messages of LangChain."""

    name = NAME
    title = "LangChain messages and LangSmith runs"
    unit = "row"
    leaves_out = (
        LeftOut("child_runs", "the steps of the run again; its messages hold what they said"),
        LeftOut("serialized", "how the program was put together"),
        LeftOut("additional_kwargs/tool_calls", "the calls again, as the provider wrote them"),
        LeftOut("tool_call_chunks", "the calls again, as they were streamed"),
    )

    def detect(self, sample: Any) -> str | None:
        """Messages of `type` human or ai, in a row or in the inputs or outputs of a run."""
        if isinstance(sample, dict) and "sessionId" in sample:
            return None
        found = [kind for kind in (_kind(m) for m, _ in _messages(sample)) if kind in _OWN]
        return f"has messages of type {found[0]}" if found else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        messages = _messages(row)
        if not messages:
            raise RowError("no messages", "messages of type human, ai, system or tool", "/messages")
        builder = Builder("agent" if isinstance(row, dict) and "run_type" in row else "tool_use")
        kept = Beside(NAME, origin)
        for message, at in messages:
            _tell(builder, message, at, kept)
        if isinstance(row, dict):
            kept.keep("", row, "messages", "inputs", "outputs", "child_runs", "serialized")
            for key in ("inputs", "outputs"):
                kept.keep(f"/{key}", row.get(key), "messages", "generations")
        kept.tell(builder)
        source = row.get("id") if isinstance(row, dict) else None
        group = row.get("session_id", row.get("trace_id")) if isinstance(row, dict) else None
        yield builder.build(
            document,
            origin,
            NAME,
            source_id=source if isinstance(source, str) else None,
            group=group if isinstance(group, str) else None,
        )


FORMAT = LangchainMessages()


def _opened(message: Any, at: str) -> Placed | None:
    """The fields of ``message``, whichever way it was written, with their place and its type."""
    if not isinstance(message, dict):
        return None
    if isinstance(message.get("kwargs"), dict) and message.get("type") == "constructor":
        named = message.get("id")
        kind = named[-1] if isinstance(named, list) and named else None
        return {**message["kwargs"], "type": kind}, f"{at}/kwargs"
    if isinstance(message.get("data"), dict) and "content" in message["data"]:
        return {**message["data"], "type": message.get("type")}, f"{at}/data"
    return (message, at) if "content" in message and "role" not in message else None


def _kind(message: dict[str, Any]) -> str:
    return str(message.get("type"))


def _listed(held: Any, at: str) -> list[Placed]:
    """The messages of a list, or of the one list in it, as runs of models have them."""
    if isinstance(held, list) and len(held) == 1 and isinstance(held[0], list):
        return _listed(held[0], f"{at}/0")
    found = [_opened(message, f"{at}/{i}") for i, message in enumerate(held)] if isinstance(held, list) else []
    known = [item for item in found if item is not None and _kind(item[0]) in _TYPES]
    return known if len(known) == len(found) else []


def _messages(row: Any) -> list[Placed]:
    """The messages of ``row``: its own, or those that went into a run and came out of it."""
    if isinstance(row, list):
        return _listed(row, "")
    if not isinstance(row, dict):
        return []
    if "messages" in row:
        return _listed(row["messages"], "/messages")
    inputs = row["inputs"] if isinstance(row.get("inputs"), dict) else {}
    outputs = row["outputs"] if isinstance(row.get("outputs"), dict) else {}
    asked = _listed(inputs.get("messages"), "/inputs/messages")
    answered = _listed(outputs.get("messages"), "/outputs/messages")
    generations = outputs.get("generations")
    while isinstance(generations, list) and generations and isinstance(generations[0], list):
        generations = generations[0]
    if isinstance(generations, list) and generations and isinstance(generations[0], dict):
        item = _opened(generations[0].get("message"), "/outputs/generations/0/0/message")
        answered = [item] if item is not None else answered
    same = len(answered) >= len(asked) and all(
        (a["type"], a["content"]) == (b["type"], b["content"]) for (a, _), (b, _) in zip(asked, answered)
    )
    return answered if asked and same else [*asked, *answered]


def _tell(builder: Builder, message: dict[str, Any], at: str, kept: Beside) -> None:
    kept.keep(
        at, message, "type", "content", "tool_calls", "tool_call_id", "status", "usage_metadata", "tool_call_chunks"
    )
    role = _TYPES.get(_kind(message)) or builder.speaker(_kind(message), at)
    role = builder.speaker(message.get("role"), at) if role == "chat" else role
    content = message.get("content")
    if role == "tool":
        call_id = message.get("tool_call_id")
        status = {"error": "error", "success": "ok"}.get(str(message.get("status")), "unknown")
        identity = call_id if isinstance(call_id, str) else builder.next_call(at)
        builder.result(Result(call_id=identity, content=parts_of(content), status=status), at=at)  # type: ignore[arg-type]
        return
    if role != "assistant":
        seen = parts_of(content)
        origin = role if role in ("system", "developer", "user") else "environment"
        builder.observe(seen, origin, at=at)
        builder.task = builder.task or (task_of(seen) if origin == "user" else "")
        return
    builder.end_turn()
    more = message.get("additional_kwargs")
    thought = more.get("reasoning_content") if isinstance(more, dict) else None
    if isinstance(thought, str) and thought:
        builder.reflect(thought, at=at)
    blocks = content if isinstance(content, list) else None
    for block in blocks or ():
        text = block.get("thinking", block.get("reasoning")) if isinstance(block, dict) else None
        if isinstance(text, str) and text:
            signature = block.get("signature")
            builder.reflect(text, "block", signature=signature if isinstance(signature, str) else None, at=at)
    kinds = ("tool_use", "thinking", "reasoning", "tool_call", "function_call")
    shown = [b for b in blocks if not (isinstance(b, dict) and b.get("type") in kinds)] if blocks else content
    if shown:
        builder.say(parts_of(shown), at=at)
    calls = message.get("tool_calls")
    for k, call in enumerate(calls if isinstance(calls, list) else ()):
        if isinstance(call, dict):
            how = given(call.get("args"))
            builder.call(
                str(call.get("name") or ""),
                call_id=str(call.get("id") or f"call_{k}"),
                at=f"{at}/tool_calls/{k}",
                **how,
            )
    usage = message.get("usage_metadata")
    if isinstance(usage, dict):
        before = builder.metrics or Metrics()
        found = counts({"prompt_tokens": usage.get("input_tokens"), "completion_tokens": usage.get("output_tokens")})
        builder.metrics = Metrics(**{key: value + (getattr(before, key) or 0) for key, value in found.items()})
    told = message.get("response_metadata")
    model = told.get("model_name") if isinstance(told, dict) else None
    if isinstance(model, str):
        builder.agent = msgspec.structs.replace(builder.agent or Agent(), model=model)
