"""Which of two rows is the better one: by source, quality rank, id, place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


def rank_rows(
    n: int,
    ids: pa.Array | pa.ChunkedArray | None,
    rank: np.ndarray | None,
    sources: Sequence[str] | None,
    prefer: tuple[str, ...],
) -> np.ndarray | None:
    """i64 (n,): each row's place in the order of preference: by source, rank, id and row. None for the order of the
    rows themselves."""
    keys: list[np.ndarray] = []  # the last one counts first, as np.lexsort has it
    if ids is not None:
        keys.append(_id_ranks(ids))
    if rank is not None:
        keys.append(np.asarray(rank))
    if sources is not None and prefer:
        place = {name: k for k, name in enumerate(prefer)}
        keys.append(np.array([place.get(str(name), len(prefer)) for name in sources]))
    if not keys:
        return None
    places = np.empty(n, dtype=np.int64)
    places[np.lexsort(keys)] = np.arange(n)
    return places


def _id_ranks(ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(ids.type) and not ids.null_count:
        return np.asarray(ids.to_numpy())
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[pc.sort_indices(ids).to_numpy()] = np.arange(len(ids))
    return ranks
