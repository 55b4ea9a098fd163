"""Which side a group goes to.

The side follows from a hash of the group's smallest content digest and the seed. Content, not position:
adding a shard, or reading sources in another order, moves no old row. Only a build so small that nothing fell to
train breaks this: it gives train its first group.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

SPLITS = ("train", "validation", "test")
FEW = 10
"""Groups of the smallest builds, in which chance may leave train empty: there it is filled first."""


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

    def __post_init__(self) -> None:
        if abs(self.train + self.validation + self.test - 1) > 1e-6 or min(self.train, self.validation, self.test) < 0:
            raise ValueError("train, validation and test shares that add up to 1")


def assign(
    shards: Iterable[np.ndarray], members: np.ndarray, labels: np.ndarray, config: SplitConfig, seed: int
) -> np.ndarray:
    """The split of every row as an index into `SPLITS`, i8 ``(n,)``.

    ``shards`` are the 128-bit digests of the rows' texts as two u64, each of shape ``(rows, 2)``, looked at one after
    the other: only those of ``members``, the rows that belong with others, are held. ``labels`` are their components
    (`groups.label`). Of at most `FEW` groups that chance left all out of train, the nearest goes there.
    """
    sides, contents, first = [], np.empty((len(members), 2), dtype=np.uint64), 0
    nearest = (1.0, -1)  # of the rows that belong with no other, the one nearest to train
    for digests in shards:
        units = _unit(digests, seed)
        sides.append(_sides(units, config))
        begin, end = np.searchsorted(members, (first, first + len(digests)))
        contents[begin:end] = digests[members[begin:end] - first]
        units[members[begin:end] - first] = 1.0
        if len(units):
            nearest = min(nearest, (float(units.min()), first + int(units.argmin())))
        first += len(digests)
    out = np.concatenate([np.empty(0, np.int8), *sides])
    order = np.lexsort((contents[:, 1], contents[:, 0], labels))
    smallest = np.diff(labels[order], prepend=-1) != 0
    group = np.cumsum(smallest) - 1
    units = _unit(contents[order[smallest]], seed)
    out[members[order]] = _sides(units, config)[group]
    if config.train > 0 and 0 < len(out) - len(members) + len(units) <= FEW and not (out == 0).any():
        if len(units) and units.min() < nearest[0]:
            out[members[order]] = np.where(group == units.argmin(), 0, out[members[order]])
        else:
            out[nearest[1]] = 0
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


def leakage(sides: np.ndarray, pairs: np.ndarray) -> float:
    """Share of test rows that have a partner of ``pairs`` (shape ``(m, 2)``) in train."""
    test = int((sides == 2).sum())
    if not test or not len(pairs):
        return 0.0
    leaked = [one[(sides[one] == 2) & (sides[other] == 0)] for one, other in (pairs.T, pairs[:, ::-1].T)]
    return len(np.unique(np.concatenate(leaked))) / test


def _sides(units: np.ndarray, config: SplitConfig) -> np.ndarray:
    bounds = np.cumsum([config.train, config.validation, config.test])[:-1]
    return np.searchsorted(bounds, units, "right").astype(np.int8)


def _unit(digests: np.ndarray, seed: int) -> np.ndarray:
    """Numbers in [0, 1) from digests of shape ``(n, 2)`` and the seed, by the splitmix64 finaliser."""
    with np.errstate(over="ignore"):
        value = digests[:, 0] ^ (digests[:, 1] + np.uint64(seed % 2**64) * np.uint64(0x9E3779B97F4A7C15))
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        value = value ^ (value >> np.uint64(31))
    return (value >> np.uint64(11)).astype(np.float64) / 2**53
