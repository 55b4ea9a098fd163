"""How much of a benchmark item does a row contain?

Containment, not similarity: a row may be long and the item short. Coverage is the weighted share of the
item's shingles that the row has, so a row that shares only what every item says scores near zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sxl_data.decontaminate.shingles import shingle


class Match(NamedTuple):
    """What a row holds: its position, the part as ``benchmark: part``, and the share of it."""

    row: int
    part: str
    coverage: float


def match(texts: pa.Array, fingerprints: Mapping[str, pa.Table], threshold: float, min_shared: int = 4) -> list[Match]:
    """The best match of each row of ``texts`` that has one, in the order of the rows; of equal ones the first by name.

    A row matches a part when it holds at least ``threshold`` of its weight in ``min_shared`` or more shingles (all
    of them where a part has fewer). ``fingerprints`` are looked for by name, all in one pass over the texts.
    """
    if not fingerprints:
        return []
    hashes, rows = shingle(texts, np.concatenate([table["hash"].to_numpy() for table in fingerprints.values()]))
    best: dict[int, Match] = {}
    for name, table in fingerprints.items():
        for row, part, coverage in _covered(hashes, rows, table, threshold, min_shared):
            found = Match(row, f"{name}: {part}", coverage)
            if row not in best or (-coverage, found.part) < (-best[row].coverage, best[row].part):
                best[row] = found
    return [best[row] for row in sorted(best)]


def _covered(
    hashes: np.ndarray, rows: np.ndarray, fingerprint: pa.Table, threshold: float, min_shared: int
) -> list[tuple[int, str, float]]:
    """Row, part and coverage of the best match of each row that has one in ``fingerprint``."""
    known = fingerprint["hash"].to_numpy()
    first = np.searchsorted(known, hashes, "left")
    count = np.searchsorted(known, hashes, "right") - first
    hit = count > 0
    first, count, rows = first[hit], count[hit], rows[hit]
    if not len(rows):
        return []
    # Every hit shingle is expanded to the fingerprint entries that have it.
    entries = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
    part_column = fingerprint["part"].combine_chunks()
    part_of = part_column.indices.to_numpy()
    pairs = np.unique(np.stack([np.repeat(rows, count), entries], axis=1), axis=0)
    row, entry = pairs[:, 0], pairs[:, 1]
    n_parts = len(part_column.dictionary)
    size = np.bincount(part_of, minlength=n_parts)
    group, inverse, shared = np.unique(row * n_parts + part_of[entry], return_inverse=True, return_counts=True)
    coverage = np.bincount(inverse, weights=fingerprint["weight"].to_numpy()[entry])
    row, part = group // n_parts, group % n_parts
    enough = (coverage >= threshold - 1e-6) & (shared >= np.minimum(min_shared, size[part]))
    if not enough.any():
        return []
    row, part, coverage = row[enough], part[enough], coverage[enough]
    labels = part_column.dictionary.to_pylist()
    rank = np.empty(n_parts, dtype=np.int64)
    rank[sorted(range(n_parts), key=labels.__getitem__)] = np.arange(n_parts)
    order = np.lexsort((rank[part], -coverage, row))
    row, part, coverage = row[order], part[order], coverage[order]
    best = np.concatenate([[True], row[1:] != row[:-1]])
    return [(r, labels[p], c) for r, p, c in zip(row[best].tolist(), part[best].tolist(), coverage[best].tolist())]
