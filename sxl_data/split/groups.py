"""Which rows must stay on one side of a split.

Rows belong together when a chain of edges links them: equal or near prompts, verified similar texts (at the looser
split threshold), an id that both state: an instance, a session, a repository. All are edges of one graph; its connected
components are the groups. Chains are wanted here, unlike in deduplication: nothing is dropped by them.
Rows without an edge, most of a corpus, are not held.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from sxl_data.contract.graph import find, hook

AT_ONCE = 1 << 20
"""Edges that are looked at together."""


def name_groups(groups: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """u64 ``(n,)``: a hash of each row's group name, 0 for none, so that shards can be compared without strings.
    Should two names ever share a hash, their rows share a side, which breaks no promise."""
    whole = groups.combine_chunks() if isinstance(groups, pa.ChunkedArray) else groups
    codes = whole.dictionary_encode()
    names = [max(1, xxhash.xxh3_64_intdigest(name.encode())) for name in codes.dictionary.to_pylist()]
    hashes = np.array([*names, 0], dtype=np.uint64)
    return hashes[codes.indices.fill_null(len(names)).to_numpy()]


def name_ids(group: pa.ChunkedArray, stated: pa.ChunkedArray) -> pa.ListArray:
    """For each row a list of u64: hashes of its group and of the ids that it states, each once."""
    lists = stated.combine_chunks()
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    groups = name_groups(group)
    own = np.flatnonzero(groups)
    owners = np.concatenate([own, rows]).astype(np.int64)
    names = np.concatenate([groups[own], name_groups(lists.flatten())])
    order = np.lexsort((names, owners))
    owners, names = owners[order], names[order]
    once = np.append(True, (owners[1:] != owners[:-1]) | (names[1:] != names[:-1]))[: len(owners)]
    counts = np.bincount(owners[once], minlength=len(lists)).astype(np.int64)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(names[once], pa.uint64()))


def label(pairs: np.ndarray, rows: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows that belong with others, ascending, and for each the place in that list of the first of its component.

    ``pairs`` are rows, shape ``(m, 2)``; row ``rows[k]`` is of the group ``groups[k]``, and may be of several.
    """
    order = np.argsort(groups, kind="stable").astype(np.uint32)
    rows, groups = rows[order].astype(np.uint32), groups[order]
    same = groups[1:] == groups[:-1]
    del order, groups
    first, second = rows[:-1][same], rows[1:][same]
    del rows, same
    links = ((pairs[:, 0], pairs[:, 1]), (first, second))
    parent = np.arange(max(int(side.max(initial=0)) for link in links for side in link) + 1, dtype=np.uint32)
    linked = np.zeros(len(parent), dtype=bool)
    for link in links:
        for begin in range(0, len(link[0]), AT_ONCE):
            one, other = (side[begin : begin + AT_ONCE].astype(np.uint32) for side in link)
            linked[one] = linked[other] = True
            hook(parent, one, other)
    for begin in range(0, len(parent), AT_ONCE):
        parent[begin : begin + AT_ONCE] = find(parent, np.arange(begin, min(begin + AT_ONCE, len(parent))))
    place = np.cumsum(linked, dtype=np.uint32) - np.uint32(1)
    members = np.flatnonzero(linked).astype(np.uint32)
    return members, place[parent[members]]
