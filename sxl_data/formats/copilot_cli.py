"""Event logs of the GitHub Copilot CLI and its SDK: one JSON line per event, ``type``, ``data`` and ``parentId``.

In: ``events.jsonl`` of a session. ``assistant.message`` holds text, reasoning and the tools that it asks for,
``tool.execution_complete`` answers one. Out: one trace; events that only stream, hook or measure are counted. What
somebody else than the person put into a prompt (``source``) is environment, ``transformedContent`` is the prompt as the
harness sent it. Source: https://docs.github.com/en/copilot/how-tos/copilot-sdk/use-copilot-sdk/streaming-events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump, given
from sxl_data.formats.beside import Beside
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Part, Result

NAME = "copilot_cli"
_COUNTED = (
    "assistant.(?:turn_start|turn_end|usage|.*_delta|intent)|tool.execution_(?:start|progress|partial_result)|hook.*"
)


class CopilotCli:
    """Format of the events of one session."""

    name = NAME
    title = "GitHub Copilot CLI events"
    unit = "file"
    leaves_out = (
        LeftOut("data", "events that stream, announce or measure what others say", when=_COUNTED),
        LeftOut("data/result/detailedContent", "the result as the user saw it"),
        LeftOut("data/encryptedContent", "reasoning that only the provider can read"),
        LeftOut("data/reasoningOpaque", "reasoning that only the provider can read"),
        LeftOut("data/toolTelemetry", "measures of the harness"),
    )

    def detect(self, sample: Any) -> str | None:
        """Events `session.start`, `user.message` or `assistant.message` with `data`."""
        for record in sample if isinstance(sample, list) else ():
            kind = record.get("type") if isinstance(record, dict) else None
            if kind in ("session.start", "user.message", "assistant.message") and isinstance(record.get("data"), dict):
                return f"has events `{kind}` with `data`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("agent"), Beside(NAME, origin)
        skipped: Counter[str] = Counter()
        session: dict[str, Any] = {}
        model = None
        for record, at, line in located(document):
            data = record["data"] if isinstance(record.get("data"), dict) else {}
            kind, time = str(record.get("type")), record.get("timestamp")
            common: dict[str, Any] = {"at": f"{at}/data", "line": line}
            common |= {"timestamp": time} if isinstance(time, str) else {}
            if kind == "session.start":
                session = data
                model = model or data.get("selectedModel")
                kept.keep(f"line {line}", data)
            elif not _tell(builder, kind, data, common, kept):
                skipped[kind] += 1
                if _noted(kind):
                    kept.keep(f"line {line}", data)
            model = model or data.get("model") or data.get("newModel")
        version = session.get("copilotVersion")
        builder.agent = Agent(
            name="copilot-cli",
            version=version if isinstance(version, str) else None,
            model=model if isinstance(model, str) else None,
        )
        builder.executed = True
        kept.tell(builder)
        if skipped:
            builder.ext.setdefault(NAME, {})["skipped"] = dict(sorted(skipped.items()))
        identity = session.get("sessionId")
        group = identity if isinstance(identity, str) else None
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no messages", "events user.message or assistant.message")
        yield reading


FORMAT = CopilotCli()


def _noted(kind: str) -> bool:
    """Whether an event that is no step is kept: it says what no other event says."""
    return (
        not kind.startswith(("hook.", "tool.execution_"))
        and kind not in ("assistant.turn_start", "assistant.turn_end", "assistant.usage", "assistant.intent")
        and not kind.endswith("_delta")
    )


def _tell(builder: Builder, kind: str, data: dict[str, Any], common: dict[str, Any], kept: Beside) -> bool:
    """Tell ``builder`` one event; whether it is a step."""
    place, content = f"line {common['line']}", data.get("content")
    if kind == "user.message" and isinstance(content, str):
        asked = data.get("source") in (None, "user")
        builder.observe(content, "user" if asked else "environment", **common)
        builder.task = builder.task or (content if asked else "")
        kept.keep(place, data, "content")
    elif kind == "system.message" and isinstance(content, str):
        builder.observe(content, "system", **common)
        kept.keep(place, data, "content", "role")
    elif kind == "assistant.reasoning" and isinstance(content, str):
        builder.reflect(content, "summary", **common)
    elif kind == "assistant.message":
        _answer(builder, data, common)
        kept.keep(
            place, data, "content", "toolRequests", "reasoningText", "encryptedContent", "reasoningOpaque", "messageId"
        )
    elif kind == "tool.execution_complete" and isinstance(data.get("toolCallId"), str):
        builder.result(_result(data), **common)
        kept.keep(place, data, "result", "error", "success", "toolCallId", "toolTelemetry")
    else:
        return False
    return True


def _answer(builder: Builder, data: dict[str, Any], common: dict[str, Any]) -> None:
    builder.end_turn()
    if isinstance(data.get("reasoningText"), str) and data["reasoningText"]:
        builder.reflect(data["reasoningText"], "summary", **common)
    if isinstance(data.get("content"), str) and data["content"]:
        builder.say(data["content"], **common)
    requests = data.get("toolRequests")
    for k, request in enumerate(requests if isinstance(requests, list) else ()):
        if isinstance(request, dict):
            place = {**common, "at": f"{common['at']}/toolRequests/{k}"}
            call_id = str(request.get("toolCallId") or f"call_{k}")
            how = given(request.get("arguments") if request.get("arguments") is not None else {})
            builder.call(str(request.get("name") or ""), call_id=call_id, **how, **place)


def _result(data: dict[str, Any]) -> Result:
    held, failed = data.get("result"), data.get("error")
    said = held.get("content") if isinstance(held, dict) else held
    message = failed.get("message") if isinstance(failed, dict) else failed
    code = failed.get("code") if isinstance(failed, dict) else None
    text = said if isinstance(said, str) else message if isinstance(message, str) else dump(said) if said else ""
    return Result(
        call_id=data["toolCallId"],
        content=(Part(text=text),) if text else (),
        status="ok" if data.get("success") is True else "denied" if code == "denied" else "error",
        error_type=code if isinstance(code, str) else None,
        error_message=message if isinstance(message, str) else None,
    )
