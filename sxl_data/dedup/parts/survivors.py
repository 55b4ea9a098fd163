"""Verified pairs of a whole build to survivors, and to what is said about the rows that go.

In: pairs of rows from any number of tasks, in any order, perhaps some twice. Out: for every row that is dropped for a
near one its twin and their overlap; the rows that another round must compare; at the end the drops of some shards, all
pairs and those near the threshold. Only rows of some pair are held, so memory follows the clusters. The
rounds are those of `rounds.search`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sxl_data.dedup.clusters import keep_best, survive
from sxl_data.dedup.parts.shards import Shards
from sxl_data.dedup.result import Pairs, borderline

DROPS_SCHEMA = pa.schema(
    [
        ("trace_id", pa.string()),
        ("code", pa.string()),
        ("detail", pa.string()),
        ("twin_id", pa.string()),
        ("score", pa.float64()),
    ]
)


def orient(shards: Shards, pairs: Pairs) -> Pairs:
    """Each of ``pairs`` once, the preferred row on the left, by left and right."""
    pairs = prefer_left(shards, pairs)
    _, once = np.unique((pairs.left << 32) | pairs.right, return_index=True)
    return pairs.take(once)


def prefer_left(shards: Shards, pairs: Pairs) -> Pairs:
    """``pairs`` with the preferred row on the left."""
    _, one, two = shards.rank(pairs.left, pairs.right)
    turned = one > two
    left, right = np.where(turned, pairs.right, pairs.left), np.where(turned, pairs.left, pairs.right)
    return Pairs(left, right, pairs.shared, pairs.union)


def choose_survivors(
    shards: Shards, pairs: Pairs, threshold: float, first_cut: np.ndarray, cut: np.ndarray, before: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The rows that fall at ``threshold``, of ``pairs`` that each stand once, the preferred row on the left; and the
    rows that another round must compare; u32, ascending. ``cut`` are the rows of buckets cut in this round,
    ``first_cut`` in the first one, ``before`` the rows that the round before dropped."""
    strong = pairs.at_least(threshold)
    by_place, one, two = shards.rank(strong.left, strong.right)
    dropped = np.sort(by_place[~survive(len(by_place), one, two)]).astype(np.uint32)
    return dropped, ask_again(dropped, first_cut, cut, before)


def ask_again(dropped: np.ndarray, first_cut: np.ndarray, cut: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The rows that another round must compare, of those of `choose_survivors`; all are distinct."""
    # Only a cut bucket can hold a pair not compared yet. A row that came back was absent from later rounds, so it
    # meets again whoever was in the buckets cut at first.
    back = len(np.setdiff1d(before, dropped, assume_unique=True)) > 0
    return np.setdiff1d(first_cut if back else cut, dropped, assume_unique=True).astype(np.uint32)


def name_twins(shards: Shards, pairs: Pairs, threshold: float) -> pa.Table:
    """row, twin, shared, union: of the same ``pairs`` the rows that fall, ascending, each with the kept row that it
    resembles most."""
    strong = pairs.at_least(threshold)
    by_place, one, two = shards.rank(strong.left, strong.right)
    twin, pair = keep_best(len(by_place), one, two, strong.scores)
    fallen = np.flatnonzero(twin >= 0)
    fallen = fallen[np.argsort(by_place[fallen])]
    via = strong.take(pair[fallen])
    ends = {name: by_place[rows].astype(np.uint32) for name, rows in (("row", fallen), ("twin", twin[fallen]))}
    return pa.table(ends | {"shared": via.shared, "union": via.union})


def near_threshold(shards: Shards, pairs: Pairs, near: pa.Table, threshold: float) -> pa.Table:
    """The `borderline` of oriented ``pairs``; ``near`` ascends by the rows that fell."""
    fallen = near["row"].to_numpy()

    def kept(rows: np.ndarray) -> np.ndarray:
        if not len(fallen):
            return np.ones(len(rows), dtype=bool)
        rows = rows.astype(fallen.dtype)
        return np.asarray(fallen[np.minimum(np.searchsorted(fallen, rows), len(fallen) - 1)] != rows)

    return borderline(pairs, threshold, kept, shards.ids)


def judge(stands: np.ndarray, near: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The kept twin of rows whose texts are those of the rows ``stands``, the shingles shared and together (0 where the
    texts are equal), and whether the twin is a near one. A copy of a row that itself fell belongs to that row's twin:
    its twin must be kept. ``near`` is that of `Survivors`."""
    known = near["row"].to_numpy()
    at = np.minimum(np.searchsorted(known, stands), max(len(known) - 1, 0))
    fell = known[at] == stands if len(known) else np.zeros(len(stands), dtype=bool)
    twin, shared, union = stands.copy(), *np.zeros((2, len(stands)), dtype=np.uint32)
    for name, column in (("twin", twin), ("shared", shared), ("union", union)):
        column[fell] = near[name].to_numpy()[at[fell]]
    return twin, shared, union, fell


def name_drops(shards: Shards, duplicates: list[pa.Table], near: pa.Table, begin: int, end: int) -> list[pa.Table]:
    """The drops, a table of `DROPS_SCHEMA`, of each of the shards from ``begin`` to before ``end``. ``duplicates`` are
    tables of row and stands, the row with the same text that was compared; both they and ``near`` ascend by row."""
    low, high = shards.first[begin], shards.first[end]
    parts = [_between(table, low, high) for table in duplicates]
    row = np.concatenate([np.zeros(0, np.uint32), *(part["row"].to_numpy() for part in parts)])
    stands = np.concatenate([np.zeros(0, np.uint32), *(part["stands"].to_numpy() for part in parts)])
    fallen = _between(near, low, high)["row"].to_numpy()
    row, stands = np.concatenate((row, fallen)), np.concatenate((stands, fallen))
    order = np.argsort(row)
    row, stands = row[order], stands[order]
    twin, shared, union, fell = judge(stands, near)
    score = np.where(fell, shared / np.maximum(union, 1).astype(np.float64), 1.0)
    details = [
        f"{a} of {b} shingles shared" if resembles else "the same text"
        for resembles, a, b in zip(fell.tolist(), shared.tolist(), union.tolist())
    ]
    drops = pa.table(
        {
            "trace_id": shards.ids(row),
            "code": pa.array(np.where(fell, "D311", "D310")),
            "detail": pa.array(details, pa.string()),
            "twin_id": shards.ids(twin),
            "score": score,
        },
        schema=DROPS_SCHEMA,
    )
    cuts = np.searchsorted(row, shards.first[begin : end + 1])
    return [drops.slice(a, b - a) for a, b in zip(cuts[:-1].tolist(), cuts[1:].tolist())]


def _between(table: pa.Table, low: int, high: int) -> pa.Table:
    """The rows of a table, ascending by row, whose number is from ``low`` to before ``high``."""
    a, b = np.searchsorted(table["row"].to_numpy(), np.array([low, high], dtype=np.uint32))
    return table.slice(int(a), int(b - a))
