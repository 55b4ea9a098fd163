"""Messages of AutoGen's AgentChat: what ``TaskResult.messages`` holds, and the ``messages`` of a saved team.

In: a list, JSONL or a result with ``messages`` of objects with ``source``, ``content`` and ``type``. Texts of the
source ``user`` ask, those of agents answer; a ToolCallRequestEvent has the calls, a ToolCallExecutionEvent their
results. A ToolCallSummaryMessage repeats the result and is kept beside. In a team of several agents each source but the
user is an agent; who spoke is kept. Source:
https://microsoft.github.io/autogen/stable/reference/python/autogen_agentchat.messages.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import counts, dump, given
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Result

NAME = "autogen"
_SPOKEN = ("TextMessage", "MultiModalMessage", "HandoffMessage", "StopMessage")
_TYPES = (
    *_SPOKEN,
    "ToolCallRequestEvent",
    "ToolCallExecutionEvent",
    "ToolCallSummaryMessage",
    "ThoughtEvent",
    "MemoryQueryEvent",
    "CodeGenerationEvent",
    "CodeExecutionEvent",
    "SelectSpeakerEvent",
    "UserInputRequestedEvent",
    "ModelClientStreamingChunkEvent",
    "StructuredMessage",
)


class Autogen:
    """Format of the messages of one run."""

    name = NAME
    title = "AutoGen AgentChat messages"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Objects with `source`, `content` and a `type` of AgentChat."""
        records = [r for r in sample if isinstance(r, dict)] if isinstance(sample, list) else []
        held = records[0].get("messages") if len(records) == 1 else None
        for record in held if isinstance(held, list) else records:
            if isinstance(record, dict) and "source" in record and record.get("type") in _TYPES:
                return f"has messages of type {record['type']}"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder = Builder("agent")
        kept = Beside(NAME, origin)
        usage = {"prompt_tokens": 0, "completion_tokens": 0}
        agents: dict[str, None] = {}
        for message, at, line in located(document, "messages"):
            kind, common = str(message.get("type")), {"at": at, "line": line, **_time(message)}
            read = _tell(builder, message, kind, common)
            kept.keep(
                f"{at} line {line}",
                message,
                "type",
                "models_usage",
                "id",
                "created_at",
                *(("content",) if read else ()),
            )
            spent = message.get("models_usage")
            for key in usage:
                if isinstance(spent, dict) and type(spent.get(key)) is int:
                    usage[key] += spent[key]
            if message.get("source") not in ("user", None):
                agents[str(message["source"])] = None
        if any(usage.values()):
            builder.metrics = Metrics(**counts(usage))
        builder.agent = Agent(name=", ".join(agents))
        builder.executed = True
        whole = document.value[0] if isinstance(document.value, list) and len(document.value) == 1 else None
        kept.keep("", whole, "messages", "content")
        kept.tell(builder)
        reading = builder.build(document, origin, NAME)
        if not reading.trace.steps:
            raise RowError("no messages", "messages with `source`, `content` and `type`")
        yield reading


FORMAT = Autogen()


def _time(message: dict[str, Any]) -> dict[str, Any]:
    return {"timestamp": message["created_at"]} if isinstance(message.get("created_at"), str) else {}


def _tell(builder: Builder, message: dict[str, Any], kind: str, common: dict[str, Any]) -> bool:
    """Tell ``builder`` one message; whether its content was taken."""
    content = message.get("content")
    if kind in _SPOKEN or kind == "StructuredMessage":
        said = parts_of(content if not isinstance(content, dict) else dump(content))
        if message.get("source") == "user":
            builder.observe(said, "user", **common)
            builder.task = builder.task or task_of(said)
        else:
            builder.end_turn()
            builder.say(said, **common)
    elif kind == "ThoughtEvent" and isinstance(content, str):
        builder.reflect(content, "block", **common)
    elif kind == "ToolCallRequestEvent" and isinstance(content, list):
        builder.end_turn()
        for call in content:
            if isinstance(call, dict):
                how = given(call.get("arguments"))
                builder.call(str(call.get("name") or ""), call_id=str(call.get("id") or ""), **how, **common)
    elif kind == "ToolCallExecutionEvent" and isinstance(content, list):
        for k, item in enumerate(content):
            if isinstance(item, dict):
                status = {True: "error", False: "ok"}.get(item.get("is_error"), "unknown")  # type: ignore[arg-type]
                call_id = str(item.get("call_id") or builder.next_call(f"{common['at']}/content/{k}"))
                builder.result(Result(call_id=call_id, content=parts_of(item.get("content")), status=status), **common)  # type: ignore[arg-type]
    else:
        return False
    return True
