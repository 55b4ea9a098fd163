"""Every kind of bad row in every kind of file: no crash, every row accounted for, nothing changed in silence.

A case is one file with five sound rows and the bad one among them. Silent is a kept row whose text is not
what was put in, without a ledger line of that row.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from faults_toy import report

from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build

GOOD = [json.dumps({"instruction": f"Say the number {n} aloud.", "input": "", "output": f"It is {n}, of course."})
        for n in range(5)]  # fmt: skip


def row(instruction: str) -> bytes:
    """A row whose instruction is JSON source text as given."""
    return b'{"instruction": "%s", "input": "", "output": "An answer of its own."}' % instruction.encode()


BAD: dict[str, bytes] = {
    "lone surrogate": row("bad x\\ud800y"),
    "invalid UTF-8": row("bad XX").replace(b"XX", b"\xff\xfe"),
    "nested arrays": b'{"instruction": "bad nested", "output": "deep", "input": '
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}",
    "unclosed arrays": b"[" * 100_000,
    "duplicate keys": b'{"instruction": "bad first", "instruction": "bad second", "input": "", "output": "Which?"}',
    "NaN": b'{"instruction": "bad NaN", "input": "", "output": "It is not.", "score": NaN}',
    "Infinity": b'{"instruction": "bad infinity", "input": "", "output": "So far.", "score": -Infinity}',
    "long integer": b'{"instruction": "bad integer", "output": "Long.", "id": 123456789012345678901234567890}',
    "NUL": row("bad nul \\u0000 here"),
    "raw NUL": row("bad raw \x00 here"),
    "byte order mark": b"\xef\xbb\xbf" + row("bad mark"),
    "carriage return": row("bad return") + b"\r",
    "8 MB line": row("bad long " + "y" * 8_000_000),
    "other type": b'{"instruction": 7, "input": [], "output": {"a": null}}',
    "half a line": b'{"instruction": "bad half',
    "empty object": b"{}",
    "a bare string": b'"bad"',
}


def as_lines(bad: bytes) -> bytes:
    return b"\n".join([*(g.encode() for g in GOOD[:3]), bad, *(g.encode() for g in GOOD[3:])]) + b"\n"


def as_tar(bad: bytes) -> bytes:
    sink, data = io.BytesIO(), as_lines(bad)
    with tarfile.open(fileobj=sink, mode="w") as archive:
        info = tarfile.TarInfo("inside/rows.jsonl")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def as_parquet(bad: bytes) -> bytes:
    """The bad bytes as the instruction of a row; Arrow does not check that a string is UTF-8."""
    texts = [*(json.loads(g)["instruction"].encode() for g in GOOD[:3]), b"bad " + bad[:200_000]]
    column = pa.array(texts, pa.binary()).view(pa.string())
    sink = io.BytesIO()
    pq.write_table(
        pa.table({"instruction": column, "input": [""] * 4, "output": [f"One of {n}." for n in range(4)]}),
        sink,
    )
    return sink.getvalue()


def as_csv(bad: bytes) -> bytes:
    lines = [b"instruction,input,output", b"Say one.,,It is one."]
    lines += [b'"bad ' + bad.replace(b'"', b'""') + b'",,An answer.', b"Say two.,,It is two."]
    return b"\n".join(lines) + b"\n"


def as_notebook(bad: bytes) -> bytes:
    """A sound notebook with one more cell, whose source is the bad bytes read as Latin-1."""
    cell = b'{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": [%s]}'
    source = json.dumps(bad[:200_000].decode("latin-1")).encode()
    text = b'{"cell_type": "markdown", "metadata": {}, "source": ["Compute the sum of two numbers."]}'
    cells = b",".join([text, cell % b'"print(1 + 2)"', text, cell % source])
    return b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [' + cells + b"]}"


FILES: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "jsonl": ("rows.jsonl", as_lines, "instruction_pair"),
    "gz": ("rows.jsonl.gz", lambda bad: gzip.compress(as_lines(bad)), "instruction_pair"),
    "zst": ("rows.jsonl.zst", lambda bad: zstandard.compress(as_lines(bad)), "instruction_pair"),
    "tar": ("rows.tar", as_tar, "instruction_pair"),
    "parquet": ("rows.parquet", as_parquet, "instruction_pair"),
    "csv": ("rows.csv", as_csv, "instruction_pair"),
    "ipynb": ("book.ipynb", as_notebook, "notebook"),
}


def inputs(folder: Path, quick: bool) -> list[dict[str, object]]:
    """All cases; a build with worker processes for each kind of file, so that a crash would show."""
    cases = [(kind, name) for kind in FILES for name in BAD]
    if quick:
        cases = cases[::9]
    crashes: list[str] = []
    silent: list[str] = []
    unbalanced: list[str] = []
    built = refused = 0
    for number, (kind, name) in enumerate(cases):
        file, encode, format = FILES[kind]
        case = folder / f"case-{number}"
        (case / "in").mkdir(parents=True)
        (case / "in" / file).write_bytes(encode(BAD[name]))
        recipe = case / "r.yaml"
        recipe.write_text(f"name: case\nsources:\n  - {{name: src, path: in/{file}, format: {format}}}\n"
                          "write: {arrow: false}\nengine: {kind: inline}\n", encoding="utf-8")  # fmt: skip
        try:
            manifest = build(str(recipe), case / "out")
        except UserError as problem:
            refused += 1
            print(f"    {kind}, {name}: refused with {problem.findings[0].code}")
            continue
        except BaseException as problem:
            crashes.append(f"{kind}, {name}: {type(problem).__name__}: {problem}"[:300])
            continue
        built += 1
        source = manifest.sources[0]
        if kind != "ipynb" and source.documents != source.traces + source.quarantined + source.empty:
            unbalanced.append(f"{kind}, {name}: {source}")
        if any(s.rows_in != s.rows_out + sum(s.dropped.values()) for s in manifest.stages[1:]):
            unbalanced.append(f"{kind}, {name}: {manifest.stages}")
        if kind != "ipynb":
            silent += [f"{kind}, {name}: {text[:80]!r}" for text in changed(case / "out", kind, BAD[name])]
    for line in crashes + silent + unbalanced:
        print("   ", line)
    return [
        report(f"{len(cases)} bad files ({len(BAD)} kinds of row × {len(FILES)} kinds of file; {built} built, "
               f"{refused} refused whole with a finding): crashes", "0", len(crashes), not crashes),
        report("rows changed without a ledger line", "0", len(silent), not silent),
        report("cases where rows in are not rows out + ledger + quarantine", "0", len(unbalanced), not unbalanced),
    ]  # fmt: skip


def changed(out: Path, kind: str, bad: bytes) -> list[str]:
    """Kept instructions that were put in by nobody and that no ledger line mentions."""
    ledger = out / "ledger/ledger.parquet"
    lines = pq.read_table(ledger).to_pylist() if ledger.exists() else []
    if any(line["action"] == "edited" for line in lines):
        return []
    known = {json.loads(g)["instruction"] for g in GOOD} | {"Say one.", "Say two."}
    if kind in ("parquet", "csv"):
        known.add("bad " + bad[: 200_000 if kind == "parquet" else None].decode("utf-8", "surrogateescape"))
    else:
        with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
            known.add(json.loads(bad)["instruction"])
    kept = [
        t for p in (out / "data").iterdir() for t in pq.read_table(p, columns=["task"])["task"].to_pylist()
    ]
    return [
        text
        for text in kept
        if text not in known and text.strip() not in {k.strip() for k in known if isinstance(k, str)}
    ]
