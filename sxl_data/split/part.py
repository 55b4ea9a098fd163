"""Some rows of a build, with all that is linked to them, divided.

In: what `split` must know of them, numbers only, and the edges among them; no edge leads elsewhere. Out: the side of
each, what the ledger says of it, and what of it leaks, in ours and in a split by chance. A part is whole components, so
parts need nothing of each other but how many rows there are and, in a stratified split, where its shares end.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sxl_data.contract.distinct import distinct
from sxl_data.split.assign import OUT, SPLITS, Groups, Pinned, SplitConfig, assign, draw_by_chance, gather
from sxl_data.split.bridges import draw
from sxl_data.split.cuts import Cuts, Items
from sxl_data.split.edges import ANY, KINDS, Edges, leaks

FREE = -2
"""In the column pin: the side of the row is not given."""
GONE = -3
"""There too: the row is taken down. It is in no split, and links and draws the others as if it were, so none moves."""
BEYOND = -4
"""There too: the row is beyond the share of its source, and links nothing."""
SURPLUS, WHOLE, BRIDGE, ASIDE, TAKEN_DOWN, SHARE = "D601", "D602", "D603", "D604", "D605", "D610"
SAID = (SURPLUS, WHOLE, BRIDGE, ASIDE, SHARE, TAKEN_DOWN)
"""What the ledger says of rows, by number from 1 on; of several the last one stands."""
FOUND = np.dtype([("side", "i1"), ("code", "i1"), ("group", "<u4")])
"""Of a row: its side, the number of what is said of it, and the rows of its group where that is too large."""


_GROUPS = np.int64(1) << np.int64(40)
"""Beyond all numbers of rows."""


class Rows(NamedTuple):
    """Rows, ascending: their numbers, i64, keys, u64 ``(n, 2)``, pins, i8, whether they are old, whether they are
    beyond the share of their source, and strata, u64."""

    numbers: np.ndarray
    keys: np.ndarray
    pins: np.ndarray
    old: np.ndarray
    beyond: np.ndarray
    strata: np.ndarray

    def take(self, chosen: np.ndarray) -> Rows:
        """Those of them."""
        return Rows(*(column[chosen] for column in self))


class Part(NamedTuple):
    """``edges``: all among ``rows``, which are named by their places; ``left``: those that keep rows together.
    ``pinned``: rows whose side is given. ``bridges``: rows left out for what they link."""

    rows: Rows
    edges: Edges
    left: Edges
    members: np.ndarray
    labels: np.ndarray
    pinned: Pinned
    bridges: np.ndarray
    groups: Groups

    def items(self) -> Items:
        """What is drawn, to be put in order in its strata: single rows, and groups by the rows that stand for them."""
        single, free, groups = np.flatnonzero(self.groups.single), self.groups.given == OUT, self.groups
        leader = groups.leader[free]
        # Of equal units single rows come before groups, and each by its first row.
        orders = np.concatenate([self.rows.numbers[single], self.rows.numbers[groups.first[free]] + _GROUPS])
        drawn = np.concatenate([single, leader])
        sizes = np.concatenate([np.ones(len(single), np.int64), groups.sizes[free]])
        return Items(self.rows.strata[drawn], groups.units[drawn], orders, sizes)


def join(rows: Rows, edges: Edges, seed: int, extends: bool) -> Part:
    """What belongs together of some rows; ``extends``: whether the build has old rows at all."""
    old, wanted = (_given(rows, chosen) for chosen in (rows.old, ~rows.old))
    gone, beyond = np.flatnonzero(rows.pins == GONE), np.flatnonzero(rows.beyond)
    out = distinct(np.concatenate([wanted.rows[wanted.sides == OUT], beyond]))
    bridges, given = np.empty(0, np.int64), wanted
    if extends and edges.any():
        bridges, given = draw(edges.without(distinct(np.concatenate([out, gone]))), old, wanted)
    left = edges.without(distinct(np.concatenate([out, bridges])))
    members, labels = left.label()
    nowhere = np.concatenate([bridges, gone, beyond])
    pinned = _merge(old, given, Pinned(nowhere, np.full(len(nowhere), OUT, np.int8)))
    groups = gather(rows.keys, members, labels, seed, pinned)
    return Part(rows, edges, left, members, labels, pinned, bridges, groups)


def divide_part(
    part: Part, config: SplitConfig, seed: int, rows: int, cuts: Cuts | None = None, fill: np.ndarray | None = None
) -> tuple[np.ndarray, Counter[str]]:
    """What is `FOUND` of each row, and counters, of a build of so many ``rows``. ``cuts``: where the shares of strata
    end. ``fill``: rows that go to train, so that it is not empty."""
    cut = None
    if cuts is not None:
        items, alone = part.items(), int(part.groups.single.sum())
        reached = cuts.reached(items.classes, items.units, items.orders)
        cut = reached[:alone], reached[alone:]
    assigned = assign(part.groups, config, rows, part.pinned, cut)
    sides, found = assigned.sides, np.zeros(len(part.rows.numbers), FOUND)
    if fill is not None:
        sides[fill[sides[fill] != OUT]] = 0
    gone, beyond = np.flatnonzero(part.rows.pins == GONE), np.flatnonzero(part.rows.beyond)
    wanted = _given(part.rows, ~part.rows.old)
    aside = wanted.rows[wanted.sides == OUT]
    said = (assigned.surplus, assigned.whole, part.bridges, aside, beyond, gone)
    for number, places in enumerate(said, 1):
        found["code"][places] = number
    found["side"] = sides
    large = np.concatenate([assigned.surplus, assigned.whole])
    if len(large):
        counts = np.bincount(part.labels).astype(np.uint32)
        found["group"][large] = counts[part.labels[np.searchsorted(part.members, large)]]
    counters = Counter({f"rows_{name}": int((sides == i).sum()) for i, name in enumerate(SPLITS)})
    counters["noted"] = int((found["code"] > 0).sum())
    drawn = np.where(sides == OUT, OUT, draw_by_chance(part.rows.numbers, config, seed)).astype(np.int8)
    links = part.left.links()
    for name, outcome in (("ours", sides), ("random", drawn)):
        counters[f"held_{name}"] = int((outcome > 0).sum())
        if part.edges.any():
            counters.update({f"leak_{name}_{kind}": leaked for kind, leaked in leaks(outcome, part.edges).items()})
    counters.update({f"links_{kind}": links[kind] for kind in KINDS})
    return found, counters


def sum_up(counters: Counter[str]) -> dict[str, int]:
    """The counters of a build from the sums of those of its parts: integers, so shares travel in millionths."""
    summed = {name: counters[name] for name in (*(f"rows_{name}" for name in SPLITS), *(f"links_{k}" for k in KINDS))}
    for name in ("ours", "random"):
        held = max(counters[f"held_{name}"], 1)
        summed |= {f"leak_{name}_{k}": round(counters[f"leak_{name}_{k}"] / held * 1e6) for k in (*KINDS, ANY)}
    return summed | {"noted": counters["noted"]}


def name_codes(numbers: np.ndarray) -> pa.Array:
    """What is said of rows, from its numbers."""
    return pa.array([None, *SAID], pa.string()).take(pa.array(numbers))


def _given(rows: Rows, chosen: np.ndarray) -> Pinned:
    places = np.flatnonzero(chosen & (rows.pins >= OUT))
    return Pinned(places, rows.pins[places])


def _merge(*parts: Pinned) -> Pinned:
    """All rows whose side is given, ascending."""
    rows, sides = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    order = np.argsort(rows)
    return Pinned(rows[order], sides[order])
