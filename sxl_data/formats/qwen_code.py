"""Sessions of Qwen Code: one JSON line per event, linked by ``parentUuid``, with messages of ``parts``.

In: lines as Claude Code's, whose messages are Gemini's: ``text`` (a thought where it says so), ``functionCall`` and
``functionResponse``. A ``tool_result`` line tells how its call ended. The path to the last line is the session; what
was rewound is counted. Other lines (telemetry, snapshots) are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.content import part_of, task_of
from sxl_data.formats.exit_codes import exit_code
from sxl_data.formats.harness import is_harness, settle_task
from sxl_data.formats.links import split_path
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Part, Result, Status

NAME = "qwen_code"
_STATUS: dict[str, Status] = {"success": "ok", "error": "error", "cancelled": "cancelled", "canceled": "cancelled"}
_SPEAKERS = ("user", "assistant", "tool_result")


class QwenCode:
    """Format of Qwen Code sessions."""

    name = NAME
    title = "Qwen Code sessions"
    unit = "file"
    leaves_out = (
        LeftOut("resultDisplay", "the result as the user saw it"),
        LeftOut("systemPayload", "telemetry and snapshots of the harness", when="system"),
        LeftOut("thoughtSignature", "opaque signature of a thought"),
        LeftOut("/gitBranch", "branches that the session changed to"),
    )

    def detect(self, sample: Any) -> str | None:
        """Lines with `uuid` and `sessionId` whose message has `parts`."""
        for record in sample if isinstance(sample, list) else ():
            if isinstance(record, dict) and "uuid" in record and "sessionId" in record and _parts(record) is not None:
                return "has lines with `uuid` and a message of `parts`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        path, beside = split_path(list(located(document)), "uuid", "parentUuid")
        builder = Builder("agent")
        skipped: Counter[str] = Counter()
        for record, at, line in path:
            parts = _parts(record)
            if record.get("type") not in _SPEAKERS or parts is None:
                skipped["/".join(str(record[key]) for key in ("type", "subtype") if record.get(key))] += 1
                continue
            time = record.get("timestamp")
            common: dict[str, Any] = {"timestamp": time if isinstance(time, str) else None, "line": line}
            if record["type"] == "assistant":
                builder.end_turn()
                read_answer(builder, parts, f"{at}/message/parts", common)
            else:
                _read_user(builder, record, parts, f"{at}/message/parts", common)
        first = path[0][0] if path else {}
        models = [record.get("model") for record, _, _ in path if isinstance(record.get("model"), str)]
        version = first.get("version")
        builder.agent = Agent(
            name="qwen-code", version=version if isinstance(version, str) else None, model=models[0] if models else None
        )
        builder.executed = True
        ext = {key: first[key] for key in ("sessionId", "cwd", "gitBranch") if first.get(key)}
        if beside:
            ext["rewound"] = [record["message"] for record, _, _ in beside if "message" in record]
        builder.ext[NAME] = {**ext, **({"skipped": dict(sorted(skipped.items()))} if skipped else {})}
        session = first.get("sessionId")
        group = session if isinstance(session, str) else None
        settle_task(builder)
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no messages", "lines of type user or assistant")
        yield reading


FORMAT = QwenCode()


def _parts(record: dict[str, Any]) -> list[dict[str, Any]] | None:
    message = record.get("message")
    parts = message.get("parts") if isinstance(message, dict) else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else None


def read_answer(builder: Builder, parts: list[dict[str, Any]], at: str, common: dict[str, Any]) -> None:
    """The ``parts`` of one response of Gemini's interface."""
    for k, part in enumerate(parts):
        call = part.get("functionCall")
        if isinstance(call, dict):
            builder.call(
                str(call.get("name") or ""),
                dump(call.get("args")),
                str(call.get("id") or f"call_{k}"),
                at=f"{at}/{k}",
                **common,
            )
        elif part.get("thought") is True and isinstance(part.get("text"), str):
            builder.reflect(part["text"], "summary", at=f"{at}/{k}", **common)
        else:
            builder.say((part_of(part),), at=f"{at}/{k}", **common)


def _read_user(
    builder: Builder, record: dict[str, Any], parts: list[dict[str, Any]], at: str, common: dict[str, Any]
) -> None:
    seen: list[Part] = []
    for k, part in enumerate(parts):
        response = part.get("functionResponse")
        if isinstance(response, dict):
            builder.result(_result(record, response), at=f"{at}/{k}", **common)
        else:
            seen.append(part_of(part))
    if seen:
        asked = record["type"] == "user" and not is_harness([{"text": part.text} for part in seen])
        builder.observe(seen, "user" if asked else "environment", at=at, **common)
        builder.task = builder.task or (task_of(seen) if asked else "")


def _result(record: dict[str, Any], response: dict[str, Any]) -> Result:
    held = response.get("response")
    text = held.get("output", held.get("error")) if isinstance(held, dict) else held
    content = (Part(text=text),) if isinstance(text, str) and text else ()
    ended = record.get("toolCallResult")
    ended = ended if isinstance(ended, dict) else {}
    code = exit_code(text, "gemini") if isinstance(text, str) else None
    status = _STATUS.get(str(ended.get("status")), "error" if isinstance(held, dict) and "error" in held else "unknown")
    return Result(
        call_id=str(response.get("id") or ended.get("callId") or ""),
        content=content,
        exit_code=code,
        status="error" if code and status in ("ok", "unknown") else status,
        structured_json=None if isinstance(text, str) or held is None else dump(held),
    )
