"""How two builds differ, as one page: sizes, moves between splits, what left and why, and changed rows side by side.

In: the folders of two finished builds. Out: one HTML file that loads nothing. Rows are compared by `build.comparing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from sxl_data.build.comparing import CHANGED, CHANGES, GONE, MOVED, NEW, SAME, compare
from sxl_data.build.questions import here, open_build, read_ledger, shards, verified
from sxl_data.contract.alignment import unified
from sxl_data.contract.codes import CODES
from sxl_data.contract.console import format_count
from sxl_data.contract.printable import as_json
from sxl_data.engine.commit import deliver
from sxl_data.report.causes import key_of
from sxl_data.report.examples import fetch
from sxl_data.trace.types import Trace
from sxl_data.view.blocks import Bounds, blocks
from sxl_data.view.markup import Bar, Cell, Raw, document, folded, paragraph, section, table
from sxl_data.view.screen import diff
from sxl_data.view.show import render
from sxl_data.write.manifest import Manifest

_SMALL = Bounds(characters=3_000, steps=24, image_bytes=60_000)
_EXAMPLES = 8
_LINES = 20_000
_SECTIONS = (
    ("sizes", "Rows"),
    ("recipe", "Recipes"),
    ("codes", "Ledgers"),
    ("left", "What left"),
    ("examples", "Examples"),
)


class _Side:
    """One of the two builds."""

    def __init__(self, build: str | Path) -> None:
        self.folder = here(build)
        self.manifest: Manifest = open_build(self.folder)
        self.name = f"{self.manifest.name} in {build}"
        for name in self.manifest.files:
            if name.startswith("ledger/"):
                verified(self.folder, self.manifest, name)
        self.ledger = pl.DataFrame(pl.from_arrow(read_ledger(self.folder)))

    def fetch(self, places: pl.DataFrame, shard: str, row: str) -> dict[tuple[int, int], Trace]:
        files = [(split, self.folder / name) for name, split in shards(self.manifest)]
        return fetch(files, places.select(shard, row).rows())


def page(left: str | Path, right: str | Path, out: str | Path) -> Path:
    """Write how the builds ``left`` (before) and ``right`` (now) differ to ``out``; returns the path.

    Raises `UserError` U305 where there is no finished build, U304 where a file is not the one it wrote.
    """
    before, now = _Side(left), _Side(right)
    frame = compare(left, right)
    parts = [
        paragraph(f"Before: {before.name}. Now: {now.name}."),
        _sizes(frame),
        _recipe(before.manifest, now.manifest),
        _codes(before.ledger, now.ledger),
        _left(frame, now.ledger),
        _examples(frame, before, now),
    ]
    made = document(f"{before.manifest.name} and {now.manifest.name}: how two builds differ", parts, _SECTIONS)
    deliver(Path(out), lambda file: file.write(made.encode("utf-8", "backslashreplace")))
    return Path(out)


def _sizes(frame: pl.DataFrame) -> Raw:
    """What became of the rows, in all, by split and by source."""
    counts = dict(frame.group_by("change").len().iter_rows())
    most = max(counts.values(), default=1)
    rows: list[list[Cell]] = [
        [change, counts.get(change, 0), Bar([(counts.get(change, 0) / most, _colour(change))])] for change in CHANGES
    ]
    moves = frame.filter(pl.col("change") == MOVED).group_by("split", "split_now").len().sort("len", descending=True)
    moved: list[list[Cell]] = [[f"{a} → {b}", n] for a, b, n in moves.iter_rows()]
    altered = int(frame["altered"].sum())
    return section(
        "sizes",
        "Rows",
        table(
            "What became of the rows: grey as before, orange gone, green new, blue changed", ["row", "rows", " "], rows
        ),
        paragraph(f"Of the rows of both, {format_count(altered)} have other content."),
        table("Rows on another side", ["from → to", "rows"], moved) if moved else "",
        _by(frame, "split"),
        _by(frame, "source"),
    )


def _by(frame: pl.DataFrame, column: str) -> Raw:
    """Rows before and now by a column."""
    before = dict(frame.drop_nulls(column).group_by(column).len().iter_rows())
    now = dict(frame.drop_nulls(f"{column}_now").group_by(f"{column}_now").len().iter_rows())
    return _two(f"Rows by {column}", column, before, now, lambda name: name)


def _two(caption: str, of: str, before: dict[str, int], now: dict[str, int], named: Callable[[str], str]) -> Raw:
    """A table of two counts of each name, the largest difference first."""
    most = max([*before.values(), *now.values()], default=1)
    names = sorted({*before, *now}, key=lambda name: (-abs(now.get(name, 0) - before.get(name, 0)), name))
    rows: list[list[Cell]] = []
    for name in names:
        one, two = before.get(name, 0), now.get(name, 0)
        bar = Bar([(min(one, two) / most, "kept"), (abs(two - one) / most, "soft" if one > two else "good")])
        rows.append([named(name), one, two, f"{two - one:+d}" if two != one else "0", bar])
    return table(f"{caption}: blue in both, grey less now, green more now", [of, "before", "now", "change", " "], rows)


def _recipe(before: Manifest, now: Manifest) -> Raw:
    """The keys that differ."""
    one, two = (dict(_flat(side.recipe)) for side in (before, now))
    rows: list[list[Cell]] = [
        [key, one.get(key, "–"), two.get(key, "–")]
        for key in sorted({*one, *two})
        if one.get(key) != two.get(key) and key != "name"
    ]
    if before.sxl_version != now.sxl_version:
        rows.insert(0, ["sxl", before.sxl_version, now.sxl_version])
    return section(
        "recipe",
        "The recipes",
        table("Keys that differ", ["key", "before", "now"], rows) if rows else paragraph("The recipes are the same."),
    )


def _flat(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        for item in value:
            yield from _flat({k: v for k, v in item.items() if k != "name"}, f"{key}.{item['name']}")
    else:
        yield key, as_json(value, 0)


def _codes(before: pl.DataFrame, now: pl.DataFrame) -> Raw:
    one, two = (dict(side.group_by("code").len().iter_rows()) for side in (before, now))
    if not one and not two:
        return section("codes", "The ledgers", paragraph("Neither build left out or changed a row."))
    named = {code: f"{code} {CODES[code].title}" for code in {*one, *two} if code in CODES}
    return section("codes", "The ledgers", _two("Lines by code", "code", one, two, lambda code: named.get(code, code)))


def _left(frame: pl.DataFrame, ledger: pl.DataFrame) -> Raw:
    """Why rows of the build before are not in this one."""
    gone = frame.filter(pl.col("change") == GONE).select("trace_id")
    last = ledger.filter(pl.col("action").is_in(["dropped", "quarantined"])).unique("trace_id", keep="last")
    counts = gone.join(last, on="trace_id", how="left").group_by("code").len().sort("len", descending=True)
    rows: list[list[Cell]] = [
        [
            f"{code} {CODES[code].title}" if code in CODES else "not read by this build",
            count,
            key_of(code) if code in CODES else "sources",
        ]
        for code, count in counts.iter_rows()
    ]
    body = table("Rows of before that left, by reason", ["reason", "rows", "recipe key"], rows)
    return section("left", "What left, and why", body if rows else paragraph("No row left."))


def _examples(frame: pl.DataFrame, before: _Side, now: _Side) -> Raw:
    """Rows of each kind: changed ones line by line, new and gone ones whole."""
    parts: list[str] = []
    changed = frame.filter(pl.col("altered")).sort("trace_id").head(_EXAMPLES)
    old, new = before.fetch(changed, "shard", "row"), now.fetch(changed, "shard_now", "row_now")
    for row in changed.iter_rows(named=True):
        sides = [old[row["shard"], row["row"]], new[row["shard_now"], row["row_now"]]]
        one, two = ([f"{said}\n" for said in render(side, 0).split("\n")] for side in sides)
        lines = "".join(unified(one, two, "before", "now"))[:_LINES]
        parts.append(folded(f"{CHANGED} · {row['trace_id']}", f'<pre class="diff">{diff(lines)}</pre>', kind="pair"))
    for change, side, shard, at in ((GONE, before, "shard", "row"), (NEW, now, "shard_now", "row_now")):
        some = frame.filter(pl.col("change") == change).sort("trace_id").head(_EXAMPLES)
        found = side.fetch(some, shard, at)
        for row in some.iter_rows(named=True):
            shown = "".join(blocks(found[row[shard], row[at]], _SMALL))
            parts.append(folded(f"{change} · {row['trace_id']}", shown, kind="trace"))
    said = paragraph(f"Up to {_EXAMPLES} of each kind, by id; `sxl-data serve NOW --against BEFORE` shows all.")
    return (
        section("examples", "Examples", said, *parts) if parts else section("examples", "Examples", paragraph("None."))
    )


def _colour(change: str) -> str:
    return {SAME: "soft", GONE: "lost", NEW: "good"}.get(change, "kept")
