"""What a build will make, from a sample of each source: rows, seconds, bytes on disk.

In: a run that went through all stages with a part of each source (`sample`). Out: the forecast. Rows of a source are
those that its pieces gave, by their share of its bytes, less what the stages took of them; duplicates across pieces
that were not looked at are not foreseen, so it is a little high where there are many. Time is that of a row
in its tasks and of starting; disk is what the sample left, by rows.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sxl_data.build.recipe import Recipe
from sxl_data.build.run import INNER, STAGES, Run
from sxl_data.contract.console import format_bytes, format_count, format_seconds, format_table
from sxl_data.contract.errors import UserError
from sxl_data.engine.local import count_cores
from sxl_data.engine.task import Receipt
from sxl_data.read.files import expand
from sxl_data.read.sources import Source, own_code
from sxl_data.write.tally import tables

ALIKE = 3
"""Of the tasks of a stage, the one at the end of the first third stands for all: the first ones also load code."""


class SourceForecast(NamedTuple):
    """``note``: why there is no forecast of the source, or empty."""

    name: str
    bytes: int
    rows: int
    kept: int
    note: str = ""


class Forecast(NamedTuple):
    """``seconds`` by stage; ``published`` and ``work``, bytes of the dataset and of the folder `.work` beside it."""

    sources: list[SourceForecast]
    rows: int
    seconds: dict[str, float]
    published: int
    work: int

    def text(self) -> str:
        """The tables for a person."""
        listed = [
            [s.name, format_bytes(s.bytes), s.note or format_count(s.rows), "" if s.note else format_count(s.kept)]
            for s in self.sources
        ]
        shown = format_table(["source", "bytes", "rows read", "in the dataset"], listed)
        if not self.rows:
            return f"{shown}\n\nno forecast: no source was looked at"
        parts = ", ".join(f"{name} {format_seconds(value)}" for name, value in self.seconds.items() if value >= 1)
        return "\n".join(
            [
                shown,
                "",
                f"forecast: {format_count(self.rows)} rows, {format_seconds(sum(self.seconds.values()))} ({parts}),",
                f"{format_bytes(self.published)} published and {format_bytes(self.work)} in .work while it is built;",
                "from a sample of each source, so rows to some 10 %, and time to a factor of two on a busy machine",
            ]
        )


def forecast(run: Run, written: list[tuple[str, int, int, Receipt]], notes: dict[str, str]) -> Forecast:
    """The forecast from the finished sample ``run``; ``notes`` are why sources were not looked at, by name."""
    counts, _ = tables((split, receipt.counters) for split, _, _, receipt in written)
    reads = [receipt for receipt in run.receipts if receipt.stage == "read"]
    seen: dict[str, int] = defaultdict(int)
    whole: dict[str, float] = defaultdict(float)
    for receipt in reads:
        name, factor, size, parts = run.thinned[receipt.part]
        seen[name] += receipt.counters["rows"]
        whole[name] += receipt.counters["rows"] * (_by_bytes(run, receipt, size / parts) if factor is None else factor)
    sources: list[SourceForecast] = []
    for source in run.recipe.sources:
        kept = sum(counts["source"].get(source.name, {}).values())
        left = whole[source.name] * kept / max(seen[source.name], 1)
        if source.rows is not None:
            left = min(left, max(source.rows, kept))
        rows = round(whole[source.name])
        sources.append(SourceForecast(source.name, run.sizes[source.name], rows, round(left)))
    sources += [SourceForecast(name, 0, 0, 0, note) for name, note in notes.items()]
    rows_read, rows_seen = sum(s.rows for s in sources), max(sum(seen.values()), 1)
    rows, rows_kept = sum(s.kept for s in sources), max(sum(r.counters["rows"] for *_, r in written), 1)
    published = sum(info.bytes for *_, receipt in written for info in receipt.files.values())
    work = sum(info.bytes for receipt in run.receipts for info in receipt.files.values())
    return Forecast(
        sources,
        rows,
        _seconds(run, rows_read - rows_seen, rows_seen),
        round(published * rows / rows_kept),
        round(work * rows_read / rows_seen),
    )


def _by_bytes(run: Run, receipt: Receipt, size: float) -> float:
    """The factor from the rows of a task that read the beginning of files of ``size`` bytes to all rows of them."""
    text = sum(
        pc.sum(pq.read_table(run.store.verified(info), columns=["text_bytes"])["text_bytes"]).as_py() or 0
        for info in receipt.numbered("kept-")
    )
    return max(1.0, size / max(text, 1))


def _seconds(run: Run, more: int, seen: int) -> dict[str, float]:
    """Seconds of each stage: those of the sample, and of ``more`` rows at the speed of its tasks."""
    workers = max(1, run.recipe.engine.workers or count_cores())
    tasks: dict[str, list[float]] = defaultdict(list)
    for receipt in run.receipts:
        tasks[receipt.stage].append(receipt.seconds)
    found = dict.fromkeys(STAGES, 0.0)
    for stage, seconds in tasks.items():
        typical = sorted(seconds)[len(seconds) // ALIKE]
        found[INNER.get(stage, stage)] += typical * len(seconds) / seen * max(more, 0) / workers
    for stage, started in run.seconds.items():
        found[INNER.get(stage, stage)] += started
    return {stage: value for stage, value in found.items() if value > 0}


def without(recipe: Recipe, names: set[str]) -> Recipe:
    """The recipe without the sources called ``names``, nor what is said of them."""

    def kept(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in values if name not in names)

    return msgspec.structs.replace(
        recipe,
        sources=tuple(source for source in recipe.sources if source.name not in names),
        ground=msgspec.structs.replace(recipe.ground, sources=kept(recipe.ground.sources)),
        dedup=msgspec.structs.replace(recipe.dedup, prefer=kept(recipe.dedup.prefer)),
        clean=msgspec.structs.replace(
            recipe.clean, **{key: kept(getattr(recipe.clean, key)) for key in ("keep_private", "take_private")}
        ),
    )


def not_looked_at(source: Source, base: Path) -> str:
    """Why nothing of ``source`` is read for a forecast; empty where it is."""
    if own_code(source):
        return "runs code of your own, which a dry run does not"
    if source.tasks is not None:
        return ""
    if source.path is None:
        return f"on the Hub: {source.hub}"
    try:
        return "" if expand(source, base)[1] else "no file"
    except UserError as problem:
        return f"on the Hub: {source.hub}" if source.hub else str(problem.findings[0].found)
