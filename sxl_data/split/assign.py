"""Which side a group goes to.

The side follows from a hash of the group's smallest content digest and the seed. Content, not position:
adding a shard, or reading sources in another order, moves no old row.
"""

from __future__ import annotations

import msgspec
import numpy as np

SPLITS = ("train", "validation", "test")


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
        if (
            abs(self.train + self.validation + self.test - 1) > 1e-6
            or min(self.train, self.validation, self.test) < 0
        ):
            raise ValueError("train, validation and test shares that add up to 1")


def assign(labels: np.ndarray, contents: np.ndarray, config: SplitConfig, seed: int) -> np.ndarray:
    """The split of every row as an index into `SPLITS`, shape ``(n,)``.

    ``labels`` are components (`groups.label`), shape ``(n,)``; ``contents`` is the 128-bit digest of
    every row's text as two u64, shape ``(n, 2)``.
    """
    order = np.lexsort((contents[:, 1], contents[:, 0], labels))
    first = np.concatenate([[True], np.diff(labels[order]) != 0]) if len(order) else np.empty(0, bool)
    group = np.cumsum(first) - 1
    bounds = np.cumsum([config.train, config.validation])
    sides = np.searchsorted(bounds, _unit(contents[order[first]], seed), "right").astype(np.int8)
    out = np.empty(len(labels), dtype=np.int8)
    out[order] = sides[group]
    return out


def random_split(n: int, config: SplitConfig, seed: int) -> np.ndarray:
    """What a plain random split would do, for comparison; shape ``(n,)``."""
    order = np.random.default_rng(seed).permutation(n)
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
    both = np.concatenate([pairs, pairs[:, ::-1]])
    leaked = np.unique(both[(sides[both[:, 0]] == 2) & (sides[both[:, 1]] == 0), 0])
    return len(leaked) / test


def _unit(digests: np.ndarray, seed: int) -> np.ndarray:
    """Numbers in [0, 1) from digests of shape ``(n, 2)`` and the seed, by the splitmix64 finaliser."""
    with np.errstate(over="ignore"):
        value = digests[:, 0] ^ (digests[:, 1] + np.uint64(seed % 2**64) * np.uint64(0x9E3779B97F4A7C15))
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        value = value ^ (value >> np.uint64(31))
    return (value >> np.uint64(11)).astype(np.float64) / 2**53
