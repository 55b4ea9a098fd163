"""Sessions of Claude Code: one JSON line per event, linked by ``parentUuid``.

In: a session file, or one object with ``loglines``. One model message spreads over several lines with the
same ``message.id``, with results of its first calls in between; they are put together again. The path
from the last line to the root is the session; what hangs beside it (a branch that the user rewound) and
sidechains (subagents) become subtraces. Lines of hooks, snapshots and titles are counted, not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import dump
from sxl_data.formats.anthropic_blocks import read_assistant, read_user
from sxl_data.formats.claude_code_paths import Located, paths, unique
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics

NAME = "claude_code"
_SESSION = ("sessionId", "cwd", "gitBranch", "slug", "agentId", "entrypoint")
_LINE = ("uuid", "requestId", "isMeta", "isCompactSummary", "isVisibleInTranscriptOnly")


class ClaudeCode:
    """Format of Claude Code sessions."""

    name = NAME
    title = "Claude Code sessions"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Lines with `parentUuid`, or `loglines` of such events."""
        records = sample if isinstance(sample, list) else []
        if any(isinstance(r, dict) and "parentUuid" in r and "message" in r for r in records):
            return "has lines with `uuid` and `parentUuid`"
        first = records[0] if records else None
        return "has `loglines`" if isinstance(first, dict) and isinstance(first.get("loglines"), list) else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        lines = list(located(document, "loglines"))
        said = unique([item for item in lines if _is_message(item[0])])
        if not said:
            raise RowError("no message", "lines of type user or assistant")
        main, asides = paths(said)
        builder = _build(main)
        skipped = Counter(_kind(item[0]) for item in lines if not _is_message(item[0]))
        titles = [r["summary"] for r, _, _ in lines if r.get("type") == "summary" and isinstance(r.get("summary"), str)]
        ext: dict[str, Any] = {key: next((r[key] for r, _, _ in main if r.get(key)), None) for key in _SESSION}
        ext = {key: value for key, value in ext.items() if value is not None}
        session = ext.get("sessionId")
        if titles:
            ext["titles"] = titles
        if skipped:
            ext["skipped"] = dict(sorted(skipped.items()))
        if ext:
            builder.ext[NAME] = ext
        for part, aside in enumerate(asides, 1):
            inner = _build(aside).build(document, origin, NAME, part=part, source_id=str(session or ""))
            builder.subtraces.append(inner.trace)
        yield builder.build(
            document, origin, NAME, source_id=str(session) if session else None, group=str(session) if session else None
        )


FORMAT = ClaudeCode()


def _is_message(line: dict[str, Any]) -> bool:
    return line.get("type") in ("user", "assistant") and isinstance(line.get("message"), dict)


def _kind(line: dict[str, Any]) -> str:
    return "/".join(str(line[key]) for key in ("type", "subtype") if line.get(key)) or "unknown"


def _build(lines: list[Located]) -> Builder:
    """A builder that has been told ``lines``; parts of one model message are told together."""
    builder = Builder("agent")
    messages: dict[str, list[Located]] = {}
    order: list[list[Located]] = []
    for item in lines:
        identity = item[0]["message"].get("id") if item[0]["type"] == "assistant" else None
        if isinstance(identity, str) and identity in messages:
            messages[identity].append(item)
            continue
        order.append([item])
        if isinstance(identity, str):
            messages[identity] = order[-1]
    usage = []
    for group in order:
        line = group[0][0]
        if line["type"] == "user":
            _tell_user(builder, *group[0])
            continue
        builder.end_turn()
        for part, at, number in group:
            if part.get("isApiErrorMessage") or part["message"].get("model") == "<synthetic>":
                read_user(
                    builder,
                    part["message"].get("content"),
                    f"{at}/message/content",
                    number,
                    origin="environment",
                    **_common(part),
                )
            else:
                content = part["message"].get("content")
                read_assistant(builder, content, f"{at}/message/content", number, **_common(part))
        usage.append(group[-1][0]["message"].get("usage"))
    version = next((str(r["version"]) for r, _, _ in lines if r.get("version")), None)
    models = [r["message"].get("model") for r, _, _ in lines if r["type"] == "assistant"]
    model = next((m for m in models if isinstance(m, str) and m != "<synthetic>"), None)
    builder.agent = Agent(name="claude-code", version=version, model=model)
    builder.metrics = sum_usage([item for item in usage if isinstance(item, dict)])
    builder.executed = True
    return builder


def _tell_user(builder: Builder, line: dict[str, Any], at: str, number: int) -> None:
    harness = line.get("isMeta") is True or line.get("isCompactSummary") is True
    read_user(
        builder,
        line["message"].get("content"),
        f"{at}/message/content",
        number,
        origin="environment" if harness else "user",
        structured=line.get("toolUseResult"),
        **_common(line),
    )


def _common(line: dict[str, Any]) -> dict[str, Any]:
    ext = {key: line[key] for key in _LINE if line.get(key)}
    for key in ("id", "stop_reason"):
        if line["message"].get(key):
            ext["message_id" if key == "id" else key] = line["message"][key]
    time = line.get("timestamp")
    return {"timestamp": time if isinstance(time, str) else None, "ext_json": dump({NAME: ext}) if ext else None}


def sum_usage(usages: list[dict[str, Any]]) -> Metrics | None:
    """Token counts of Anthropic's ``usage`` objects, one per model message, as totals."""
    if not usages:
        return None

    def total(*keys: str) -> int:
        return sum(u[k] for u in usages for k in keys if isinstance(u.get(k), int))

    return msgspec.structs.replace(
        Metrics(),
        prompt_tokens=total("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
        completion_tokens=total("output_tokens"),
        cached_tokens=total("cache_read_input_tokens"),
    )
