"""The report of a build as one page: read the build, count, choose, write.

In: the folder of a finished build. Out: `report.html`, the same bytes for the same build. Files are compared with the
manifest before they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa

from sxl_data.build.questions import open_build, read_ledger, shards, verified
from sxl_data.contract.console import format_bytes, format_count
from sxl_data.contract.ledger import LEDGER_SCHEMA
from sxl_data.engine.commit import deliver
from sxl_data.engine.objects import here
from sxl_data.report import counts, quality
from sxl_data.report.causes import find_cases
from sxl_data.report.examples import Place, draw, fetch, places
from sxl_data.report.lengths import MAX_LENGTH, Lengths, measure
from sxl_data.report.rows import Counted, count_rows
from sxl_data.trace.types import Trace
from sxl_data.view.markup import Raw, document, line
from sxl_data.write.manifest import Manifest

NAME = "report.html"
MOST = 5_000_000
"""Bytes of a page that can still be sent; traces are left out from the end of the list beyond it."""
_DRAWN, _CLUSTERS, _PAIRS = 20, 15, 8
_SECTIONS = (
    ("funnel", "Funnel"),
    ("sources", "Sources"),
    ("lengths", "Lengths"),
    ("duplicates", "Duplicates"),
    ("contamination", "Benchmark text"),
    ("leakage", "Leakage"),
    ("tools", "Tool use"),
    ("bad", "Bad cases"),
    ("traces", "Traces"),
    ("making", "How it was made"),
)


def report(
    build: str | Path,
    out: str | Path | None = None,
    *,
    tokenizer: str | Path | None = None,
    max_length: int = MAX_LENGTH,
) -> Path:
    """Write the report of ``build`` to ``out`` (default: `report.html` in its folder) and return the path.

    ``tokenizer``: tokenizer.json or a folder with one; lengths are in its tokens then, of rows drawn at random, else in
    bytes. ``max_length``: tokens of a row that training keeps. Raises `UserError` U305 where there is no finished
    build, U304 where a file is not the one it wrote.
    """
    folder = here(build)
    manifest = open_build(folder)
    path = Path(out) if out is not None else folder / NAME
    page = render(folder, manifest, Lengths(tokenizer, max_length))
    deliver(path, lambda file: file.write(page.encode("utf-8")))
    return path


def render(folder: Path, manifest: Manifest, wanted: Lengths) -> str:
    """The page of the build in ``folder``."""
    files = [(split, verified(folder, manifest, name)) for name, split in shards(manifest)]
    counted = count_rows(files)
    ledger = _frame(folder, manifest, "ledger/ledger.parquet")
    pairs = _pairs(folder, manifest)
    largest = _largest(ledger)
    cases = find_cases(counted.rows, ledger, wanted.cut_bytes)
    random = draw(counted.rows, _DRAWN, manifest.seed)
    named = places(counted.rows, [*(row[0] for row in largest), *(name for pair in pairs for name in pair[:2])])
    found = fetch(files, [*random, *named.values(), *(place for case in cases for place in case.rows)])
    by_name = {name: found[place] for name, place in named.items() if place in found}
    pairs = sorted(pairs, key=lambda pair: -sum(name in by_name for name in pair[:2]))[:_PAIRS]
    sizes, unit, cut, said = measure(files, counted.rows, wanted, manifest.seed)
    parts: list[Raw] = [
        _tiles(manifest, counted),
        counts.funnel(manifest, ledger),
        counts.sources(manifest, counted.rows, ledger),
        counts.lengths(sizes, unit, cut, said),
        quality.clusters(manifest, pairs, by_name, largest),
        quality.contamination(manifest, ledger),
        counts.leakage(manifest),
        quality.tools(counted),
        quality.bad_cases(cases, found),
        quality.drawn([found[place] for place in random]),
        quality.making(manifest),
    ]
    return _fitting(manifest, parts, found, random)


def _fitting(manifest: Manifest, parts: list[Raw], found: dict[Place, Trace], random: Sequence[Place]) -> str:
    """The page, with as many of the drawn traces as it may hold."""
    while True:
        page = document(f"{manifest.name}: report of a dataset", parts, _SECTIONS)
        if len(page.encode("utf-8")) < MOST or not random:
            return page
        random = random[: len(random) // 2]
        parts[-2] = quality.drawn([found[place] for place in random])


def _tiles(manifest: Manifest, counted: Counted) -> Raw:
    rows, read = counted.rows, sum(source.traces for source in manifest.sources)
    size = int(rows["text_bytes"].sum())
    facts = [
        ("rows", format_count(len(rows))),
        ("traces read", format_count(read)),
        ("sources", format_count(len(manifest.sources))),
        ("text", format_bytes(size)),
        ("tool calls", format_count(int(rows["n_calls"].sum()))),
        ("leak into train", f"{manifest.leakage.get('ours', 0):.2%}"),
    ]
    tiles = "".join(f"<div><dt>{line(name)}</dt><dd>{line(value)}</dd></div>" for name, value in facts)
    return Raw(f'<p>{line(manifest.description)}</p><dl class="tiles">{tiles}</dl>')


def _frame(folder: Path, manifest: Manifest, name: str) -> pl.DataFrame:
    if name not in manifest.files:
        return _polars(LEDGER_SCHEMA.empty_table())
    verified(folder, manifest, name)
    return _polars(read_ledger(folder))


def _polars(table: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(table))


def _pairs(folder: Path, manifest: Manifest) -> list[tuple[str, str, float, bool, bool]]:
    """The pairs nearest to the threshold, those first of which both rows can be shown."""
    name = "ledger/borderline.parquet"
    if name not in manifest.files:
        return []
    frame = pl.read_parquet(verified(folder, manifest, name)).with_row_index("at")
    kept = pl.col("left_kept").cast(pl.Int8) + pl.col("right_kept").cast(pl.Int8)
    best = frame.head(10_000).sort(kept, "at", descending=[True, False]).head(2 * _PAIRS)
    return best.select("left", "right", "score", "left_kept", "right_kept").rows()


def _largest(ledger: pl.DataFrame) -> list[tuple[str, int, float | None, str]]:
    """Rows for which the most others were dropped: id, how many, the least similarity, their sources."""
    gone = ledger.filter(pl.col("code").is_in(["D310", "D311"]) & pl.col("twin_id").is_not_null())
    by = gone.group_by("twin_id").agg(
        pl.len(), pl.col("score").min().alias("least"), pl.col("source").unique().sort().str.join(", ")
    )
    return by.sort("len", "twin_id", descending=[True, False]).head(_CLUSTERS).rows()
