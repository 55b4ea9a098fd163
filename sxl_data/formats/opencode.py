"""Sessions of OpenCode: what ``opencode export`` writes, ``info`` and ``messages`` of info and parts.

In: one object a session. A message of the assistant holds its reasoning, its texts and its calls in order, each call
with the state that it came to; ``step-start`` begins a further response of the model. Out: one trace, times in
milliseconds as the file has them. Ignored and synthetic texts are the harness's. The storage folder holds the same in
pieces (`read.adapters.opencode_folder`), newer versions in a database (`files.databases`).
Source: https://opencode.ai/docs/cli/#export, https://github.com/sst/opencode-sdk-js (``Message``, ``Part``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import part_of, task_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Part, Result, Status

NAME = "opencode"
_STATUS: dict[str, Status] = {"completed": "ok", "error": "error"}
_REPEATED = ("output", "preview", "diff", "filediff")
_READ = ("type", "text", "id", "sessionID", "messageID", "time")


class OpenCode:
    """Format of exported sessions."""

    name = NAME
    title = "OpenCode sessions"
    unit = "row"
    leaves_out = (
        LeftOut("snapshot", "which state of the files a step began or ended with"),
        LeftOut("state/metadata/output", "what a command printed, again"),
        LeftOut("state/metadata/preview", "what a call gave, shortened for the user"),
        LeftOut("state/metadata/diff", "an edit again; the call that made it is read"),
        LeftOut("state/metadata/filediff", "the files before and after an edit; the call that made it is read"),
    )

    def __init__(self, everything: bool = False) -> None:
        """``everything``: keep beside what `leaves_out` names, for documents in which the law cannot see it."""
        self._left = () if everything else _REPEATED

    def detect(self, sample: Any) -> str | None:
        """`info` beside `messages` that have `info` and `parts`."""
        messages = sample.get("messages") if isinstance(sample, dict) else None
        if not isinstance(messages, list) or not messages or not isinstance(sample.get("info"), dict):
            return None
        held = all(isinstance(m, dict) and "info" in m and isinstance(m.get("parts"), list) for m in messages)
        return "has `info` and `messages` with `parts`" if held else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value if isinstance(document.value, dict) else {}
        messages = row.get("messages")
        if not isinstance(messages, list) or not messages:
            raise RowError("no messages", "a list `messages`", "/messages")
        builder, kept = Builder("agent"), Beside(NAME, origin)
        info = row["info"] if isinstance(row.get("info"), dict) else {}
        tokens: list[dict[str, Any]] = []
        model = None
        for i, message in enumerate(messages):
            about = message.get("info") if isinstance(message, dict) else None
            if not isinstance(about, dict) or not isinstance(message.get("parts"), list):
                raise RowError("no parts", "a message with `info` and `parts`", f"/messages/{i}")
            builder.end_turn()
            if isinstance(about.get("system"), str) and about["system"]:
                builder.observe(about["system"], "system", at=f"/messages/{i}/info/system")
            _tell(builder, message["parts"], about.get("role"), f"/messages/{i}/parts", kept, self._left)
            kept.keep(f"/messages/{i}/info", about, "id", "sessionID", "parentID", "role", "system")
            model = model or about.get("modelID")
            tokens += [about["tokens"]] if isinstance(about.get("tokens"), dict) else []
        kept.keep("/info", info)
        kept.tell(builder)
        version = info.get("version")
        builder.agent = Agent(
            name="opencode",
            version=version if isinstance(version, str) else None,
            model=model if isinstance(model, str) else None,
        )
        builder.metrics = _metrics(tokens)
        builder.executed = True
        session = info.get("id")
        group = session if isinstance(session, str) else None
        yield builder.build(document, origin, NAME, source_id=group, group=group)


FORMAT = OpenCode()


def _tell(builder: Builder, parts: list[Any], role: Any, at: str, kept: Beside, left: tuple[str, ...]) -> None:
    """The parts of one message. Calls that follow each other are parallel; what comes after is another response."""
    seen: list[Part] = []
    results: list[tuple[Result, str]] = []
    for k, part in enumerate(parts):
        place = f"{at}/{k}"
        if not isinstance(part, dict):
            continue
        kind, text = part.get("type"), part.get("text")
        kept.keep(
            place, part, *_READ, *(("tool", "callID", "state") if kind == "tool" else ("url", "mime", "snapshot"))
        )
        if role != "assistant":
            if kind == "file" and isinstance(part.get("url"), str):
                seen.append(part_of({"type": "file", "file": part["url"], "media_type": part.get("mime")}))
            elif isinstance(text, str) and text:
                if part.get("synthetic") is True or part.get("ignored") is True:
                    builder.observe(text, "environment", at=place)
                else:
                    seen.append(Part(text=text))
        elif kind == "tool":
            results += _call(builder, part, place, kept, k, left)
            continue
        for result, where in results:
            builder.result(result, at=where)
        results.clear()
        if role != "assistant":
            continue
        if kind == "step-start":
            builder.end_turn()
        elif kind == "reasoning" and isinstance(text, str):
            builder.reflect(text, at=place)
        elif kind == "text" and isinstance(text, str):
            builder.say(text, at=place)
    for result, where in results:
        builder.result(result, at=where)
    if seen:
        builder.observe(seen, "user", at=at)
        builder.task = builder.task or task_of(seen)


def _call(
    builder: Builder, part: dict[str, Any], place: str, kept: Beside, number: int, left: tuple[str, ...]
) -> list[tuple[Result, str]]:
    """Tell one call; its result with its place, where it has one."""
    state = part["state"] if isinstance(part.get("state"), dict) else {}
    call_id = str(part.get("callID") or part.get("id") or f"call_{number}")
    builder.call(str(part.get("tool") or ""), dump(state.get("input") or {}), call_id, at=place)
    kept.keep(f"{place}/state", state, "input", "output", "error", "status", "metadata", "time")
    metadata = state["metadata"] if isinstance(state.get("metadata"), dict) else {}
    kept.keep(f"{place}/state/metadata", metadata, "exit", *left)
    said = state.get("output", state.get("error"))
    if state.get("status") not in _STATUS:
        return []  # still running, or never begun, when the session was written
    code = metadata.get("exit")
    code = code if type(code) is int else None
    time = state["time"] if isinstance(state.get("time"), dict) else {}
    begun, ended = time.get("start"), time.get("end")
    result = Result(
        call_id=call_id,
        content=(Part(text=said),) if isinstance(said, str) and said else (),
        status="error" if code else _STATUS[state["status"]],
        exit_code=code,
        duration_ms=float(ended - begun) if type(begun) is int and type(ended) is int else None,
    )
    return [(result, f"{place}/state")]


def _metrics(tokens: list[dict[str, Any]]) -> Metrics | None:
    if not tokens:
        return None

    def total(*keys: str) -> int:
        return sum(item[key] for item in tokens for key in keys if type(item.get(key)) is int)

    caches = [item["cache"] for item in tokens if isinstance(item.get("cache"), dict)]
    cached = sum(cache["read"] for cache in caches if type(cache.get("read")) is int)
    return Metrics(
        prompt_tokens=total("input") + cached, completion_tokens=total("output", "reasoning"), cached_tokens=cached
    )
