"""Two builds row by row: which rows are in one alone, on another side, or have other content.

In: the folders of two finished builds. Out: a frame with a line for each row of either. Content is compared by a
64-bit hash of a row's steps that is made and used in this process, a row group at a time, so that no text is held.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from sxl_data.build.questions import here, open_build, shards, verified
from sxl_data.contract.console import format_count, format_table

SAME, MOVED, CHANGED, GONE, NEW = "the same", "on another side", "other content", "only before", "only now"
CHANGES = (NEW, GONE, MOVED, CHANGED, SAME)
"""What became of a row between two builds; a row that is on another side and has other content is `MOVED`."""


def compare(left: str | Path, right: str | Path) -> pl.DataFrame:
    """The rows of two builds: trace_id, change (one of `CHANGES`), altered (whether the content differs), and of each
    side split, shard, row and source, null where it has no such row.

    Raises `UserError` U305 where there is no finished build, U304 where a file is not the one it wrote.
    """
    one, two = (_rows(here(side)) for side in (left, right))
    both = one.join(two, on="trace_id", how="full", suffix="_now", coalesce=True, maintain_order="right_left")
    altered = (pl.col("content") != pl.col("content_now")).fill_null(False)
    change = (
        pl.when(pl.col("split").is_null())
        .then(pl.lit(NEW))
        .when(pl.col("split_now").is_null())
        .then(pl.lit(GONE))
        .when(pl.col("split") != pl.col("split_now"))
        .then(pl.lit(MOVED))
        .when(altered)
        .then(pl.lit(CHANGED))
        .otherwise(pl.lit(SAME))
    )
    return both.with_columns(change=change, altered=altered).drop("content", "content_now")


def diff(left: str | Path, right: str | Path) -> str:
    """How the rows of two builds differ: only in one, on another side, with other content."""
    frame = compare(left, right)
    counts = dict(frame.group_by("change").len().iter_rows())
    altered = int(frame["altered"].sum())
    here_, there = (len(frame) - counts.get(change, 0) for change in (NEW, GONE))
    rows = [
        ["rows", format_count(here_), format_count(there)],
        ["only here", format_count(counts.get(GONE, 0)), format_count(counts.get(NEW, 0))],
        ["on another side", format_count(counts.get(MOVED, 0)), ""],
        ["other content", format_count(altered), ""],
    ]
    return format_table(["", str(left), str(right)], rows)


def _rows(folder: Path) -> pl.DataFrame:
    """Id, split, place and hash of the steps of every row of a build."""
    manifest = open_build(folder)
    found = []
    for shard, (name, split) in enumerate(shards(manifest)):
        first = 0
        with pq.ParquetFile(verified(folder, manifest, name)) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=["trace_id", "source", "steps"])
                frame = pl.DataFrame(pl.from_arrow(table.select(["trace_id", "source"])))
                steps = pl.Series(pl.from_arrow(table["steps"]))
                found.append(
                    frame.with_columns(
                        split=pl.lit(split),
                        shard=pl.lit(shard, pl.Int64),
                        row=pl.int_range(first, first + len(frame), dtype=pl.Int64),
                        content=steps.hash(),
                    )
                )
                first += len(frame)
    empty = {"trace_id": pl.String, "source": pl.String, "split": pl.String} | dict.fromkeys(("shard", "row"), pl.Int64)
    return pl.concat(found) if found else pl.DataFrame(schema=empty | {"content": pl.UInt64})
