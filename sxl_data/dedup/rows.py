"""Where each text of an Arrow column lies in memory, so that kernels read it in place.

In: an Arrow array or chunked array of strings (`string` or `large_string`). Out: one address and one length per
row. Nothing is copied but the few rows at the end of a chunk's buffer: the kernels read whole blocks, up to 96
bytes past a row, and those rows move to a padded buffer of their own.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

SLACK = 96
"""Bytes after the end of every row that may be read."""


@dataclass(frozen=True)
class Rows:
    """Texts by address. A null is an empty text."""

    addresses: np.ndarray
    """u64 (n,): where the text begins."""
    lengths: np.ndarray
    """i64 (n,): its bytes."""
    owners: list[Any] = field(default_factory=list)
    """What must stay alive while the addresses are used."""

    def __len__(self) -> int:
        return len(self.addresses)

    def take(self, indices: np.ndarray) -> Rows:
        return Rows(self.addresses[indices], self.lengths[indices], self.owners)

    def text(self, index: int) -> bytes:
        """A copy of one row's bytes."""
        return ctypes.string_at(int(self.addresses[index]), int(self.lengths[index]))

    @property
    def total_bytes(self) -> int:
        return int(self.lengths.sum())


def locate(texts: pa.Array | pa.ChunkedArray) -> Rows:
    """The address and length of every row of a string column, in order. TypeError for another type."""
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    addresses = np.zeros(sum(len(chunk) for chunk in chunks), dtype=np.uint64)
    lengths = np.zeros(len(addresses), dtype=np.int64)
    owners: list[Any] = []
    first = 0
    for chunk in chunks:
        if not len(chunk):
            continue
        span = slice(first, first + len(chunk))
        _locate_chunk(_as_string(chunk), addresses[span], lengths[span], owners)
        first += len(chunk)
    return Rows(addresses, lengths, owners)


def _as_string(chunk: pa.Array) -> pa.Array:
    if pa.types.is_string(chunk.type) or pa.types.is_large_string(chunk.type):
        return chunk
    if pa.types.is_null(chunk.type) or pa.types.is_dictionary(chunk.type) or str(chunk.type) == "string_view":
        return chunk.cast(pa.large_string())
    raise TypeError(f"expected a column of strings, found {chunk.type}")


def _locate_chunk(chunk: pa.Array, addresses: np.ndarray, lengths: np.ndarray, owners: list[Any]) -> None:
    wide = pa.types.is_large_string(chunk.type)
    _, offset_buffer, data = chunk.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64 if wide else np.int32)
    offsets = offsets[chunk.offset : chunk.offset + len(chunk) + 1].astype(np.int64)
    lengths[:] = np.diff(offsets)
    if chunk.null_count:
        lengths[~np.asarray(chunk.is_valid())] = 0
    base, size = (data.address, data.size) if data is not None else (0, 0)
    addresses[:] = np.uint64(base) + offsets[:-1].astype(np.uint64)
    owners.append(data)
    # Offsets only grow, so the rows too close to the end are the last ones, and empty ones among them.
    late = np.flatnonzero(offsets[:-1] + lengths + SLACK > size)
    if len(late):
        starts = np.concatenate(([0], np.cumsum(lengths[late])))
        pad = np.zeros(int(starts[-1]) + SLACK + 64, dtype=np.uint8)
        for k, row in enumerate(late):
            if lengths[row]:
                ctypes.memmove(pad.ctypes.data + int(starts[k]), int(addresses[row]), int(lengths[row]))
        addresses[late] = np.uint64(pad.ctypes.data) + starts[:-1].astype(np.uint64)
        owners.append(pad)
