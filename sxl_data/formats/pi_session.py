"""Sessions of the Pi coding agent: a header line of type ``session``, then one event per line.

In: messages whose content is blocks (``text``, ``thinking``, ``toolCall``), results as ``toolResult``. Aborted
and failed responses are part of what happened: they stay, and say so. Newer files link entries by
``parentId``; the path to the last one is the session, and where the agent acted on another branch that is a subtrace.
Summaries of a compaction or of a branch are what the agent goes on from. Changes of model or thinking level are
counted. OpenClaw keeps its sessions in the same form and is named where the file shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.content import part_of, parts_of, task_of
from sxl_data.formats.exit_codes import exit_code
from sxl_data.formats.harness import is_harness, settle_task
from sxl_data.formats.links import Located, split_path
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Result

NAME = "pi_session"
_SUMMARIES = ("compaction", "branch_summary")


class PiSession:
    """Format of Pi sessions."""

    leaves_out = (
        LeftOut("/message/api", "which interface the model was called by"),
        LeftOut("data", "state of an extension", when="custom"),
        LeftOut("textSignature", "opaque signature of a text"),
        LeftOut("thoughtSignature", "opaque signature of a call"),
        LeftOut("partialJson", "the arguments of a call as they streamed in"),
        LeftOut("fullOutputPath", "where the harness kept the whole output"),
    )

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
        skipped: Counter[str] = Counter()
        path, beside = split_path(records[1:])
        builder = _build(records[:1] + path, header, skipped)
        identity = header.get("id")
        group = identity if isinstance(identity, str) else None
        acted = any((r.get("message") or {}).get("role") == "assistant" for r, _, _ in beside)
        if acted:
            inner = _build(beside, header, Counter()).build(document, origin, NAME, part=1, source_id=group)
            builder.subtraces.append(inner.trace)
        ext = {
            key: header[key] for key in ("cwd", "provider", "thinkingLevel", "version", "timestamp") if header.get(key)
        }
        if beside:
            skipped["other branches"] = len(beside)
        if beside and not acted:
            ext["rewound"] = [r["message"] for r, _, _ in beside if isinstance(r.get("message"), dict)]
        names = [r["name"] for r, _, _ in records if r.get("type") == "session_info" and r.get("name")]
        if names:
            ext["titles"] = names
        builder.ext[NAME] = {**ext, **({"skipped": dict(sorted(skipped.items()))} if skipped else {})}
        settle_task(builder)
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no messages", "lines of type message")
        yield reading


FORMAT = PiSession()


def _build(records: list[Located], header: dict[str, Any], skipped: Counter[str]) -> Builder:
    """A builder that has been told ``records``; what is no message is counted in ``skipped``."""
    builder = Builder("agent")
    usage: list[dict[str, Any]] = []
    model = header.get("modelId")
    for record, at, line in records:
        message = record.get("message")
        kind = record.get("type")
        if kind in _SUMMARIES or kind == "custom_message":
            _read_inserted(builder, record, at, line)
            continue
        if kind != "message" or not isinstance(message, dict):
            if record is not header:
                skipped[str(kind)] += 1
            continue
        _read_message(builder, message, record, f"{at}/message", line)
        if isinstance(message.get("usage"), dict):
            usage.append(message["usage"])
        if message.get("role") == "assistant" and isinstance(message.get("model"), str) and model is None:
            model = message["model"]
    builder.agent = Agent(name=_agent(records, header), model=model if isinstance(model, str) else None)
    builder.metrics = _metrics(usage)
    builder.executed = True
    return builder


def _agent(records: list[Located], header: dict[str, Any]) -> str:
    """Who wrote the file: what its header says, or OpenClaw where an entry or the folder is OpenClaw's."""
    if isinstance(header.get("harness"), str) and header["harness"]:
        return str(header["harness"])
    marks = [record.get("customType") for record, _, _ in records if record.get("type") in ("custom", "custom_message")]
    cwd = str(header.get("cwd") or "")
    theirs = any(isinstance(m, str) and (m == "model-snapshot" or "openclaw" in m) for m in marks)
    return "openclaw" if theirs or "/.openclaw" in cwd or "\\.openclaw" in cwd else "pi"


def _read_inserted(builder: Builder, record: dict[str, Any], at: str, line: int) -> None:
    """A summary of what was said before, or a message that an extension put before the model."""
    time = record.get("timestamp")
    key = "summary" if record.get("type") in _SUMMARIES else "content"
    ext = {"type": record["type"], **({"details": record["details"]} if record.get("details") else {})}
    builder.observe(
        parts_of(record.get(key)),
        "environment",
        at=f"{at}/{key}",
        line=line,
        timestamp=time if isinstance(time, str) else None,
        ext_json=dump({NAME: ext}),
    )


def _read_message(builder: Builder, message: dict[str, Any], record: dict[str, Any], at: str, line: int) -> None:
    time = record.get("timestamp")
    common: dict[str, Any] = {"timestamp": time if isinstance(time, str) else None}
    role, content = message.get("role"), message.get("content")
    if role == "toolResult":
        failed = message.get("isError")
        details = message.get("details")
        parts = parts_of(content)
        code = exit_code(task_of(parts), "pi")
        builder.result(
            Result(
                call_id=str(message.get("toolCallId") or ""),
                content=parts,
                exit_code=code,
                status="error" if failed is True or code else "ok" if failed is False else "unknown",
                structured_json=dump(details) if isinstance(details, (dict, list)) else None,
            ),
            at=at,
            line=line,
            **common,
        )
        return
    if role != "assistant":
        parts = parts_of(content)
        if content is None:  # a command that the user ran, and what it printed; or a summary
            parts = tuple(part for key in ("command", "output", "summary") for part in parts_of(message.get(key)))
        asked = role == "user" and not is_harness(content)
        builder.observe(parts, "user" if asked else "environment", at=at, line=line, **common)
        if asked and not builder.task:
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
