"""Sessions of the Pi coding agent: a header line of type ``session``, then one event per line.

In: messages whose content is blocks (``text``, ``thinking``, ``toolCall``), results as ``toolResult``. Aborted
and failed responses are part of what happened: they stay, and say so. Newer files link entries by
``parentId``; the path to the last one is the session. Changes of model or thinking level are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.content import part_of, parts_of, task_of
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Result

NAME = "pi_session"
Located = tuple[dict[str, Any], str, int]


class PiSession:
    """Format of Pi sessions."""

    name = NAME
    title = "Pi coding agent sessions"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """A header of type session, and messages of blocks (STS has plain text and a `harness`)."""
        first = sample[0] if isinstance(sample, list) and sample else None
        if not isinstance(first, dict) or first.get("type") != "session":
            return None
        messages = [r["message"] for r in sample[1:] if isinstance(r, dict) and isinstance(r.get("message"), dict)]
        blocks = any(isinstance(m.get("content"), list) for m in messages)
        return "starts with a `session` line of Pi" if blocks or "harness" not in first else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        records = list(located(document))
        header = records[0][0] if records else {}
        builder = Builder("agent")
        skipped: Counter[str] = Counter()
        path = _path(records)
        usage: list[dict[str, Any]] = []
        model = header.get("modelId")
        for record, at, line in path:
            message = record.get("message")
            if record.get("type") != "message" or not isinstance(message, dict):
                if record is not header:
                    skipped[str(record.get("type"))] += 1
                continue
            _read_message(builder, message, record, f"{at}/message", line)
            if isinstance(message.get("usage"), dict):
                usage.append(message["usage"])
            if message.get("role") == "assistant" and isinstance(message.get("model"), str) and model is None:
                model = message["model"]
        identity = header.get("id")
        group = identity if isinstance(identity, str) else None
        builder.agent = Agent(name=str(header.get("harness") or "pi"), model=model if isinstance(model, str) else None)
        builder.metrics = _metrics(usage)
        builder.executed = True
        ext = {
            key: header[key] for key in ("cwd", "provider", "thinkingLevel", "version", "timestamp") if header.get(key)
        }
        branched = len(records) - len(path)
        if branched:
            skipped["other branches"] = branched
        builder.ext[NAME] = {**ext, **({"skipped": dict(sorted(skipped.items()))} if skipped else {})}
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no messages", "lines of type message")
        yield reading


FORMAT = PiSession()


def _path(records: list[Located]) -> list[Located]:
    """The entries from the root to the last one, where entries are linked; else all of them."""
    by_id = {r["id"]: r for r, _, _ in records[1:] if isinstance(r.get("id"), str) and "parentId" in r}
    if not by_id:
        return records
    kept: set[int] = set()
    cursor: dict[str, Any] | None = next((r for r, _, _ in reversed(records) if r.get("id") in by_id), None)
    while cursor is not None and id(cursor) not in kept:
        kept.add(id(cursor))
        cursor = by_id.get(str(cursor.get("parentId")))
    return [item for item in records if id(item[0]) in kept or item[0].get("id") not in by_id]


def _read_message(builder: Builder, message: dict[str, Any], record: dict[str, Any], at: str, line: int) -> None:
    time = record.get("timestamp")
    common: dict[str, Any] = {"timestamp": time if isinstance(time, str) else None}
    role, content = message.get("role"), message.get("content")
    if role == "toolResult":
        failed = message.get("isError")
        details = message.get("details")
        builder.result(
            Result(
                call_id=str(message.get("toolCallId") or ""),
                content=parts_of(content),
                status="error" if failed is True else "ok" if failed is False else "unknown",
                structured_json=dump(details) if isinstance(details, (dict, list)) else None,
            ),
            at=at,
            line=line,
            **common,
        )
        return
    if role != "assistant":
        parts = parts_of(content if content is not None else message.get("output"))
        builder.observe(parts, "user" if role == "user" else "environment", at=at, line=line, **common)
        if role == "user" and not builder.task:
            builder.task = task_of(parts)
        return
    builder.end_turn()
    stop = message.get("stopReason")
    ext = {key: message[key] for key in ("stopReason", "errorMessage", "model", "provider") if message.get(key)}
    if stop in ("aborted", "error") and ext:
        common["ext_json"] = dump({NAME: ext})
    said = False
    for i, block in enumerate(content if isinstance(content, list) else []):
        place = f"{at}/content/{i}"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "thinking":
            signature = block.get("thinkingSignature")
            signature = signature if isinstance(signature, str) and signature else None
            builder.reflect(
                str(block.get("thinking") or ""), "block", signature=signature, at=place, line=line, **common
            )
        elif kind == "toolCall":
            builder.call(
                str(block.get("name") or ""),
                dump(block.get("arguments")),
                str(block.get("id") or ""),
                at=place,
                line=line,
                **common,
            )
        else:
            builder.say((part_of(block),), at=place, line=line, **common)
        said = True
    if not said:
        builder.say(parts_of(content if isinstance(content, str) else None), at=at, line=line, **common)


def _metrics(usage: list[dict[str, Any]]) -> Metrics | None:
    if not usage:
        return None

    def total(*keys: str) -> int:
        return sum(u[key] for u in usage for key in keys if isinstance(u.get(key), int))

    costs = [u["cost"].get("total") for u in usage if isinstance(u.get("cost"), dict)]
    numbers = [float(c) for c in costs if isinstance(c, (int, float))]
    return Metrics(
        prompt_tokens=total("input", "cacheRead", "cacheWrite"),
        completion_tokens=total("output"),
        cached_tokens=total("cacheRead"),
        cost_usd=sum(numbers) if numbers else None,
    )
