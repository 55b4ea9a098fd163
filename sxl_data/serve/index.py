"""What the viewer knows of every row before anybody looks: an index of narrow columns, and what filters choose of it.

In: a finished build, and perhaps another that it is compared with. Out: a frame with a line for each row of the
dataset, for each row that was left out, and for each that only the other build has; and the numbers of the lines that a
filter leaves, in the order that was asked for. About 200 bytes a line; no text beyond the first words of a task.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.build.comparing import GONE, SAME, compare
from sxl_data.build.questions import here, open_build, shards, verified
from sxl_data.contract.columns import leaf
from sxl_data.contract.ledger import LEDGER_SCHEMA
from sxl_data.write.manifest import Manifest

PHASES = ("observe", "reflect", "act", "iterate")
LEFT_OUT = "left out"
"""In the place of a split, for rows that are in the ledger alone."""
ORDERS = {"place": "", "longest": "text_bytes", "most calls": "n_calls", "most failures": "n_errors"}
HEAD = 160
"""Characters of a task that are held."""
_FLAT = ("trace_id", "source", "kind", "n_turns", "n_calls", "n_errors", "text_bytes", "task")
_SCHEMA = {
    "trace_id": pl.String,
    "source": pl.Categorical,
    "kind": pl.Categorical,
    "n_turns": pl.UInt32,
    "n_calls": pl.UInt32,
    "n_errors": pl.UInt32,
    "text_bytes": pl.UInt32,
    "head": pl.String,
    "phases": pl.UInt8,
    "split": pl.Categorical,
    "shard": pl.Int32,
    "row": pl.UInt32,
}


class Wanted(NamedTuple):
    """A filter: words in the id or the first words of a row, and values that a row must have; empty ones ask for
    nothing."""

    words: str = ""
    source: str = ""
    code: str = ""
    phase: str = ""
    split: str = ""
    change: str = ""
    order: str = "place"


class Side(NamedTuple):
    """A build as the index reads it."""

    folder: Path
    manifest: Manifest
    shards: list[tuple[str, Path]]
    ledger: pl.DataFrame


class Index:
    """All rows of ``build``: those of the dataset first, in the order of its shards."""

    def __init__(self, build: Side, against: Side | None = None) -> None:
        self.build, self.against = build, against
        kept = pl.concat([_empty(), *_rows(build.shards)])
        self.kept = len(kept)
        parts = [kept, _left_out(build.ledger, kept)]
        self.compared = None if against is None else compare(against.folder, build.folder)
        if against is not None and self.compared is not None:
            parts.append(_gone(against, self.compared, parts[1]))
        rows = pl.concat(parts).with_row_index("n")
        if self.compared is not None:
            change = self.compared.select("trace_id", pl.col("change").cast(pl.Categorical))
            rows = rows.join(change, on="trace_id", how="left", maintain_order="left")
        self.rows = rows
        lines = build.ledger.select("trace_id", pl.col("code").cast(pl.Categorical))
        self.codes = rows.select("trace_id", "n").join(lines, on="trace_id").select("n", "code").unique()

    def facets(self) -> dict[str, list[tuple[str, int]]]:
        """The values by which rows are chosen, each with its number of rows, the commonest first."""
        found = {name: _counts(self.rows[name]) for name in ("source", "split")}
        found["code"] = _counts(self.codes["code"])
        held = self.rows["phases"].to_numpy()
        found["phase"] = [(name, int((held >> bit & 1).sum())) for bit, name in enumerate(PHASES)]
        if self.compared is not None:
            found["change"] = [pair for pair in _counts(self.rows["change"]) if pair[0] != SAME]
        return found

    def sources(self) -> list[tuple[str, int, int]]:
        """The sources: rows in the dataset, and rows in all; the one with most in the dataset first."""
        by = self.rows.group_by(pl.col("source").cast(pl.String))
        counts = by.agg(kept=(pl.col("shard") >= 0).sum(), every=pl.len())
        counts = counts.sort("kept", "source", descending=[True, False])
        return [(str(name), int(kept), int(every)) for name, kept, every in counts.iter_rows()]

    def select(self, wanted: Wanted, words_in: np.ndarray | None = None) -> np.ndarray:
        """The numbers of the lines that ``wanted`` leaves, in its order. ``words_in``: the lines, shape ``(lines,)``,
        that hold the words, where their texts were searched."""
        tests: list[pl.Expr | pl.Series] = []
        for name in ("source", "split", "change"):
            if value := getattr(wanted, name):
                known = name in self.rows.columns
                tests.append(pl.col(name).cast(pl.String) == value if known else pl.lit(False))
        if wanted.phase:
            bit = 1 << PHASES.index(wanted.phase) if wanted.phase in PHASES else 0
            tests.append(pl.col("phases") & bit != 0)
        if wanted.code:
            having = self.codes.filter(pl.col("code").cast(pl.String) == wanted.code)["n"]
            tests.append(pl.col("n").is_in(having.implode()))
        if words_in is not None:
            tests.append(pl.Series(words_in))
        elif wanted.words:
            text = pl.concat_str("trace_id", pl.lit(" "), "head").str.to_lowercase()
            tests.append(text.str.contains(wanted.words.lower(), literal=True))
        found = self.rows.lazy().filter(*tests) if tests else self.rows.lazy()
        if column := ORDERS.get(wanted.order):
            found = found.sort(column, "n", descending=[True, False])
        return found.select("n").collect()["n"].to_numpy()

    def lines(self, numbers: np.ndarray) -> list[dict[str, object]]:
        """What the list shows of the lines with these numbers."""
        picked = self.rows[numbers.tolist()]
        codes = self.codes.filter(pl.col("n").is_in(picked["n"].implode())).sort("code")
        by = {n: found for n, found in codes.group_by("n").agg("code").iter_rows()}
        return [{**row, "codes": by.get(row["n"], [])} for row in picked.drop("shard", "row", "phases").to_dicts()]

    def find(self, trace_id: str) -> int | None:
        """The number of the line of a row; None where there is no such row."""
        found = self.rows.filter(pl.col("trace_id") == trace_id)["n"]
        return int(found[0]) if len(found) else None

    def place(self, number: int) -> tuple[str, int, int, str]:
        """Id, shard, row and split of a line; the shard of a row that is not in the dataset is -1."""
        trace_id, shard, row, split = self.rows[number].select("trace_id", "shard", "row", "split").row(0)
        return str(trace_id), int(shard), int(row), str(split)

    def history(self, trace_id: str) -> list[dict[str, object]]:
        """The lines of the ledger about a row."""
        return self.build.ledger.filter(pl.col("trace_id") == trace_id).to_dicts()

    def followers(self, trace_id: str) -> pl.DataFrame:
        """The rows that were left out for a row: trace_id, score and code."""
        found = self.build.ledger.filter(pl.col("twin_id") == trace_id).select("trace_id", "score", "code")
        return found.unique(maintain_order=True).sort("score", "trace_id", descending=[True, False])


def open_side(build: str | Path) -> Side:
    """A finished build, its files compared with the manifest. Raises `UserError` U305, U304."""
    folder = here(build)
    manifest = open_build(folder)
    name = "ledger/ledger.parquet"
    ledger = pl.DataFrame(pl.from_arrow(LEDGER_SCHEMA.empty_table()))
    if name in manifest.files:
        ledger = pl.read_parquet(verified(folder, manifest, name))
    files = [(split, verified(folder, manifest, shard)) for shard, split in shards(manifest)]
    return Side(folder, manifest, files, ledger)


def _rows(files: list[tuple[str, Path]]) -> Iterator[pl.DataFrame]:
    for shard, (split, path) in enumerate(files):
        first = 0
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=[*_FLAT, "steps.list.element.phase"])
                flat = pl.DataFrame(pl.from_arrow(table.select(list(_FLAT))))
                head = pl.col("task").str.slice(0, 4 * HEAD).str.replace_all(r"\s+", " ").str.strip_chars()
                yield flat.with_columns(
                    head=head.str.slice(0, HEAD),
                    phases=pl.Series(_phases(table)),
                    split=pl.lit(split),
                    shard=pl.lit(shard),
                    row=pl.int_range(first, first + len(flat)),
                ).select(pl.col(name).cast(kind) for name, kind in _SCHEMA.items())
                first += len(flat)


def _phases(table: pa.Table) -> np.ndarray:
    """For each row the phases of its steps, a bit each. Shape ``(rows,)``."""
    values, rows = leaf(table["steps"].combine_chunks(), ("phase",))
    names = values.to_numpy(zero_copy_only=False)
    found = np.zeros(len(table), np.uint8)
    for bit, name in enumerate(PHASES):
        found[rows[names == name]] |= 1 << bit
    return found


def _left_out(ledger: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """A line for each row that is in the ledger and not in the dataset."""
    gone = ledger.filter(pl.col("action").is_in(["dropped", "quarantined"])).unique(
        "trace_id", keep="last", maintain_order=True
    )
    gone = gone.join(kept.select("trace_id"), on="trace_id", how="anti", maintain_order="left")
    twins = kept.select(twin_id="trace_id", like="head")
    gone = gone.join(twins, on="twin_id", how="left", maintain_order="left")
    own = pl.concat_str("trace_id", "detail", separator=": ", ignore_nulls=True)
    head = pl.when(pl.col("like").is_null()).then(own).otherwise("like: " + pl.col("like"))
    return _without_place(gone.with_columns(head=head.str.slice(0, HEAD), split=pl.lit(LEFT_OUT)))


def _gone(against: Side, compared: pl.DataFrame, left_out: pl.DataFrame) -> pl.DataFrame:
    """A line for each row that only the other build has and this one does not account for."""
    old = pl.concat([_empty(), *_rows(against.shards)])
    lost = compared.filter(pl.col("change") == GONE).join(left_out, on="trace_id", how="anti").select("trace_id")
    found = old.join(lost, on="trace_id", how="semi", maintain_order="left")
    return found.with_columns(shard=pl.lit(-1, pl.Int32), split=pl.lit(GONE, pl.Categorical))


def _without_place(frame: pl.DataFrame) -> pl.DataFrame:
    known = set(frame.columns)
    missing = {"shard": -1, "kind": ""}
    return frame.select(
        (pl.col(name) if name in known else pl.lit(missing.get(name, 0))).cast(kind).alias(name)
        for name, kind in _SCHEMA.items()
    )


def _empty() -> pl.DataFrame:
    return pl.DataFrame(schema=_SCHEMA)


def _counts(values: pl.Series) -> list[tuple[str, int]]:
    counts = values.drop_nulls().value_counts(name="rows").sort("rows", descending=True)
    return [(str(value), int(count)) for value, count in counts.iter_rows()]
