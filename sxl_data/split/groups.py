"""Which rows must stay on one side of a split.

Rows belong together when a chain of verified pairs links them (at the looser split threshold) or when
they share a group: a session, a repository, a task. Both are edges of one graph; its connected
components are the groups. Chains are wanted here, unlike in deduplication: nothing is dropped by them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sxl_data.contract.graph import components


def label(n: int, pairs: np.ndarray, groups: pa.Array) -> np.ndarray:
    """Smallest row of each row's component, shape ``(n,)``.

    ``pairs`` has shape ``(m, 2)``; ``groups`` has one name or null for each row.
    """
    edges = [pairs.astype(np.int64).reshape(-1, 2)]
    codes = groups.dictionary_encode().indices if not pa.types.is_dictionary(groups.type) else groups.indices
    valid = np.flatnonzero(np.asarray(codes.is_valid()))
    if len(valid):
        values = np.asarray(codes.drop_null())
        order = np.argsort(values, kind="stable")
        rows, values = valid[order], values[order]
        same = values[1:] == values[:-1]
        edges.append(np.stack([rows[:-1][same], rows[1:][same]], axis=1))
    linked = np.concatenate(edges)
    return components(n, linked[:, 0], linked[:, 1])
