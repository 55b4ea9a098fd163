"""What a build will make, from a sample of each source: rows, seconds, bytes on disk.

In: a run that went through all stages with a part of each source (`sample`). Out: the forecast. Rows of a source are
those that its pieces hold, by their share of its bytes, less what the stages took of those that were looked at;
duplicates of rows that were not are not foreseen, so it is a little high where there are many. Time is that of
decoding, of each source's rows in its tasks, and of starting; disk is what the sample left, by the rows' text.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping
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


class SourceForecast(NamedTuple):
    """``note``: why there is no forecast of the source, or empty."""

    name: str
    bytes: int
    rows: int
    kept: int
    note: str = ""
    seen: int = 0
    """Rows that went through the stages for it."""


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
            [s.name, format_bytes(s.bytes), s.note, "", ""]
            if s.note
            else [s.name, format_bytes(s.bytes), *map(format_count, (s.rows, s.seen, s.kept))]
            for s in self.sources
        ]
        shown = format_table(["source", "bytes", "rows read", "looked at", "in the dataset"], listed)
        if not self.rows:
            return f"{shown}\n\nno forecast: no source was looked at"
        read, seen = sum(s.rows for s in self.sources), sum(s.seen for s in self.sources)
        parts = ", ".join(f"{name} {format_seconds(value)}" for name, value in self.seconds.items() if value >= 1)
        return "\n".join(
            [
                shown,
                "",
                f"forecast: {format_count(self.rows)} rows, {format_seconds(sum(self.seconds.values()))} ({parts}),",
                f"{format_bytes(self.published)} published and {format_bytes(self.work)} in .work while it is built;",
                f"from {format_count(seen)} of {format_count(read)} rows, spread over each source: rows to some 10 %,",
                "a little high where many are alike, and time to a factor of two on a busy machine",
            ]
        )


def forecast(run: Run, written: list[tuple[str, int, int, Receipt]], notes: dict[str, str]) -> Forecast:
    """The forecast from the finished sample ``run``; ``notes`` are why sources were not looked at, by name."""
    counts, _ = tables((split, receipt.counters) for split, _, _, receipt in written)
    reads = [receipt for receipt in run.receipts if receipt.stage == "read"]
    seen: dict[str, int] = defaultdict(int)
    whole: dict[str, float] = defaultdict(float)
    for receipt in reads:
        name = run.thinned[receipt.part].source
        seen[name] += receipt.counters["rows"]
        whole[name] += _rows(run, receipt)
    sources: list[SourceForecast] = []
    kept = {source.name: sum(counts["source"].get(source.name, {}).values()) for source in run.recipe.sources}
    for source in run.recipe.sources:
        left = whole[source.name] * kept[source.name] / max(seen[source.name], 1)
        if source.rows is not None:
            left = min(left, max(source.rows, kept[source.name]))
        rows = round(whole[source.name])
        sources.append(SourceForecast(source.name, run.sizes[source.name], rows, round(left), seen=seen[source.name]))
    sources += [SourceForecast(name, 0, 0, 0, note) for name, note in notes.items()]
    rows = sum(s.kept for s in sources)
    texts: dict[str, int] = defaultdict(int)
    for receipt in reads:
        texts[run.thinned[receipt.part].source] += receipt.counters["text_bytes"]
    text = {name: texts[name] / max(count, 1) for name, count in seen.items()}  # of a row
    growth = _weigh(whole, text) / max(_weigh(seen, text), 1)
    published = sum(info.bytes for *_, receipt in written for info in receipt.files.values())
    kept_text = _weigh({s.name: s.kept for s in sources}, text) / max(_weigh(kept, text), 1)
    work = sum(info.bytes for receipt in run.receipts for info in receipt.files.values())
    return Forecast(sources, rows, _seconds(run, reads, growth), round(published * kept_text), round(work * growth))


def _weigh(rows: Mapping[str, float], text: Mapping[str, float]) -> float:
    """Bytes of text of so many ``rows`` of each source."""
    return sum(count * text.get(name, 0) for name, count in rows.items())


def _rows(run: Run, receipt: Receipt) -> float:
    """The rows of what the task of ``receipt`` stands for."""
    part, foreseen = run.thinned[receipt.part], receipt.counters["foreseen"]
    if part.factor is not None:
        return foreseen * part.factor
    return max(foreseen, receipt.counters["rows"] * _by_bytes(run, receipt, part.bytes / part.tasks))


def _by_bytes(run: Run, receipt: Receipt, size: float) -> float:
    """The factor from the rows of a task that read the beginning of files of ``size`` bytes to all rows of them."""
    text = sum(
        pc.sum(pq.read_table(run.store.verified(info), columns=["text_bytes"])["text_bytes"]).as_py() or 0
        for info in receipt.numbered("kept-")
    )
    return max(1.0, size / max(text, 1))


def _seconds(run: Run, reads: list[Receipt], growth: float) -> dict[str, float]:
    """Seconds of each stage: those of the sample, and of all that was not looked at at the speed of its tasks;
    ``growth`` is from the text of all that was looked at to that of all there is."""
    workers = max(1, run.recipe.engine.workers or count_cores())
    stages: dict[str, list[Receipt]] = defaultdict(list)
    for receipt in run.receipts:
        stages[receipt.stage].append(receipt)
    found = dict.fromkeys(STAGES, 0.0)
    found["read"] = sum(_opening(run, receipt) for receipt in reads) / workers
    for stage, receipts in stages.items():
        if len(receipts) > 1 and stage not in ("detect", "gather"):
            own = [(r.seconds - (r.counters["decoding_us"] + r.counters["opening_us"]) / 1e6) for r in reads]
            own = own if stage == "read" else [r.seconds for r in receipts]
            typical = statistics.median(own)
            start = min(own) if stage == "read" else 0.0
            found[INNER.get(stage, stage)] += (typical - start) * len(receipts) * (growth - 1) / workers
    for stage, started in run.seconds.items():
        found[INNER.get(stage, stage)] += started
    return {stage: value for stage, value in found.items() if value > 0}


def _opening(run: Run, receipt: Receipt) -> float:
    """Seconds of decoding and opening the documents that the task of ``receipt`` stands for and did not open."""
    counters = receipt.counters
    factor = _rows(run, receipt) / max(counters["foreseen"], 1)
    documents = (counters["opened"] + counters["unopened"]) / max(counters["opened"], 1)
    return (counters["decoding_us"] * (factor - 1) + counters["opening_us"] * (documents * factor - 1)) / 1e6


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
        return "" if expand(source, base).files else "no file"
    except UserError as problem:
        return f"on the Hub: {source.hub}" if source.hub else str(problem.findings[0].found)
