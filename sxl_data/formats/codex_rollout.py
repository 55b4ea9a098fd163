"""Rollouts of Codex CLI: one JSON line per event, the model's items as ``response_item``.

In: a rollout file. The items are those of the Responses API. Users may exist only as
``event_msg.user_message``, and repeat an item otherwise; ``turn_context`` names the model; ``compacted``
replaces the context by a summary, which the model then sees as input. Instructions and tools stand in
``session_meta``. A response ends at its ``token_count``, so calls with the outputs of others between them are still
its own. Other events are counted; the end of a command adds exit code and duration to the result that tells of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import counts, dump, load_object
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.exit_codes import RUNNING
from sxl_data.formats.harness import settle_task
from sxl_data.formats.places import located
from sxl_data.formats.response_items import ItemReader
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Act, Agent, Iterate, Metrics, Result

NAME = "codex_rollout"
Located = tuple[dict[str, Any], str, int]
_CALLS = ("function_call", "custom_tool_call", "local_shell_call")
_OUTPUTS = ("function_call_output", "custom_tool_call_output", "local_shell_call_output")
_NOTES = ("error", "stream_error", "warning", "background_event")
_SESSION = ("id", "cwd", "originator", "source", "model_provider", "git")


class CodexRollout:
    """Format of Codex CLI rollouts."""

    name = NAME
    title = "Codex CLI rollouts"
    unit = "file"

    leaves_out = (
        *(
            LeftOut(f"payload/{key}", "events repeat what the items of the response say", when="event_msg")
            for key in (
                "aggregated_output",
                "formatted_output",
                "stdout",
                "stderr",
                "command",
                "parsed_cmd",
                "cwd",
                "changes",
                "source",
                "invocation",
                "result",
                "last_agent_message",
                "action",
                "query",
            )
        ),
        LeftOut("payload/replacement_history", "the history again, as it goes on after a compaction", when="compacted"),
        LeftOut("payload", "settings of each turn; its model is read", when="turn_context"),
        LeftOut("payload/rate_limits", "of the account"),
    )

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
        records = _by_response(list(located(document)))
        notes: list[str] = []
        users = {_words(r["payload"]) for r, _, _ in records if _is_user(r)}
        for record, at, line in records:
            kind, payload = record.get("type"), record.get("payload")
            time = record.get("timestamp")
            common = {"timestamp": time} if isinstance(time, str) else {}
            if not isinstance(payload, dict):
                skipped[str(kind)] += 1
            elif kind == "session_meta":
                if not session:
                    session = payload
                    _tell_session(builder, payload, f"{at}/payload", line, common)
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
                if payload.get("type") in _NOTES and isinstance(payload.get("message"), str):
                    notes.append(payload["message"])
                builder.metrics = _usage(payload) or builder.metrics
                skipped[f"{kind}/{payload.get('type')}"] += 1
        version: Any = session.get("cli_version")
        version = version if isinstance(version, str) else None
        builder.agent = Agent(name="codex", version=version, model=model)
        builder.executed = True
        ext = {key: session[key] for key in _SESSION if session.get(key)}
        counts = {**skipped, **reader.unread}
        if notes:
            ext["notes"] = notes
        builder.ext[NAME] = {**ext, **({"skipped": dict(sorted(counts.items()))} if counts else {})}
        identity = session.get("id")
        group = identity if isinstance(identity, str) else None
        settle_task(builder)
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no items", "lines of type response_item")
        yield _with_ends(reading, ends)


FORMAT = CodexRollout()


def _tell_session(builder: Builder, session: dict[str, Any], at: str, line: int | None, common: dict[str, Any]) -> None:
    """Instructions and tools that the session began with."""
    for key in ("base_instructions", "instructions"):
        held = session.get(key)
        text = held.get("text") if isinstance(held, dict) else held
        if isinstance(text, str) and text:
            builder.observe(text, "system", at=f"{at}/{key}", line=line, **common)
    for key in ("dynamic_tools", "tools"):
        for number, tool in enumerate(tools_of(session.get(key))):
            builder.tool(tool, at=f"{at}/{key}/{number}", line=line)


def _by_response(records: list[Located]) -> list[Located]:
    """``records`` with the outputs that came between the calls of one response after the last of these calls. Where a
    file does not tell the ends of responses, it stays as it is."""
    if not any(_ends_response(record) for record, _, _ in records):
        return records
    out: list[Located] = []
    segment: list[Located] = []
    for item in records:
        segment.append(item)
        if _ends_response(item[0]):
            out += _calls_first(segment)
            segment = []
    return out + segment


def _calls_first(segment: list[Located]) -> list[Located]:
    kinds = [_item(record) for record, _, _ in segment]
    last = max((i for i, kind in enumerate(kinds) if kind in _CALLS), default=-1)
    called = {segment[i][0]["payload"].get("call_id") for i, kind in enumerate(kinds) if kind in _CALLS}
    outputs = [
        i for i, kind in enumerate(kinds) if kind in _OUTPUTS and segment[i][0]["payload"].get("call_id") in called
    ]
    early = [i for i in outputs if i < last]
    # Who thinks or speaks after an output has seen it: then these are several responses.
    if not early or any(kind in ("message", "reasoning") for kind in kinds[early[0] :]):
        return segment
    moved = set(early)
    return [
        *(segment[i] for i in range(last + 1) if i not in moved),
        *(segment[i] for i in early),
        *segment[last + 1 :],
    ]


def _item(record: dict[str, Any]) -> str | None:
    payload = record.get("payload")
    held = record.get("type") == "response_item" and isinstance(payload, dict)
    return str(payload.get("type")) if held and isinstance(payload, dict) else None


def _ends_response(record: dict[str, Any]) -> bool:
    payload = record.get("payload")
    return (
        record.get("type") == "event_msg"
        and isinstance(payload, dict)
        and payload.get("type") == "token_count"
        and isinstance(payload.get("info"), dict)
    )


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
    """``reading`` with exit codes and durations from the events that ended its commands. A command that still ran
    when its call returned ends in the result of the latest call that waited for its process."""
    if not ends:
        return reading
    told: dict[str, dict[str, Any]] = dict(ends)
    running: dict[str, str] = {}  # process → call that started it
    for step in reading.trace.steps:
        for result in step.results if isinstance(step, Iterate) else ():
            end = ends.get(result.call_id)
            if end is not None and _is_running(result):
                running[str(end.get("process_id"))] = result.call_id
                del told[result.call_id]
        for call in step.calls if isinstance(step, Act) else ():
            session = str((load_object(call.arguments_json) or {}).get("session_id"))
            if session in running:
                told[call.call_id] = ends[running[session]]
    steps = tuple(
        msgspec.structs.replace(step, results=tuple(_ended(r, told.get(r.call_id)) for r in step.results))
        if isinstance(step, Iterate)
        else step
        for step in reading.trace.steps
    )
    return msgspec.structs.replace(reading, trace=msgspec.structs.replace(reading.trace, steps=steps))


def _is_running(result: Result) -> bool:
    return any(part.text is not None and RUNNING in part.text[:600] for part in result.content)


def _ended(result: Result, end: dict[str, Any] | None) -> Result:
    if end is None or result.exit_code is not None or _is_running(result):
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
