"""What deduplication found: which rows stay, the kept twin of every other row, all verified pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sxl_data.dedup.clusters import components
from sxl_data.dedup.config import BORDERLINE, DedupConfig
from sxl_data.dedup.signatures import Sketches

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Pairs:
    """Verified pairs of rows; the left one is preferred to the right one."""

    left: np.ndarray
    """i64 (m,): row numbers."""
    right: np.ndarray
    """i64 (m,)."""
    shared: np.ndarray
    """u32 (m,): distinct shingles in both."""
    union: np.ndarray
    """u32 (m,): distinct shingles in either."""

    def __len__(self) -> int:
        return len(self.left)

    @classmethod
    def of(cls, table: pa.Table) -> Pairs:
        """The pairs of a table of left, right, shared, union."""
        left, right, shared, union = (table[name].to_numpy() for name in ("left", "right", "shared", "union"))
        return cls(left.astype(np.int64), right.astype(np.int64), shared, union)

    def table(self) -> pa.Table:
        """left, right, shared, union, u32 each."""
        import pyarrow as pa

        ends = {"left": self.left.astype(np.uint32), "right": self.right.astype(np.uint32)}
        return pa.table(ends | {"shared": self.shared, "union": self.union})

    @property
    def scores(self) -> np.ndarray:
        """f64 (m,): Jaccard similarities."""
        return np.asarray(self.shared / np.maximum(self.union, 1).astype(np.float64))

    def take(self, which: np.ndarray) -> Pairs:
        return Pairs(self.left[which], self.right[which], self.shared[which], self.union[which])

    def at_least(self, score: float) -> Pairs:
        return self.take(self.scores >= score)


@dataclass(frozen=True)
class DedupResult:
    """What happened to each of n rows, and why."""

    kept: np.ndarray
    """bool (n,)."""
    twin: np.ndarray
    """i64 (n,): the kept row that a dropped one duplicates, −1 for a kept row."""
    exact: np.ndarray
    """bool (n,): dropped, and equal to its twin after normalisation (D310; the other drops are D311)."""
    score: np.ndarray
    """f64 (n,): Jaccard similarity to the twin, NaN for a kept row."""
    shared: np.ndarray
    """u32 (n,): distinct shingles shared with the twin; 0 for kept rows and for exact duplicates."""
    union: np.ndarray
    """u32 (n,): distinct shingles in the row or its twin; 0 likewise."""
    pairs: Pairs
    """Verified pairs of distinct texts, from `threshold − MARGIN` on, or from `also_pairs_at` among kept rows."""
    unique: np.ndarray
    """i64 (u,): one row per distinct text, those that `sketches` holds."""
    stands: np.ndarray
    """i64 (n,): the row of `unique` with the same normalised text; a row without text stands for itself."""
    sketches: Sketches
    """Signatures of the rows in `unique`, in that order."""
    keys: np.ndarray
    """u64 (n, 2): exact keys."""
    complete: bool
    """False if, even in the last round, a bucket was too large for all its pairs to be compared."""
    config: DedupConfig
    store: np.ndarray
    """i16 (n,): the number of the store that `twin` is a row of; −1, nearly always, if it is one of these rows."""
    preference: np.ndarray | None
    """i64 (n,): each row's place in the order of preference; None for the order of the rows."""

    @property
    def clusters(self) -> np.ndarray:
        """i64 (n,): the kept row of each row's cluster; a kept row, or one dropped for a store's, names itself."""
        return np.where(self.kept | (self.store >= 0), np.arange(len(self.kept)), self.twin)

    def borderline(self, names: Callable[[np.ndarray], pa.Array]) -> pa.Table:
        """Pairs within BORDERLINE of the threshold as left, right, score, left_kept, right_kept, the closest first;
        `names` gives rows their ids."""
        return borderline(self.pairs, self.config.threshold, lambda rows: self.kept[rows], names)

    def groups(self, threshold: float) -> np.ndarray:
        """i64 (n,): one label per row, the smallest row number of its group; rows are in one group if linked by
        verified pairs that reach `threshold`, by equal texts, or as a dropped row and its twin. For splits."""
        linked, dropped = self.pairs.at_least(threshold), np.flatnonzero(~self.kept & (self.store < 0))
        left = np.concatenate((linked.left, self.stands, self.twin[dropped]))
        right = np.concatenate((linked.right, np.arange(len(self.kept)), dropped))
        return components(len(self.kept), left, right)


def borderline(
    pairs: Pairs, threshold: float, kept: Callable[[np.ndarray], np.ndarray], names: Callable[[np.ndarray], pa.Array]
) -> pa.Table:
    """The table of `DedupResult.borderline`; `kept` tells which of some rows stay, `names` gives them their ids."""
    import pyarrow as pa

    away = np.abs(pairs.scores - threshold)
    near = np.flatnonzero(away <= BORDERLINE + 1e-9)  # 0.72 - 0.7 is more than 0.02 in binary
    pairs = pairs.take(near)
    found = pa.table(
        {
            "left": names(pairs.left),
            "right": names(pairs.right),
            "score": pairs.scores,
            "left_kept": kept(pairs.left),
            "right_kept": kept(pairs.right),
            "away": away[near],
        }
    )
    return found.sort_by([(name, "ascending") for name in ("away", "left", "right")]).drop_columns("away")
