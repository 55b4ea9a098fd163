"""Traces with what was found in them, in forms that other programs open: transcripts of Inspect Scout, runs of Docent.

In: files of any format, and a profile. Out: a Parquet file that lies in the folder of a Scout transcript database, or a
line of JSON a run for Docent. A trace's findings are metadata of its transcript (``sxl_findings``, ``sxl_codes``,
``sxl_level``), where both programs filter by them. Subtraces stay in the trace's own form.
Source: https://meridianlabs-ai.github.io/inspect_scout/db_schema.html, https://docs.transluce.org/concepts/overview.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.contract.errors import Finding, error
from sxl_data.engine.commit import deliver
from sxl_data.rules.families import faults
from sxl_data.rules.profiles import get
from sxl_data.trace.messages import to_messages
from sxl_data.trace.types import Trace
from sxl_data.validate.locate import Placer
from sxl_data.validate.submission import Submission, opened

TARGETS = ("scout", "docent")
_LEVELS = ("error", "warning", "note")
_TEXT = pa.large_string()
_SCOUT = pa.schema(
    [
        *((name, _TEXT) for name in ("transcript_id", "source_type", "source_id", "source_uri", "date", "task_set")),
        *((name, _TEXT) for name in ("task_id", "agent", "model", "score")),
        ("success", pa.bool_()),
        ("message_count", pa.int64()),
        ("trust_content", pa.bool_()),
        ("messages", _TEXT),
        *((name, _TEXT) for name in ("kind", "licence", "task", "sxl_level", "sxl_codes", "sxl_findings")),
    ]
)
_BATCH = 500


def handover(
    paths: Iterable[str | Path | Submission], to: str, out: str | Path, profile: str = "train"
) -> tuple[int, int]:
    """Write the traces of ``paths`` with their findings to ``out``; returns how many traces and findings.

    ``to``: scout (Parquet) or docent (JSON lines). What cannot be read has no transcript and is left out; the other
    outputs of `validate` list it. Raises `UserError` U401 for another ``to``, U208 where there is no trace.
    """
    if to not in TARGETS:
        raise error("U401", found=to, expected="one of " + ", ".join(TARGETS))
    count = [0, 0]

    def counted() -> Iterator[tuple[Trace, str, list[Finding]]]:
        for trace, file, found in _checked(paths, get(profile).families):
            count[0] += 1
            count[1] += len(found)
            yield trace, file, found
        if not count[0]:
            raise error("U208", file=str(out), found="no trace in the files", expected="at least one")

    deliver(Path(out), lambda target: (_write_scout if to == "scout" else _write_docent)(target, counted()))
    return count[0], count[1]


def _checked(paths: Iterable[str | Path | Submission], families: str) -> Iterator[tuple[Trace, str, list[Finding]]]:
    """Every trace, its file, and what is found in it."""
    wanted = "".join(letter for letter in families if letter in "SPOACMLQ")
    for path in paths:
        submission = opened(path)
        for item in submission:
            if item.reading is None:
                continue
            placer = Placer(item)
            told = [*item.faults, *faults(item.reading.trace, wanted, item.looks)]
            found = [*item.findings, *item.reading.findings, *map(placer.finding, told)]
            yield item.reading.trace, submission.file, found


def _write_scout(target: Any, traces: Iterator[tuple[Trace, str, list[Finding]]]) -> None:
    with pq.ParquetWriter(target, _SCOUT, compression="zstd") as writer:
        rows: list[dict[str, Any]] = []
        for trace, file, found in traces:
            rows.append(_transcript(trace, file, found))
            if len(rows) == _BATCH:
                writer.write_table(pa.Table.from_pylist(rows, _SCOUT))
                rows = []
        writer.write_table(pa.Table.from_pylist(rows, _SCOUT))


def _transcript(trace: Trace, file: str, found: list[Finding]) -> dict[str, Any]:
    messages = list(_messages(trace))
    return {
        "transcript_id": trace.trace_id,
        "source_type": "sxl",
        "source_id": trace.provenance.source,
        "source_uri": file,
        "date": next((step.timestamp for step in trace.steps if step.timestamp), None),
        "task_set": trace.provenance.source,
        "task_id": trace.provenance.source_id,
        "agent": trace.agent.name,
        "model": trace.agent.model,
        "score": None if trace.outcome.reward is None else _json(trace.outcome.reward),
        "success": {"success": True, "failure": False}.get(trace.outcome.status),
        "message_count": len(messages),
        "trust_content": False,
        "messages": _json(messages),
        "kind": trace.kind,
        "licence": trace.provenance.licence,
        "task": trace.task,
        "sxl_level": _worst(found),
        "sxl_codes": " ".join(sorted({item.code for item in found})),
        "sxl_findings": _json(_told(found)),
    }


def _write_docent(target: Any, traces: Iterator[tuple[Trace, str, list[Finding]]]) -> None:
    for trace, file, found in traces:
        about = {
            "trace_id": trace.trace_id,
            "file": file,
            "source": trace.provenance.source,
            "licence": trace.provenance.licence,
            "kind": trace.kind,
            "agent": trace.agent.name,
            "model": trace.agent.model,
            "outcome": trace.outcome.status,
            "scores": {} if trace.outcome.reward is None else {"reward": trace.outcome.reward},
            "sxl_level": _worst(found),
            "sxl_codes": sorted({item.code for item in found}),
            "sxl_findings": _told(found),
        }
        run = {
            "name": trace.trace_id,
            "description": trace.task[:500],
            "transcripts": [{"name": trace.trace_id, "messages": list(_messages(trace))}],
            "metadata": about,
        }
        target.write(_json(run).encode("utf-8", "backslashreplace") + b"\n")


def _messages(trace: Trace) -> Iterator[dict[str, Any]]:
    """The chat messages of a trace as both programs have them: reasoning a part of the content, calls by function."""
    names = {call.call_id: call.name for step in trace.steps for call in getattr(step, "calls", ())}
    for message in to_messages(trace)[0]:
        role, content = message["role"], message.get("content") or ""
        if role == "tool":
            called = message.get("tool_call_id", "")
            name = message.get("name") or names.get(called, "")
            yield {"role": role, "content": content, "tool_call_id": called, "function": name}
            continue
        said: dict[str, Any] = {"role": role, "content": content}
        if thought := message.get("reasoning_content"):
            said["content"] = [{"type": "reasoning", "reasoning": thought}, {"type": "text", "text": content}]
        if calls := message.get("tool_calls"):
            said["tool_calls"] = [
                {"id": call.get("id", ""), "type": "function", "function": call["function"]["name"]}
                | {"arguments": call["function"]["arguments"]}
                for call in calls
            ]
        yield said


def _told(found: Iterable[Finding]) -> list[dict[str, Any]]:
    names = ("code", "rule", "level", "pointer", "line", "found", "expected")
    return [{name: value for name in names if (value := getattr(item, name)) is not None} for item in found]


def _worst(found: list[Finding]) -> str | None:
    return next((level for level in _LEVELS if any(item.level == level for item in found)), None)


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value, enc_hook=float).decode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON writes as an escape
        return json.dumps(value)
