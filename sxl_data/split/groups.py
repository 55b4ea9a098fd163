"""Which rows must stay on one side of a split.

Rows belong together when a chain of verified pairs links them (at the looser split threshold) or when
they share a group: a session, a repository, a task. Both are edges of one graph; its connected
components are the groups. Chains are wanted here, unlike in deduplication: nothing is dropped by them.
Rows without an edge, most of a corpus, are not held.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import xxhash

from sxl_data.contract.graph import components


def name_groups(groups: pa.ChunkedArray) -> np.ndarray:
    """u64 ``(n,)``: a hash of each row's group name, 0 for none, so that shards can be compared without strings.
    Should two names ever share a hash, their rows share a side, which breaks no promise."""
    codes = groups.combine_chunks().dictionary_encode()
    names = [max(1, xxhash.xxh3_64_intdigest(name.encode())) for name in codes.dictionary.to_pylist()]
    hashes = np.array([*names, 0], dtype=np.uint64)
    return hashes[codes.indices.fill_null(len(names)).to_numpy()]


def label(pairs: np.ndarray, rows: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows that belong with others, ascending, and for each the place in that list of the first of its component.

    ``pairs`` are rows, shape ``(m, 2)``; row ``rows[k]`` is of the group ``groups[k]``.
    """
    order = np.argsort(groups, kind="stable").astype(np.uint32)
    rows, groups = rows[order].astype(np.uint32), groups[order]
    same = groups[1:] == groups[:-1]
    del order, groups
    first, second = rows[:-1][same], rows[1:][same]
    del rows
    ends = pairs.astype(np.uint32)
    members = np.unique(np.concatenate([ends.ravel(), first, second]))
    left, right = (
        np.searchsorted(members, np.concatenate([ends[:, side], chain])) for side, chain in enumerate((first, second))
    )
    del first, second
    return members, components(len(members), left, right)
