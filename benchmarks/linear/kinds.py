"""Inputs made to cost more than their size, for `linear.py`: by name, sizes and what is done at each."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.clean.code import code_blocks
from sxl_data.clean.text import repair
from sxl_data.contract.alignment import align
from sxl_data.files.decode import decode
from sxl_data.files.records import open_records
from sxl_data.formats.markup import fenced
from sxl_data.formats.spoken import pieces_of
from sxl_data.rules.families import faults
from sxl_data.trace.types import Trace
from sxl_train.answers import markup

FOLDER = Path(tempfile.mkdtemp(prefix="linear-"))
Make = Callable[[int], Callable[[], object]]


def reading(name: str, data: bytes) -> Callable[[], object]:
    """All records of a file of ``data``."""
    path = FOLDER / name
    path.write_bytes(data)
    return lambda: sum(1 for _ in open_records(path))


def blanks(size: int) -> Callable[[], object]:
    return reading("blanks.jsonl.gz", gzip.compress(b" " * size + b'\n{"a": 1}\n', 6))


def members(size: int) -> Callable[[], object]:
    return reading("members.jsonl.gz", gzip.compress(b"") * (size // 20) + gzip.compress(b'{"a": 1}\n'))


def dictionary(size: int) -> Callable[[], object]:
    """One entry that every row names, 500,000 times as large as what names it."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 256, pa.int32()), ["y" * (size // 256)])
    pq.write_table(pa.table({"instruction": texts}), FOLDER / "bomb.parquet", compression="zstd")
    return lambda: sum(1 for _ in open_records(FOLDER / "bomb.parquet"))


def keys(size: int) -> Callable[[], object]:
    """A long key above many values, and a NUL, so that all is walked."""
    text = json.dumps({"k" * (size // 2): [1] * (size // 6), "z": "\x00"}).encode()
    return lambda: decode(text)


def spaces(size: int) -> Callable[[], object]:
    return reading("spaces.json", b'[{"a": 1},' + b" " * size + b'{"a": 2}]')


def text_of(unit: str, work: Callable[[str], object]) -> Make:
    """``work`` on ``unit`` repeated to a size."""

    def make(size: int) -> Callable[[], object]:
        text = unit * (size // len(unit))
        return lambda: work(text)

    return make


def mojibake(size: int) -> Callable[[], object]:
    texts = pa.array(["\u00c3" + "\u0083" * size])
    return lambda: repair(texts)


def trace_of(make_steps: Callable[[int], list[dict[str, Any]]]) -> Make:
    """All checks of a trace with so many steps."""

    def make(size: int) -> Callable[[], object]:
        import msgspec

        steps = [{"index": k, "turn": 0, "iteration": 0, **step} for k, step in enumerate(make_steps(size))]
        trace = msgspec.convert(
            {
                "schema_version": "1.0",
                "trace_id": "x:1",
                "kind": "agent",
                "task": "t",
                "steps": steps,
                "provenance": {"source": "x"},
            },
            Trace,
            strict=False,
        )
        return lambda: sum(1 for _ in faults(trace, "SPOMC"))

    return make


def act(identity: str) -> dict[str, Any]:
    return {"phase": "act", "kind": "tool", "calls": [{"call_id": identity, "name": "f", "arguments_json": "{}"}]}


def result(identity: str) -> dict[str, Any]:
    return {"phase": "iterate", "results": [{"call_id": identity, "status": "ok", "content": []}]}


def lines(size: int) -> Callable[[], object]:
    one, two = [str(k % 20) for k in range(size)], [str(k * 7 % 21) for k in range(size)]
    return lambda: align(one, two)


MEGA = (1_000_000, 2_000_000, 4_000_000, 8_000_000)
TEXT = (50_000, 100_000, 200_000, 400_000)
STEPS = (4_000, 8_000, 16_000, 32_000)

BOMBS: dict[str, tuple[tuple[int, ...], Make]] = {
    "gzipped blanks": (tuple(16 * n for n in MEGA), blanks),
    "empty gzip members": (MEGA, members),
    "blanks inside a JSON array": (MEGA, spaces),
    "one Parquet dictionary entry, bytes once decoded": (tuple(400 * n for n in MEGA), dictionary),
    "a long key above many values": (TEXT, keys),
    "<tool_call> and newlines, evaluation": (TEXT, text_of("<tool_call>\n\n\n", lambda t: markup._read_hermes(t, {}))),
    "<tool_call> and newlines, reader": (TEXT, text_of("<tool_call>\n", lambda t: pieces_of(t, {}))),
    "backtick lines, code blocks": (TEXT, text_of("```a\n", lambda t: code_blocks(t, None))),
    "backtick lines, reader": (TEXT, text_of("```a\n", fenced)),
    "text misread again and again": (TEXT, mojibake),
    "calls that are never answered": (STEPS, trace_of(lambda n: [act(f"c{k}") for k in range(n)])),
    "calls first, then all results": (
        STEPS,
        trace_of(lambda n: [*(act(f"c{k}") for k in range(n)), *(result(f"c{k}") for k in range(n))]),
    ),
    "results that answer nothing": (STEPS, trace_of(lambda n: [act("c"), *(result(f"x{k}") for k in range(n))])),
    "results before their calls": (
        STEPS,
        trace_of(lambda n: [*(result(f"c{k}") for k in range(n)), *(act(f"c{k}") for k in range(n))]),
    ),
    "thoughts without an act": (STEPS, trace_of(lambda n: [{"phase": "reflect", "text": "x" * 60} for _ in range(n)])),
    "one act with many calls, answered wrongly": (
        STEPS,
        trace_of(
            lambda n: [
                {"phase": "act", "kind": "tool", "calls": [act(f"c{k}")["calls"][0] for k in range(n)]},
                {"phase": "iterate", "results": [result(f"x{k}")["results"][0] for k in range(n)]},
            ]
        ),
    ),
    "lines made to be aligned": (STEPS, lines),
}
