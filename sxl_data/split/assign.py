"""Which side a group goes to.

The side follows from a hash of the group's smallest content digest and the seed. Content, not position:
adding a shard, or reading sources in another order, moves no old row. Three things come before it: rows whose side is
given (`Pinned`) take their whole group along; a group larger than `SplitConfig.largest` goes to train, or only that
much of it is kept; and a build so small that nothing fell to train gives train its first group. Rows may come some at a
time, each with all that it belongs with.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec
import numpy as np

SPLITS = ("train", "validation", "test")
OUT = -1
"""The side of a row that is in no split."""
FEW = 10
"""Groups of the smallest builds, in which chance may leave train empty: there it is filled first. And rows that a group
may always have."""
_CHANCE = 0xC4A2CE


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


class Groups(NamedTuple):
    """Rows as they are drawn. ``units`` are of all rows, and ``single`` says which are drawn alone; ``members`` belong
    with others, ``group`` is the number of each one's. Of each group ``leader`` is the row with the smallest digest, by
    which it is drawn, ``first`` its first row, ``sizes`` its rows, ``given`` its side, `OUT` if it is drawn; then
    ``ranked`` are the members in order of group and digest, as places in ``members``."""

    units: np.ndarray
    single: np.ndarray
    members: np.ndarray
    group: np.ndarray
    leader: np.ndarray
    first: np.ndarray
    sizes: np.ndarray
    given: np.ndarray
    ranked: np.ndarray

    def total(self) -> int:
        """Groups, a row that belongs with no other being one."""
        return len(self.units) - len(self.members) + len(self.sizes)

    def nearest(self) -> tuple[float, int, np.ndarray]:
        """Of what is drawn the nearest to train: its unit, whether it is a group, and its rows."""
        free = np.where(self.given == OUT, self.units[self.leader], 1.0)
        alone = np.where(self.single, self.units, 1.0)
        if len(free) and free.min() < alone.min(initial=1.0):
            return float(free.min()), 1, self.members[self.group == free.argmin()]
        return float(alone.min(initial=1.0)), 0, np.flatnonzero(self.single)[np.argsort(self.units[self.single])[:1]]


class Assigned(NamedTuple):
    """``sides``: of every row, an index into `SPLITS` or `OUT`, i8 ``(n,)``. ``surplus``: rows that are out because
    their group was too large; ``whole``: rows that are in train because of that."""

    sides: np.ndarray
    surplus: np.ndarray
    whole: np.ndarray


NOTHING = Pinned(np.empty(0, np.int64), np.empty(0, np.int8))


def gather(digests: np.ndarray, members: np.ndarray, labels: np.ndarray, seed: int, pinned: Pinned = NOTHING) -> Groups:
    """Some rows with all that belong with them. ``digests`` are the 128-bit ones of their texts as two u64, of shape
    ``(rows, 2)``; ``members`` belong with others, and ``labels`` are their components (`groups.label`)."""
    units, single = unit_of(digests, seed), np.ones(len(digests), dtype=bool)
    single[members] = False
    single[pinned.rows] = False
    count, group = _number(labels)
    high, low = digests[members].T
    ranked = np.lexsort((low, high, group))
    leader = members[ranked[np.flatnonzero(np.diff(group[ranked].astype(np.int64), prepend=-1))]]
    first = members[labels == np.arange(len(labels))]
    sizes, given = np.bincount(group, minlength=count), _given(members, group, count, pinned)
    return Groups(units, single, members, group, leader, first, sizes, given, ranked)


def assign(
    groups: Groups,
    config: SplitConfig,
    rows: int,
    pinned: Pinned = NOTHING,
    cut: tuple[np.ndarray, np.ndarray] | None = None,
) -> Assigned:
    """The split of every row of some groups, where the build has ``rows`` in all.

    ``cut`` are the sides of what is drawn, of single rows and of groups, where they follow from what else there is: a
    stratified split. Else each one's unit says it.
    """
    most, (singles, drawn) = max(int(config.largest * rows), FEW), cut or (None, None)
    sides = _sides(groups.units, config)
    if singles is not None:
        sides[groups.single] = singles
    group_sides = _sides(groups.units[groups.leader], config)
    if drawn is not None:
        group_sides[groups.given == OUT] = drawn
    large = (groups.sizes > most) & (groups.given == OUT) & (config.train > 0)
    if config.oversized == "train":
        group_sides[large] = 0
    sides[groups.members] = np.where(groups.given == OUT, group_sides, groups.given)[groups.group]
    sides[pinned.rows] = pinned.sides
    if config.oversized == "train":
        return Assigned(sides, groups.members[:0], groups.members[np.flatnonzero(large[groups.group])])
    order = groups.ranked[large[groups.group[groups.ranked]]]
    group = groups.group[order]
    place = np.arange(len(order)) - np.searchsorted(group, group)
    surplus = np.sort(groups.members[order[place >= most]])
    sides[surplus] = OUT
    return Assigned(sides, surplus, groups.members[:0])


def _number(labels: np.ndarray) -> tuple[int, np.ndarray]:
    """How many groups there are, and the number of each member's, u32."""
    first = labels == np.arange(len(labels))
    return int(first.sum()), (np.cumsum(first, dtype=np.uint32) - np.uint32(1))[labels]


def draw_by_chance(rows: np.ndarray, config: SplitConfig, seed: int) -> np.ndarray:
    """What a plain random split would do with rows, by their numbers alone, for comparison; i8 ``(n,)``."""
    numbers = np.stack([rows.astype(np.uint64), np.zeros(len(rows), np.uint64)], axis=1)
    return _sides(unit_of(numbers, seed + _CHANCE), config)


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
