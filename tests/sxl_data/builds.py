"""Rows, recipes and what a build of them published, for tests of the pipeline."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

INLINE = ["engine.kind=inline", "write.arrow=false"]
NEAR = [*INLINE, "dedup.shingling.size=1"]
"""So that rows resemble each other and are compared."""


def rows(count: int, start: int = 0) -> list[dict[str, str]]:
    return [
        {
            "instruction": f"Add {n} to the number {n * n}.",
            "input": "",
            "output": f"The sum of {n} and {n * n} is {n + n * n}, found in {n % 7} steps by hand.",
        }
        for n in range(start, start + count)
    ]


def lines(items: list[dict[str, str]]) -> str:
    return "".join(json.dumps(item) + "\n" for item in items)


def published(out: Path) -> dict[str, bytes]:
    return {
        p.relative_to(out).as_posix(): p.read_bytes()
        for p in sorted(out.rglob("*"))
        if p.is_file() and ".work" not in p.parts and p.name != "manifest.json"
    }


def ids(out: Path, column: str = "trace_id") -> list[str]:
    return sorted(i for p in (out / "data").iterdir() for i in pq.read_table(p)[column].to_pylist())
