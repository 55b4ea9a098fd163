"""SQL over a finished build: its rows, its ledger, its funnel and its sources as tables.

In: a folder and a question. Out: a frame. polars answers, and reads of the rows only the columns that are asked for.
What it does not understand is answered with the tables and the columns that there are, the nearest name first.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa

from sxl_data.build.questions import open_build, read_ledger, shards, verified
from sxl_data.contract.console import format_count, format_table
from sxl_data.contract.errors import error, shorten
from sxl_data.contract.ledger import LEDGER_SCHEMA
from sxl_data.contract.nearest import nearest
from sxl_data.contract.patterns import compile as pattern
from sxl_data.engine.objects import here
from sxl_data.write.manifest import Manifest

SHOWN = 200
"""Rows of an answer that are printed."""
_CELL = 60
_NAME = pattern(r"""(?:column|relation|function) ["'`]([^"'`]*)["'`]""")


def questions(build: str | Path, sql: str) -> pl.DataFrame:
    """The answer to ``sql`` over the tables rows, ledger, funnel and sources of ``build``.

    Raises `UserError` U401 where polars does not understand it, U304, U305 for what is no whole build.
    """
    folder = here(build)
    tables = _tables(folder, open_build(folder))
    try:
        with pl.SQLContext(tables, eager=False) as context:
            return context.execute(sql).collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as problem:
        raise _not_understood(sql, problem, tables) from None


def tables(build: str | Path) -> pl.DataFrame:
    """The tables that can be asked, and their columns."""
    folder = here(build)
    found = _tables(folder, open_build(folder))
    return pl.DataFrame(
        [{"table": name, "columns": ", ".join(frame.collect_schema().names())} for name, frame in found.items()]
    )


def as_text(answer: pl.DataFrame) -> str:
    """``answer`` as a table of at most `SHOWN` rows."""
    rows = [[_short(value) for value in row] for row in answer.head(SHOWN).iter_rows()]
    shown = format_table(answer.columns, rows)
    more = len(answer) - len(rows)
    return shown + (f"\n… {format_count(more)} more rows" if more > 0 else "")


def _tables(folder: Path, manifest: Manifest) -> dict[str, pl.LazyFrame]:
    parts = [
        pl.scan_parquet(verified(folder, manifest, name)).with_columns(split=pl.lit(split))
        for name, split in shards(manifest)
    ]
    ledger = LEDGER_SCHEMA.empty_table()
    if "ledger/ledger.parquet" in manifest.files:
        verified(folder, manifest, "ledger/ledger.parquet")
        ledger = read_ledger(folder)
    funnel = [
        {
            "stage": stage.stage,
            "rows_in": stage.rows_in,
            "rows_out": stage.rows_out,
            "dropped": sum(stage.dropped.values()),
        }
        for stage in manifest.stages
    ]
    sources = [
        {
            "source": source.name,
            "format": source.format,
            "licence": source.licence,
            "documents": source.documents,
            "traces": source.traces,
            "kept": sum(source.kept.values()),
            **{split: source.kept.get(split, 0) for split in manifest.splits},
        }
        for source in manifest.sources
    ]
    return {
        "rows": pl.concat(parts) if parts else pl.LazyFrame(),
        "ledger": _polars(ledger).lazy(),
        "funnel": pl.LazyFrame(funnel),
        "sources": pl.LazyFrame(sources),
    }


def _polars(table: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(table))


def _not_understood(sql: str, problem: BaseException, tables: dict[str, pl.LazyFrame]) -> Exception:
    columns = {name: frame.collect_schema().names() for name, frame in tables.items()}
    said = shorten(str(problem).split("\n")[0], 160)
    named = _NAME.search(said)
    asked = [name for name in columns if name in sql.replace(",", " ").split()]
    places = [*columns, *(name for table in asked or columns for name in columns[table])]
    near = nearest(named[1], places) if named else None
    listed = "; ".join(f"{name}: {', '.join(columns[name])}" for name in asked or columns)
    return error(
        "U401",
        found=f"{shorten(sql, 80)!r}: {said.partition(';')[0]}",
        expected=f"{near}?" if near else f"SQL over {', '.join(columns)}",
        fix=f"there are {listed}",
    )


def _short(value: object) -> str:
    return "" if value is None else shorten(f"{value:.4g}" if isinstance(value, float) else str(value), _CELL)
