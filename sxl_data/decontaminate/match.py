"""How much of a benchmark item does a row contain?

Containment, not similarity: a row may be long and the item short. Coverage is the weighted share of the
item's shingles that the row has, so a row that shares only what every item says scores near zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sxl_data.decontaminate.shingles import shingle


class Matches(NamedTuple):
    """The best match of each matching row: its position, the part it covers, and how much of it."""

    rows: np.ndarray
    parts: list[str]
    coverage: np.ndarray


def match(texts: pa.Array, fingerprint: pa.Table, threshold: float, min_shared: int = 4) -> Matches:
    """Rows of ``texts`` that hold at least ``threshold`` of some part's weight in ``min_shared`` or more
    shingles (all of them where a part has fewer)."""
    hashes, rows = shingle(texts)
    known = fingerprint["hash"].to_numpy()
    first = np.searchsorted(known, hashes, "left")
    count = np.searchsorted(known, hashes, "right") - first
    hit = count > 0
    first, count, rows = first[hit], count[hit], rows[hit]
    if not len(rows):
        return Matches(np.empty(0, np.int64), [], np.empty(0))
    # Every hit shingle is expanded to the fingerprint entries that have it.
    entries = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
    part_column = fingerprint["part"].combine_chunks()
    part_of = part_column.indices.to_numpy()
    pairs = np.unique(np.stack([np.repeat(rows, count), entries], axis=1), axis=0)
    row, entry = pairs[:, 0], pairs[:, 1]
    n_parts = len(part_column.dictionary)
    size = np.bincount(part_of, minlength=n_parts)
    group, inverse, shared = np.unique(
        row * n_parts + part_of[entry], return_inverse=True, return_counts=True
    )
    coverage = np.bincount(inverse, weights=fingerprint["weight"].to_numpy()[entry])
    row, part = group // n_parts, group % n_parts
    enough = (coverage >= threshold - 1e-6) & (shared >= np.minimum(min_shared, size[part]))
    row, part, coverage = row[enough], part[enough], coverage[enough]
    order = np.lexsort((part, -coverage, row))
    row, part, coverage = row[order], part[order], coverage[order]
    best = np.concatenate([[True], row[1:] != row[:-1]]) if len(row) else np.empty(0, bool)
    labels = part_column.dictionary.to_pylist()
    return Matches(row[best], [labels[p] for p in part[best]], coverage[best])
