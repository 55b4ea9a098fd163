"""What the report counts of every published row, from the columns that it needs and no text but that of calls.

In: the shards of a build. Out: a frame with a row for each trace, where it stands, and what became of its calls; and
the calls by tool. Parquet keeps the leaves of nested columns apart, so a million rows cost seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.contract.columns import ROW_SCHEMA, leaf

FLAT = ("trace_id", "source", "licence", "kind", "n_turns", "n_calls", "n_errors", "has_reasoning", "text_bytes")
STEP = "steps.list.element."
NESTED = (
    *(STEP + name for name in ("phase", "final")),
    *(STEP + "calls.list.element." + name for name in ("call_id", "name", "arguments_json")),
    *(STEP + "results.list.element." + name for name in ("call_id", "status")),
)
FAILED = ("error", "timeout", "denied", "cancelled")
LOOP = 3
"""Equal calls in a row from which an agent is said to go in circles."""


class Counted(NamedTuple):
    """``rows``: one row a trace, in the order of the shards. ``tools``: name, calls, failed, traces. ``statuses``:
    status, results."""

    rows: pl.DataFrame
    tools: pl.DataFrame
    statuses: pl.DataFrame


def count_rows(shards: list[tuple[str, Path]]) -> Counted:
    """The counts of ``shards``, each a split and a path."""
    rows, calls, results = [], [], []
    for number, (split, path) in enumerate(shards):
        first = 0
        for table in _groups(path):
            frame, called, came = _group(table)
            place = {"split": pl.lit(split), "shard": pl.lit(number), "row": pl.col("row") + first}
            rows.append(frame.with_columns(**place))
            calls.append(called)
            results.append(came.group_by("status").len())
            first += len(table)
    tools = pl.concat(calls).group_by("name").agg(pl.col("calls", "failed", "traces").sum()) if calls else _NO_TOOLS
    statuses = pl.concat(results).group_by("status").agg(pl.col("len").sum()) if results else _NO_STATUSES
    order = {"descending": [True, False]}
    return Counted(
        pl.concat(rows) if rows else _group(_EMPTY)[0].with_columns(split=pl.lit(""), shard=pl.lit(0)),
        tools.sort(["calls", "name"], **order),  # type: ignore[arg-type]
        statuses.sort(["len", "status"], **order),  # type: ignore[arg-type]
    )


def _groups(path: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number, columns=[*FLAT, *NESTED])


def _group(table: pa.Table) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Rows, calls by tool and results of a row group."""
    steps = table["steps"].combine_chunks()
    calls = _leaves(steps, "calls", ("call_id", "name", "arguments_json"))
    results = _leaves(steps, "results", ("call_id", "status"))
    results = results.with_columns(bad=pl.col("status").is_in(FAILED).fill_null(False))
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in ("row", "name", "arguments_json"))
    runs = calls.with_columns(run=(~same.fill_null(False)).cum_sum()).group_by("row", "run").len()
    by_row = [
        runs.group_by("row").agg(repeats=pl.col("len").max()),
        results.group_by("row").agg(n_results=pl.len(), n_bad=pl.col("bad").sum(), last_bad=pl.col("bad").last()),
        _endings(steps),
    ]
    frame = pl.DataFrame(pl.from_arrow(table.select(list(FLAT)))).with_row_index("row").cast({"row": pl.Int64})
    for part in by_row:
        frame = frame.join(part, on="row", how="left", maintain_order="left")
    frame = frame.with_columns(
        pl.col("repeats", "n_results", "n_bad").fill_null(0).cast(pl.Int64),
        pl.col("last_bad", "final").fill_null(False),
    )
    return frame, _tools(calls, results), results.select("status")


def _tools(calls: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Calls by tool; a result is that of the first call of its trace with its id."""
    answered = results.unique(["row", "call_id"], keep="first", maintain_order=True).select("row", "call_id", "bad")
    joined = calls.join(answered, on=["row", "call_id"], how="left")
    return joined.group_by("name").agg(
        calls=pl.len().cast(pl.Int64), failed=pl.col("bad").sum().cast(pl.Int64), traces=pl.col("row").n_unique()
    )


def _leaves(steps: pa.Array, name: str, fields: tuple[str, ...]) -> pl.DataFrame:
    columns = {}
    rows = np.zeros(0, np.int64)
    for field in fields:
        values, rows = leaf(steps, (name, field))
        columns[field] = pl.Series(field, values, pl.String)
    return pl.DataFrame({"row": rows, **columns}, schema_overrides={"row": pl.Int64})


def _endings(steps: pa.Array) -> pl.DataFrame:
    """Whether the last step of a row is its final act."""
    phases, rows = leaf(steps, ("phase",))
    frame = pl.DataFrame(
        {"row": rows, "phase": pl.Series(phases, dtype=pl.String), "end": pl.Series(leaf(steps, ("final",))[0])}
    )
    said = (pl.col("phase") == "act") & pl.col("end").cast(pl.Boolean).fill_null(False)
    return frame.cast({"row": pl.Int64}).group_by("row").agg(final=said.last())


_EMPTY = ROW_SCHEMA.empty_table()
_NO_TOOLS = pl.DataFrame(schema={"name": pl.String, "calls": pl.Int64, "failed": pl.Int64, "traces": pl.UInt32})
_NO_STATUSES = pl.DataFrame(schema={"status": pl.String, "len": pl.UInt32})
