"""Events of the OpenHands SDK, told to a builder.

In: events with a ``kind``. ``ActionEvent``s of one ``llm_response_id`` are one turn; ``thought`` is text beside
the call, and repeats the reasoning in ``<think>`` tags for some models, which is then said once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.declarations import tools_of
from sxl_data.trace.build import Builder
from sxl_data.trace.types import Part, Result, Status

_KINDS = (
    "ActionEvent",
    "ObservationEvent",
    "MessageEvent",
    "SystemPromptEvent",
    "AgentErrorEvent",
    "ConversationStateUpdateEvent",
    "UserRejectObservation",
    "PauseEvent",
    "CondensationSummaryEvent",
    "Condensation",
)

Event = tuple[dict[str, Any], str, int | None]


def is_sdk_event(record: dict[str, Any]) -> bool:
    """Whether ``record`` is an event of the SDK."""
    return record.get("kind") in _KINDS and "source" in record


def read_sdk(builder: Builder, events: list[Event], skipped: dict[str, int]) -> None:
    """Tell ``builder`` all ``events``; those of no step are counted in ``skipped``."""
    response: Any = None
    for event, at, line in together(
        events, lambda e: e.get("llm_response_id") if e.get("kind") == "ActionEvent" else None
    ):
        kind = str(event.get("kind"))
        common: dict[str, Any] = {"at": at, "line": line}
        time = event.get("timestamp")
        if isinstance(time, str):
            common["timestamp"] = time
        if kind == "ActionEvent":
            identity = event.get("llm_response_id")
            if identity is None or identity != response:
                builder.end_turn()
                _say(builder, event, common)
            response = identity
            _call(builder, event, common)
        elif kind in ("ObservationEvent", "AgentErrorEvent", "UserRejectObservation"):
            builder.result(_result(event, kind), **common)
        elif kind == "MessageEvent":
            _message(builder, event, common)
        elif kind == "SystemPromptEvent":
            prompt = event.get("system_prompt")
            builder.observe(parts_of(prompt), "system", **common)
            for tool in tools_of([_declaration(item) for item in event.get("tools") or ()]):
                builder.tool(tool, at=f"{at}/tools", line=line)
        elif kind == "CondensationSummaryEvent":
            builder.observe(str(event.get("summary") or ""), "environment", **common)
        else:
            skipped[kind] = skipped.get(kind, 0) + 1


def together(events: list[Event], response: Callable[[dict[str, Any]], Any]) -> list[Event]:
    """``events`` with the actions of one model response in a row, before what came back from the first:
    harnesses run parallel calls one after the other and log them so."""
    groups: dict[str, list[Event]] = {}
    for item in events:
        identity = response(item[0])
        if isinstance(identity, str):
            groups.setdefault(identity, []).append(item)
    out: list[Event] = []
    for item in events:
        identity = response(item[0])
        out += groups.pop(identity, []) if isinstance(identity, str) else [item]
    return out


def _declaration(item: Any) -> Any:
    """A tool as the SDK dumps it: its class names it where it has no other name."""
    if isinstance(item, dict) and "name" not in item and isinstance(item.get("title"), str):
        return {**item, "name": item["title"]}
    return item


def _say(builder: Builder, event: dict[str, Any], common: dict[str, Any]) -> None:
    reasoning = event.get("reasoning_content")
    blocks = event.get("thinking_blocks")
    told = (
        [b["thinking"] for b in blocks if isinstance(b, dict) and isinstance(b.get("thinking"), str)]
        if isinstance(blocks, list)
        else []
    )
    if not told and isinstance(reasoning, str) and reasoning:
        told = [reasoning]
    for text in told:
        builder.reflect(text, **common)
    builder.say(_without_repeat(parts_of(event.get("thought")), told), **common)


def _without_repeat(parts: tuple[Part, ...], told: list[str]) -> list[Part]:
    """``parts`` without a ``<think>`` block that says what the reasoning says."""
    out = []
    for part in parts:
        text = part.text or ""
        end = text.find("</think>")
        if text.startswith("<think>") and end >= 0 and text[7:end].strip() in {item.strip() for item in told}:
            left = text[end + 8 :].strip("\n")
            out += [Part(text=left)] if left else []
        else:
            out.append(part)
    return out


def _call(builder: Builder, event: dict[str, Any], common: dict[str, Any]) -> None:
    held = event["tool_call"] if isinstance(event.get("tool_call"), dict) else {}
    inner = held["function"] if isinstance(held.get("function"), dict) else held
    arguments = inner.get("arguments")
    call_id = str(event.get("tool_call_id") or held.get("id") or event.get("id") or "")
    name = str(event.get("tool_name") or inner.get("name") or "")
    place = {"at": common["at"], "line": common["line"]}
    if isinstance(arguments, str):
        builder.call(name, arguments, call_id, form="string", **place)
    else:
        action = event["action"] if isinstance(event.get("action"), dict) else {}
        given = arguments if arguments is not None else {k: v for k, v in action.items() if k != "kind"}
        builder.call(name, dump(given), call_id, **place)


def _result(event: dict[str, Any], kind: str) -> Result:
    call_id = str(event.get("tool_call_id") or "")
    if kind == "AgentErrorEvent":
        return Result(call_id=call_id, content=parts_of(event.get("error")), status="error")
    if kind == "UserRejectObservation":
        return Result(call_id=call_id, content=parts_of(event.get("rejection_reason")), status="denied")
    held: dict[str, Any] = {"content": event.get("observation")}
    if isinstance(event.get("observation"), dict):
        held = event["observation"]
    metadata = held["metadata"] if isinstance(held.get("metadata"), dict) else {}
    code = held.get("exit_code") if held.get("exit_code") is not None else metadata.get("exit_code")
    exit_code = code if isinstance(code, int) and not isinstance(code, bool) and code >= 0 else None
    status: Status = "unknown"
    if held.get("timeout") is True:
        status = "timeout"
    elif held.get("is_error") is True or (exit_code is not None and exit_code != 0):
        status = "error"
    elif held.get("is_error") is False:
        status = "ok"
    return Result(
        call_id=call_id,
        content=around(held.get("content", held.get("output")), metadata),
        status=status,
        exit_code=exit_code,
    )


def around(content: Any, metadata: dict[str, Any]) -> tuple[Part, ...]:
    """``content`` between the lines that the harness put around it for the model."""
    lines = [str(metadata.get(key) or "").strip() for key in ("prefix", "suffix")]
    return (*parts_of(lines[0]), *parts_of(content), *parts_of(lines[1]))


def _message(builder: Builder, event: dict[str, Any], common: dict[str, Any]) -> None:
    message = event["llm_message"] if isinstance(event.get("llm_message"), dict) else {}
    content = parts_of(message.get("content"))
    if message.get("role") == "assistant" or event.get("source") == "agent":
        builder.end_turn()
        if isinstance(message.get("reasoning_content"), str) and message["reasoning_content"]:
            builder.reflect(message["reasoning_content"], **common)
        builder.say(content, **common)
        return
    builder.observe(content, "user" if event.get("source") == "user" else "environment", **common)
    if event.get("source") == "user" and not builder.task:
        builder.task = task_of(content)
