"""Which side a group goes to.

The side follows from a hash of the group's smallest content digest and the seed. Content, not position:
adding a shard, or reading sources in another order, moves no old row. Three things come before it: rows whose side is
given (`Pinned`) take their whole group along; a group larger than `SplitConfig.largest` goes to train, or only that
much of it is kept; and a build so small that nothing fell to train gives train its first group.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec
import numpy as np

SPLITS = ("train", "validation", "test")
OUT = -1
"""The side of a row that is in no split."""
FEW = 10
"""Groups of the smallest builds, in which chance may leave train empty: there it is filled first. And rows that a group
may always have."""


class SplitConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How rows are divided."""

    train: float = 0.8
    """Share of the training split."""
    validation: float = 0.1
    """Share of the validation split."""
    test: float = 0.1
    """Share of the test split."""
    threshold: float = 0.5
    """No verified pair at or above this Jaccard similarity straddles two splits."""
    task_threshold: float = 0.6
    """Nor do two rows whose tasks, the prompts, are this similar: Jaccard similarity of their runs of three words,
    whatever the answers are. Rows of equal tasks, case and spacing apart, never do."""
    group: str | tuple[str, ...] = ()
    """Keys of the sources' rows, such as `customer` or `info.project`: rows that share a value of one stay on one side.
    Instances, tasks, sessions, repositories and notebooks that rows state are known without it."""
    largest: float = 0.1
    """Share of all rows beyond which a group of rows that belong together, if it has more than ten, counts as too large
    to be drawn for a split."""
    stratify: tuple[Literal["source", "kind", "language", "length"], ...] = ()
    """What every split gets its share of: each source, kind, language or bucket of lengths, or each combination of
    several. Without it chance decides, by each row's text alone, and no row moves when sources are added; with it rows
    at the edge of a share may, unless the build extends the one before. The first row of a group stands for it."""
    oversized: Literal["train", "drop"] = "train"
    """What happens to such a group. train: it goes there whole; drop: what is beyond `largest` is dropped and the rest
    is drawn like any group. The ledger names the rows."""

    def __post_init__(self) -> None:
        if abs(self.train + self.validation + self.test - 1) > 1e-6 or min(self.train, self.validation, self.test) < 0:
            raise ValueError("train, validation and test shares that add up to 1")
        if not 0.2 <= self.task_threshold <= 1:
            raise ValueError(f"a task_threshold from 0.2 to 1, not {self.task_threshold}")
        if not 0 < self.largest <= 1:
            raise ValueError(f"largest above 0 and at most 1, not {self.largest}")
        if any(not name.strip() for name in self.group_keys):
            raise ValueError("names of keys in group, not an empty one")

    @property
    def group_keys(self) -> tuple[str, ...]:
        """`group` as the names in it."""
        return (self.group,) if isinstance(self.group, str) else self.group


class Pinned(NamedTuple):
    """Rows whose side is given, ascending, and that side: an index into `SPLITS`, or `OUT`."""

    rows: np.ndarray
    sides: np.ndarray


class Assigned(NamedTuple):
    """``sides``: of every row, an index into `SPLITS` or `OUT`, i8 ``(n,)``. ``surplus``: rows that are out because
    their group was too large; ``whole``: rows that are in train because of that."""

    sides: np.ndarray
    surplus: np.ndarray
    whole: np.ndarray


NOTHING = Pinned(np.empty(0, np.int64), np.empty(0, np.int8))


def assign(
    shards: Iterable[np.ndarray],
    members: np.ndarray,
    labels: np.ndarray,
    config: SplitConfig,
    seed: int,
    pinned: Pinned = NOTHING,
    strata: np.ndarray | None = None,
) -> Assigned:
    """The split of every row.

    ``shards`` are the 128-bit digests of the rows' texts as two u64, each of shape ``(rows, 2)``, looked at one after
    the other: of ``members``, the rows that belong with others, the smallest one of each group is held, and all of them
    only where the surplus of large groups is dropped. ``labels`` are their components (`groups.label`). ``strata``, u64
    ``(n,)``, are what is shared out evenly, if anything is: then 24 bytes of each row are held. Of at most `FEW` groups
    that chance left all out of train, the nearest goes there.
    """
    count, group = _number(labels)
    smallest, sides, first = _Smallest(count), [], 0
    ranked = np.empty((len(members) if config.oversized == "drop" else 0, 2), dtype=np.uint64)
    alone: list[np.ndarray] = []  # units of all rows, those with others at 1; only of a stratified split
    nearest = (1.0, -1)  # of the rows that belong with no other, the one nearest to train
    for digests in shards:
        units = unit_of(digests, seed)
        sides.append(_sides(units, config))
        begin, end = np.searchsorted(members, (first, first + len(digests)))
        here = members[begin:end] - first
        smallest.see(group[begin:end], digests[here], members[begin:end])
        ranked[begin:end] = digests[here][: len(ranked[begin:end])]
        units[here] = 1.0
        begin, end = np.searchsorted(pinned.rows, (first, first + len(digests)))
        units[pinned.rows[begin:end] - first] = 1.0
        if len(units) and units.min() < nearest[0]:
            nearest = (float(units.min()), first + int(units.argmin()))
        if strata is not None:
            alone.append(units)
        first += len(digests)
    out = np.concatenate([np.empty(0, np.int8), *sides])
    units = unit_of(smallest.digests, seed)
    sizes, most = np.bincount(group, minlength=count), max(int(config.largest * first), FEW)
    places, given = units, _given(members, group, count, pinned)
    if strata is not None:
        places = _stratify(out, alone, units, sizes, given, smallest.rows, strata, config)
    group_sides = _sides(places, config)
    large = (sizes > most) & (given == OUT) & (config.train > 0)
    if config.oversized == "train":
        group_sides[large] = 0
    group_sides = np.where(given == OUT, group_sides, given)
    out[members] = group_sides[group]
    out[pinned.rows] = pinned.sides
    if config.train > 0 and 0 < len(out) - len(members) + count <= FEW and not (out == 0).any():
        free = np.where(given == OUT, units, 1.0)
        if len(free) and free.min() < nearest[0]:
            out[members] = np.where(group == free.argmin(), 0, out[members])
        elif nearest[1] >= 0:
            out[nearest[1]] = 0
    affected = np.flatnonzero(large[group])
    if config.oversized == "train":
        return Assigned(out, members[:0], members[affected])
    order = affected[np.lexsort((ranked[affected, 1], ranked[affected, 0], group[affected]))]
    place = np.arange(len(order)) - np.searchsorted(group[order], group[order])
    surplus = np.sort(members[order[place >= most]])
    out[surplus] = OUT
    return Assigned(out, surplus, members[:0])


def _number(labels: np.ndarray) -> tuple[int, np.ndarray]:
    """How many groups there are, and the number of each member's, u32."""
    first = labels == np.arange(len(labels))
    return int(first.sum()), (np.cumsum(first, dtype=np.uint32) - np.uint32(1))[labels]


class _Smallest:
    """Of each group the smallest digest seen, u64 ``(groups, 2)``, and the first row that has it."""

    def __init__(self, groups: int) -> None:
        self.digests, self.rows = np.zeros((groups, 2), dtype=np.uint64), np.full(groups, -1, dtype=np.int64)

    def see(self, groups: np.ndarray, digests: np.ndarray, rows: np.ndarray) -> None:
        """Some ascending rows, all of which come after those seen before."""
        order = np.lexsort((digests[:, 1], digests[:, 0], groups))
        order = order[np.diff(groups[order].astype(np.int64), prepend=-1) != 0]
        groups, digests, rows = groups[order], digests[order], rows[order]
        (high, low), (best_high, best_low) = digests.T, self.digests[groups].T
        better = (self.rows[groups] < 0) | (high < best_high) | ((high == best_high) & (low < best_low))
        groups = groups[better]
        self.digests[groups], self.rows[groups] = digests[better], rows[better]


def _stratify(
    out: np.ndarray,
    alone: list[np.ndarray],
    units: np.ndarray,
    sizes: np.ndarray,
    given: np.ndarray,
    first: np.ndarray,
    strata: np.ndarray,
    config: SplitConfig,
) -> np.ndarray:
    """Set the sides of the rows that belong with no other by their places within their strata, and return the places of
    the groups, whose ``first`` rows stand for them."""
    single = np.concatenate([np.empty(0), *alone])
    rows, free = np.flatnonzero(single < 1), np.flatnonzero(given == OUT)
    places = rank(
        np.concatenate([single[rows], units[free]]),
        np.concatenate([np.ones(len(rows), np.int64), sizes[free]]),
        np.concatenate([strata[rows], strata[first[free]]]),
    )
    out[rows] = _sides(places[: len(rows)], config)
    found = units.copy()
    found[free] = places[len(rows) :]
    return found


def rank(units: np.ndarray, sizes: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """The place of each unit within its stratum: the share of the stratum's rows before the middle of it."""
    order = np.lexsort((units, strata))
    size, stratum = sizes[order].astype(np.float64), strata[order]
    starts = np.flatnonzero(np.append(True, stratum[1:] != stratum[:-1])[: len(order)])
    before = np.cumsum(size) - size
    number = np.searchsorted(starts, np.arange(len(order)), "right") - 1
    totals = np.add.reduceat(size, starts) if len(starts) else size
    out = np.empty(len(order))
    out[order] = (before - before[starts][number] + size / 2) / totals[number]
    return out


def random_split(n: int, config: SplitConfig, seed: int) -> np.ndarray:
    """What a plain random split would do, for comparison; shape ``(n,)``."""
    order = np.arange(n, dtype=np.uint32)
    np.random.default_rng(seed).shuffle(order)
    sides = np.zeros(n, dtype=np.int8)
    first, second = round(n * config.train), round(n * (config.train + config.validation))
    sides[order[first:second]] = 1
    sides[order[second:]] = 2
    return sides


def _given(rows: np.ndarray, group: np.ndarray, count: int, pinned: Pinned) -> np.ndarray:
    """The side that pinned rows give to each of ``count`` groups, the first one of several; `OUT` for none."""
    given = np.full(count, len(SPLITS), dtype=np.int8)
    at = np.searchsorted(pinned.rows, rows)
    there = np.flatnonzero(np.append(pinned.rows, -1)[at] == rows)
    sides = pinned.sides[at[there]]
    inside = sides != OUT
    np.minimum.at(given, group[there[inside]], sides[inside])
    given[given == len(SPLITS)] = OUT
    return given


def _sides(units: np.ndarray, config: SplitConfig) -> np.ndarray:
    bounds = np.cumsum([config.train, config.validation, config.test])[:-1]
    return np.searchsorted(bounds, units, "right").astype(np.int8)


def unit_of(digests: np.ndarray, seed: int) -> np.ndarray:
    """Numbers in [0, 1) from digests of shape ``(n, 2)`` and the seed, by the splitmix64 finaliser."""
    with np.errstate(over="ignore"):
        value = digests[:, 0] ^ (digests[:, 1] + np.uint64(seed % 2**64) * np.uint64(0x9E3779B97F4A7C15))
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        value = value ^ (value >> np.uint64(31))
    return (value >> np.uint64(11)).astype(np.float64) / 2**53
