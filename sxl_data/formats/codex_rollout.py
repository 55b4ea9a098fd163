"""Rollouts of Codex CLI: one JSON line per event, the model's items as ``response_item``.

In: a rollout file. The items are those of the Responses API. Users may exist only as
``event_msg.user_message``, and repeat an item otherwise; ``turn_context`` names the model; ``compacted``
replaces the context by a summary, which the model then sees as input. Other events are counted; the end
of a command adds exit code and duration to its result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import counts, dump
from sxl_data.formats.places import located
from sxl_data.formats.response_items import ItemReader
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Iterate, Metrics, Result

NAME = "codex_rollout"
_SESSION = ("id", "cwd", "originator", "source", "model_provider", "git")


class CodexRollout:
    """Format of Codex CLI rollouts."""

    name = NAME
    title = "Codex CLI rollouts"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """A line of type `session_meta`, or `response_item` lines with a `payload`."""
        for record in sample if isinstance(sample, list) else ():
            if isinstance(record, dict) and isinstance(record.get("payload"), dict):
                if record.get("type") == "session_meta":
                    return "has a `session_meta` line"
                if record.get("type") == "response_item":
                    return "has `response_item` lines"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder = Builder("agent")
        reader = ItemReader(builder)
        session: dict[str, Any] = {}
        skipped: Counter[str] = Counter()
        model: str | None = None
        ends: dict[str, dict[str, Any]] = {}
        records = list(located(document))
        users = {_words(r["payload"]) for r, _, _ in records if _is_user(r)}
        for record, at, line in records:
            kind, payload = record.get("type"), record.get("payload")
            time = record.get("timestamp")
            common = {"timestamp": time} if isinstance(time, str) else {}
            if not isinstance(payload, dict):
                skipped[str(kind)] += 1
            elif kind == "session_meta":
                session = session or payload
            elif kind == "turn_context":
                model = payload["model"] if model is None and isinstance(payload.get("model"), str) else model
            elif kind == "response_item":
                reader.read(payload, f"{at}/payload", line, **common)
            elif kind == "compacted":
                text = str(payload.get("message") or "")
                builder.observe(
                    text,
                    "environment",
                    at=f"{at}/payload",
                    line=line,
                    ext_json=dump({NAME: {"compacted": True}}),
                    **common,
                )
            elif payload.get("type") == "user_message" and _words(payload) not in users:
                reader.read({"role": "user", "content": payload.get("message")}, f"{at}/payload", line, **common)
            else:
                if payload.get("type") in ("exec_command_end", "patch_apply_end") and isinstance(
                    payload.get("call_id"), str
                ):
                    ends[payload["call_id"]] = payload
                builder.metrics = _usage(payload) or builder.metrics
                skipped[f"{kind}/{payload.get('type')}"] += 1
        instructions = session.get("base_instructions") or session.get("instructions")
        base = instructions.get("text") if isinstance(instructions, dict) else instructions
        version: Any = session.get("cli_version")
        told = dump({"instructions": base}) if isinstance(base, str) and base else None
        version = version if isinstance(version, str) else None
        builder.agent = Agent(name="codex", version=version, model=model, ext_json=told)
        builder.executed = True
        ext = {key: session[key] for key in _SESSION if session.get(key)}
        counts = {**skipped, **reader.unread}
        builder.ext[NAME] = {**ext, **({"skipped": dict(sorted(counts.items()))} if counts else {})}
        identity = session.get("id")
        group = identity if isinstance(identity, str) else None
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no items", "lines of type response_item")
        yield _with_ends(reading, ends)


FORMAT = CodexRollout()


def _is_user(record: dict[str, Any]) -> bool:
    payload = record.get("payload")
    return record.get("type") == "response_item" and isinstance(payload, dict) and payload.get("role") == "user"


def _words(payload: dict[str, Any]) -> str:
    """What a user message says, however it is held."""
    content = payload.get("content", payload.get("message"))
    if isinstance(content, list):
        content = "\n".join(str(b.get("text") or "") for b in content if isinstance(b, dict))
    return str(content or "").strip()


def _usage(payload: dict[str, Any]) -> Metrics | None:
    info = payload.get("info")
    total = info.get("total_token_usage") if isinstance(info, dict) else None
    if payload.get("type") != "token_count" or not isinstance(total, dict):
        return None
    found = {
        "prompt_tokens": total.get("input_tokens"),
        "completion_tokens": total.get("output_tokens"),
        "cached_tokens": total.get("cached_input_tokens"),
    }
    return Metrics(**counts(found))


def _with_ends(reading: Reading, ends: dict[str, dict[str, Any]]) -> Reading:
    """``reading`` with exit codes and durations from the events that ended its commands."""
    if not ends:
        return reading
    steps = tuple(
        msgspec.structs.replace(step, results=tuple(_ended(r, ends.get(r.call_id)) for r in step.results))
        if isinstance(step, Iterate)
        else step
        for step in reading.trace.steps
    )
    return msgspec.structs.replace(reading, trace=msgspec.structs.replace(reading.trace, steps=steps))


def _ended(result: Result, end: dict[str, Any] | None) -> Result:
    if end is None or result.exit_code is not None:
        return result
    code = end.get("exit_code")
    if isinstance(code, int) and not isinstance(code, bool):
        duration = end.get("duration")
        if isinstance(duration, dict) and isinstance(duration.get("secs"), int):
            milliseconds = duration["secs"] * 1000 + int(duration.get("nanos") or 0) / 1e6
            result = msgspec.structs.replace(result, duration_ms=milliseconds)
        return msgspec.structs.replace(result, exit_code=code, status="ok" if code == 0 else "error")
    if isinstance(end.get("success"), bool):
        return msgspec.structs.replace(result, status="ok" if end["success"] else "error")
    return result
