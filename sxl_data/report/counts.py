"""The sections of a report about numbers of rows: funnel, sources, licences, lengths, leakage.

In: the manifest, the counted rows, the ledger. Out: HTML, each chart in the table that has its numbers.
"""

from __future__ import annotations

import polars as pl

from sxl_data.contract.codes import CODES
from sxl_data.contract.console import format_bytes, format_count
from sxl_data.view.markup import Bar, Cell, Raw, bars, paragraph, section, table
from sxl_data.write.manifest import Manifest

_LEAKS = {
    "task": "the same task",
    "near_task": "a similar task",
    "stated_id": "an id in common",
    "similar_text": "a similar text",
    "any": "any of these",
}


def funnel(manifest: Manifest, ledger: pl.DataFrame) -> Raw:
    """Rows by stage, and the codes for which rows left or were changed."""
    most = max((max(stage.rows_in, stage.rows_out) for stage in manifest.stages), default=0) or 1
    rows: list[list[Cell]] = [
        [
            stage.stage,
            stage.rows_in,
            stage.rows_out,
            sum(stage.dropped.values()),
            Bar([(stage.rows_out / most, "kept"), (sum(stage.dropped.values()) / most, "lost")]),
        ]
        for stage in manifest.stages
    ]
    counts = ledger.group_by("action", "code", "stage").len().sort("len", "code", descending=[True, False])
    largest = counts["len"].max() if len(counts) else 1
    codes: list[list[Cell]] = [
        [
            f"{code} {CODES[code].rule}",
            stage,
            action,
            count,
            Bar([(count / int(largest), "lost" if action in ("dropped", "quarantined") else "kept")]),  # type: ignore[arg-type]
            CODES[code].title,
        ]
        for action, code, stage, count in counts.iter_rows()
        if code in CODES
    ]
    return section(
        "funnel",
        "What went in, what was left out",
        table(
            "Rows by stage, of read documents in and traces out: blue stays, orange leaves",
            ["stage", "in", "out", "left out", " "],
            rows,
        ),
        table("Lines of the ledger by code", ["code", "stage", "action", "lines", " ", "meaning"], codes)
        if codes
        else paragraph("No row was dropped, edited or flagged."),
    )


def sources(manifest: Manifest, rows: pl.DataFrame, ledger: pl.DataFrame) -> Raw:
    """Rows by source, kind and licence."""
    lost = {name: count for name, count in _dropped(ledger).iter_rows()}
    sizes = dict(rows.group_by("source").agg(pl.col("text_bytes").sum()).iter_rows())
    total = max(1, sum(sizes.values()))
    shown: list[list[Cell]] = [
        [
            source.name,
            source.licence or "unknown",
            source.traces,
            lost.get(source.name, 0),
            sum(source.kept.values()),
            format_bytes(sizes.get(source.name, 0)),
            Bar([(sizes.get(source.name, 0) / total, "kept")]),
        ]
        for source in sorted(manifest.sources, key=lambda s: (-sizes.get(s.name, 0), s.name))
    ]
    names = ["source", "licence", "traces read", "left out later", "in the dataset", "text", " "]
    by = [
        (title, _by(rows, column))
        for title, column in (
            ("Rows by licence", "licence"),
            ("Rows by kind of trace", "kind"),
            ("Rows by split", "split"),
        )
    ]
    return section(
        "sources",
        "Sources and licences",
        table("Rows by source; the bar is the share of all text", names, shown),
        *(table(title, [title.removeprefix("Rows by "), "rows", " "], bars(counts)) for title, counts in by),
    )


def lengths(sizes: list[int], unit: str, cut: int, said: str) -> Raw:
    """How long rows are: a bin for each doubling, the bins beyond the cut-off in another colour."""
    bins: dict[int, int] = {}
    for size in sizes:
        bins[max(0, (size - 1).bit_length())] = bins.get(max(0, (size - 1).bit_length()), 0) + 1
    most, beyond = max(bins.values(), default=1), sum(size > cut for size in sizes)
    exponents = range(min(bins, default=0), max(bins, default=-1) + 1)
    rows: list[list[Cell]] = []
    marked = []
    for number, exponent in enumerate(exponents):
        low, high = (1 << exponent >> 1) + 1 if exponent else 0, 1 << exponent
        inside = low > cut
        rows.append(
            [
                f"{format_count(low)} – {format_count(high)}",
                bins.get(exponent, 0),
                Bar([(bins.get(exponent, 0) / most, "lost" if inside else "kept")]),
            ]
        )
        if low <= cut <= high:
            marked.append(number)
    ordered = sorted(sizes)
    at = [(name, ordered[min(len(ordered) - 1, int(len(ordered) * share))]) for name, share in _QUANTILES if ordered]
    middle = ", ".join(f"{name} {format_count(size)}" for name, size in at)
    share = f"{beyond / max(1, len(sizes)):.1%}"
    return section(
        "lengths",
        "Lengths",
        paragraph(said),
        paragraph(
            f"The double line is the training cut-off, {format_count(cut)} {unit}: {format_count(beyond)} rows "
            f"({share}) are longer. {unit.capitalize()} of a row: {middle}."
        ),
        table(f"Rows by length in {unit}", [unit, "rows", " "], rows, marked),
    )


_QUANTILES = (("median", 0.5), ("one in ten over", 0.9), ("one in a hundred over", 0.99), ("longest", 1.0))


def leakage(manifest: Manifest) -> Raw:
    """Validation and test rows with a partner in train, beside a random split's."""
    rows: list[list[Cell]] = []
    for leak in manifest.leaks:
        name = _LEAKS.get(leak.edge, leak.edge)
        rows.append(
            [
                name,
                leak.links,
                f"{leak.ours:.2%}",
                f"{leak.random:.2%}",
                Bar([(leak.ours, "lost"), (max(0, leak.random - leak.ours), "soft")]),
            ]
        )
    named = ["partner in train", "links", "this split", "a random split", " "]
    config = manifest.recipe.get("split", {})
    how = (
        "Similar: a verified Jaccard similarity of at least "
        f"{config.get('task_threshold', '?')} (tasks) or {config.get('threshold', '?')} (texts)."
    )
    return section(
        "leakage",
        "Leakage between splits",
        paragraph("Share of validation and test rows that have a partner in train. " + how),
        table("By kind of partner: orange this split, grey a random split of the same rows", named, rows),
    )


def _dropped(ledger: pl.DataFrame) -> pl.DataFrame:
    gone = ledger.filter(pl.col("action").is_in(["dropped", "quarantined"]) & (pl.col("stage") != "read"))
    return gone.group_by("source").agg(pl.len())


def _by(rows: pl.DataFrame, column: str, most: int = 25) -> list[tuple[str, int]]:
    counts = rows.group_by(column).len().sort(["len", column], descending=[True, False])
    return [(name or "unknown", count) for name, count in counts.head(most).iter_rows()]
