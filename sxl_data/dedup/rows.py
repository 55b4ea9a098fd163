"""Where each text of an Arrow column lies in memory, so that kernels read it in place.

In: an Arrow array or chunked array of strings (`string` or `large_string`). Out: one address and one length per
row. Nothing is copied but the few rows at the end of a chunk's buffer: the kernels read whole blocks, up to 96
bytes past a row, and those rows move to a padded buffer of their own.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

SLACK = 96
"""Bytes after the end of every row that may be read."""
Empty = Callable[[tuple[int, ...], Any], np.ndarray]
"""Makes an array of a shape and type, of any content: `np.empty`, or `Scratch.empty` where memory is planned."""


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

    def take(self, indices: np.ndarray, empty: Empty = np.empty) -> Rows:
        addresses, lengths = empty(indices.shape, np.uint64), empty(indices.shape, np.int64)
        np.take(self.addresses, indices, out=addresses, mode="clip")  # other modes make a copy of the answer
        np.take(self.lengths, indices, out=lengths, mode="clip")
        return Rows(addresses, lengths, self.owners)

    def text(self, index: int) -> bytes:
        """A copy of one row's bytes."""
        return ctypes.string_at(int(self.addresses[index]), int(self.lengths[index]))

    @property
    def total_bytes(self) -> int:
        return int(self.lengths.sum())


def locate(texts: pa.Array | pa.ChunkedArray, empty: Empty = np.empty) -> Rows:
    """The address and length of every row of a string column, in order, in arrays of `empty`. TypeError for another
    type."""
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    count = sum(len(chunk) for chunk in chunks)
    addresses, lengths = empty((count,), np.uint64), empty((count,), np.int64)
    owners: list[Any] = []
    first = 0
    for chunk in chunks:
        if not len(chunk):
            continue
        span = slice(first, first + len(chunk))
        _locate_chunk(_as_string(chunk), addresses[span], lengths[span], owners)
        first += len(chunk)
    return Rows(addresses, lengths, owners)


def pick(texts: pa.Array, which: np.ndarray) -> Rows:
    """The address and length of some rows of a string column. ValueError where they do not lie in its buffer, which
    a file that was damaged can bring about."""
    addresses, lengths = np.zeros(len(which), dtype=np.uint64), np.zeros(len(which), dtype=np.int64)
    owners: list[Any] = []
    _locate_chunk(_as_string(texts), addresses, lengths, owners, which)
    return Rows(addresses, lengths, owners)


def _as_string(chunk: pa.Array) -> pa.Array:
    if pa.types.is_string(chunk.type) or pa.types.is_large_string(chunk.type):
        return chunk
    if pa.types.is_null(chunk.type) or pa.types.is_dictionary(chunk.type) or str(chunk.type) == "string_view":
        return chunk.cast(pa.large_string())
    raise TypeError(f"expected a column of strings, found {chunk.type}")


def _locate_chunk(
    chunk: pa.Array, addresses: np.ndarray, lengths: np.ndarray, owners: list[Any], which: np.ndarray | None = None
) -> None:
    wide = pa.types.is_large_string(chunk.type)
    _, offset_buffer, data = chunk.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64 if wide else np.int32)
    offsets = offsets[chunk.offset : chunk.offset + len(chunk) + 1]
    begins = (offsets[:-1] if which is None else offsets[which]).astype(np.int64)
    ends = (offsets[1:] if which is None else offsets[which + 1]).astype(np.int64)
    base, size = (data.address, data.size) if data is not None else (0, 0)
    lengths[:] = ends - begins
    if len(begins) and (begins.min() < 0 or lengths.min() < 0 or ends.max() > size):
        raise ValueError("offsets of texts that lie outside their buffer")
    if chunk.null_count:
        valid = np.asarray(chunk.is_valid())
        lengths[~(valid if which is None else valid[which])] = 0
    addresses[:] = np.uint64(base) + begins.astype(np.uint64)
    owners.append(data)
    # Rows too close to the end of the buffer move to a padded one.
    late = np.flatnonzero(begins + lengths + SLACK > size)
    if len(late):
        starts = np.concatenate(([0], np.cumsum(lengths[late])))
        pad = np.zeros(int(starts[-1]) + SLACK + 64, dtype=np.uint8)
        for k, row in enumerate(late):
            if lengths[row]:
                ctypes.memmove(pad.ctypes.data + int(starts[k]), int(addresses[row]), int(lengths[row]))
        addresses[late] = np.uint64(pad.ctypes.data) + starts[:-1].astype(np.uint64)
        owners.append(pad)
