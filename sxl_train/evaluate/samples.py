"""Outcomes ↔ ``samples.parquet``: one row for each judged sample, what was asked, answered and found."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.engine.commit import commit_bytes
from sxl_train.suites.types import Outcome

_PLAIN = ("suite", "item", "group", "kind", "detail", "request", "text", "wanted", "finish")
_WHOLE = ("index", "prompt_tokens", "tokens")


def write_samples(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write ``outcomes``; scores and counts are JSON text, since suites differ in their measures."""
    columns = {name: pa.array([_sayable(getattr(o, name)) for o in outcomes], pa.string()) for name in _PLAIN}
    columns |= {name: pa.array([getattr(o, name) for o in outcomes], pa.int32()) for name in _WHOLE}
    for name in ("scores", "counts"):
        columns[name] = pa.array([msgspec.json.encode(getattr(o, name)).decode() for o in outcomes], pa.string())
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="zstd")
    commit_bytes(path, buffer.getvalue())


def read_samples(path: Path) -> list[Outcome]:
    """The outcomes of a file. Raises OSError or ValueError for one that holds none."""
    rows = pq.read_table(path).to_pylist()
    return [
        msgspec.convert(
            row | {"scores": msgspec.json.decode(row["scores"]), "counts": msgspec.json.decode(row["counts"])}, Outcome
        )
        for row in rows
    ]


def _sayable(text: str) -> str:
    """Half a character of a cut answer has no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
