"""Candidates of a whole build to verified pairs, one chunk of candidates at a time.

In: pairs of rows and the shards' mapped texts. Out: those that reach a similarity, with the shingles that they share
and have together. Only the texts of these rows are read, where the first reading left them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sxl_data.dedup.parts.shards import Shards
from sxl_data.dedup.result import Pairs
from sxl_data.dedup.shingles import Shingling
from sxl_data.dedup.signatures import SMALL
from sxl_data.dedup.verify import measure_overlaps


def verify_pairs(
    shards: Shards,
    pairs: pa.Table,
    floor: float,
    shingling: Shingling,
    memory: int,
    workers: int | None = None,
    compiled: bool | None = None,
) -> pa.Table:
    """left, right, shared, union, u32, of the ``pairs`` (left, right) whose similarity is at least ``floor``.
    ``memory`` is the bytes that their shingles may take at a time."""
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    rows, where = np.unique(np.concatenate((left, right)), return_inverse=True)
    texts = shards.locate(rows)
    one, two = where[: len(left)], where[len(left) :]
    compiled = texts.total_bytes > SMALL if compiled is None else compiled
    shared, union = measure_overlaps(
        texts, shards.shingles(rows), one, two, shingling, memory=memory, workers=workers, compiled=compiled
    )
    return Pairs(left, right, shared, union).at_least(floor).table()
