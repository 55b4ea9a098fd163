"""Which rows of a build share the hash of a band, for a span of the space band × 2^32 + hash.

In: the shards' signatures. Out: for each band of the span, keys of the rows that may lie in one bucket. A few parts
each stream all signatures. For many parts that would be as many readings: there every signature is read once by
`partition_bands`, and 10 bytes for each row and band go to the part that they belong to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sxl_data.dedup.bands import Bands, hash_bands, share
from sxl_data.dedup.parts.shards import Shards

ENTRY_BYTES = 32
"""Memory for each row and band of a span, and for each that `partition_bands` sees."""
AT_ONCE = 1 << 15
"""Most rows whose signatures are held at a time."""
STREAMED = 4
"""Up to so many parts stream the signatures themselves."""
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)


class Among(NamedTuple):
    """Which rows take part, of those that have shingles. ``only``: these rows, None for all. ``out``: not these.
    All are ascending, u32, and may be mapped files."""

    only: np.ndarray | None
    out: tuple[np.ndarray, ...]

    def rows(self, shards: Shards, shard: int) -> np.ndarray:
        """i64: numbers of the rows of a shard that take part, in that shard."""
        first, end = shards.first[shard : shard + 2].tolist()
        filled = shards.filled(shard)
        if self.only is not None:
            chosen = np.zeros(len(filled), dtype=bool)
            chosen[_within(self.only, first, end)] = True
            filled &= chosen
        for rows in self.out:
            filled[_within(rows, first, end)] = False
        return np.flatnonzero(filled)


class Span(NamedTuple):
    """Hashes from ``begin`` to before ``end`` of one band."""

    band: int
    begin: int
    end: int

    @property
    def share(self) -> float:
        """How much of the band it is."""
        return (self.end - self.begin) / (1 << 32)

    def holds(self, hashes: np.ndarray) -> np.ndarray:
        return (hashes >= self.begin) & (hashes <= self.end - 1)


def spans_of(bands: Bands, part: int, parts: int) -> list[Span]:
    """The spans of part ``part`` of ``parts``, one for each band that it touches."""
    begin, end = (k * (bands.count << 32) // parts for k in (part, part + 1))
    return [
        Span(band, max(begin - (band << 32), 0), min(end - (band << 32), 1 << 32))
        for band in range(begin >> 32, -(-end >> 32))
    ]


def partition_bands(
    shards: Shards,
    among: Among,
    bands: Bands,
    begin: int,
    end: int,
    parts: int,
    *,
    compiled: bool,
    at_once: int = AT_ONCE,
) -> list[pa.Table]:
    """For each part span (its number in the part), hash and row of the rows of the shards from ``begin`` to before
    ``end``, by span."""
    spans = [spans_of(bands, part, parts) for part in range(parts)]
    found: list[list[list[np.ndarray]]] = [[[] for _ in mine] for mine in spans]
    rows_of: list[list[list[np.ndarray]]] = [[[] for _ in mine] for mine in spans]
    for rows, hashes in _hash(shards, among, range(begin, end), bands, 0, bands.count, at_once, compiled):
        for part, mine in enumerate(spans):
            for k, span in enumerate(mine):
                hashed = hashes[span.band]
                chosen = slice(None) if span.share == 1 else span.holds(hashed)
                found[part][k].append(hashed[chosen].copy())
                rows_of[part][k].append(rows[chosen])
    tables = []
    for part in range(parts):
        counts = [sum(map(len, pieces)) for pieces in found[part]]
        hash_, row = ([piece for pieces in part_of for piece in pieces] for part_of in (found[part], rows_of[part]))
        tables.append(
            pa.table(
                {
                    "span": np.repeat(np.arange(len(counts), dtype=np.uint16), counts),
                    "hash": np.concatenate([np.zeros(0, np.uint32), *hash_]),
                    "row": np.concatenate([np.zeros(0, np.uint32), *row]),
                }
            )
        )
        found[part], rows_of[part] = [], []
    return tables


def gather(tables: list[pa.Table], spans: list[Span], compiled: bool) -> Iterator[np.ndarray]:
    """For each span hash << 32 | row, u64, ascending, of the rows whose hash another one has too; from what
    `partition_bands` left for this part."""
    for number, span in enumerate(spans):
        hashes, rows = [np.zeros(0, np.uint32)], [np.zeros(0, np.uint32)]
        for table in tables:
            a, b = np.searchsorted(table["span"].to_numpy(), np.array([number, number + 1], dtype=np.uint16))
            hashes.append(table["hash"].to_numpy()[a:b])
            rows.append(table["row"].to_numpy()[a:b])
        hashed = np.concatenate(hashes)
        yield _shared(hashed if span.share == 1 else _spread(hashed), np.concatenate(rows), compiled)


def stream(
    shards: Shards, among: Among, bands: Bands, spans: list[Span], at_once: int, compiled: bool
) -> Iterator[np.ndarray]:
    """The same from the signatures."""
    most = int(shards.first[-1]) if among.only is None else len(among.only)
    everyone = _Column(most, float(any(span.share == 1 for span in spans)))  # the rows of all whole bands
    held = [(_Column(most, s.share), everyone if s.share == 1 else _Column(most, s.share)) for s in spans]
    first, count = spans[0].band, len(spans)
    for rows, hashes in _hash(shards, among, range(len(shards)), bands, first, count, at_once, compiled):
        if len(everyone.room):
            everyone.append(rows)
        for span, hashed, (kept, named) in zip(spans, hashes, held):
            if named is everyone:
                kept.append(hashed)
                continue
            mine = span.holds(hashed)
            kept.append(_spread(hashed[mine]))
            named.append(rows[mine])
    while held:
        kept, named = held.pop(0)
        yield _shared(kept.values(), named.values(), compiled)


def _hash(
    shards: Shards, among: Among, which: range, bands: Bands, first: int, count: int, at_once: int, compiled: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows, u32, and their hashes in ``count`` bands from ``first`` on, u32 ``(count, n)``, some rows at a time."""
    for shard in which:
        every, signatures = among.rows(shards, shard), shards.numbers(shard, "signature")
        for start in range(0, len(every), at_once):
            local = every[start : start + at_once]
            hashes = np.empty((count, len(local)), dtype=np.uint32)
            hash_bands(signatures, local.astype(np.uint32), 0, len(local), bands, first, hashes, compiled)
            yield (local + shards.first[shard]).astype(np.uint32), hashes


def _spread(hashes: np.ndarray) -> np.ndarray:
    """Times an odd number: a bijection, after which hashes of a narrow range differ in their high bits."""
    return hashes * np.uint32(0x9E3779B1)


def _shared(hashes: np.ndarray, rows: np.ndarray, compiled: bool) -> np.ndarray:
    keys = share(hashes, rows, compiled)
    again = (keys[1:] ^ keys[:-1]) <= _LOW
    shared = np.zeros(len(keys), dtype=bool)
    shared[1:] |= again
    shared[:-1] |= again
    return keys[shared]


def _within(rows: np.ndarray, first: int, end: int) -> np.ndarray:
    """Which numbers of a shard are among ascending ``rows``."""
    a, b = np.searchsorted(rows, np.array([first, end], dtype=rows.dtype))
    return rows[a:b].astype(np.int64) - first


class _Column:
    """Numbers as they come, in one array: about a share of ``rows``, whose pages count when they are written to."""

    def __init__(self, rows: int, portion: float) -> None:
        size = int(rows * min(1.0, portion * 1.1)) + 1024 if portion else 0
        self.room, self.used = np.empty(size, dtype=np.uint32), 0

    def append(self, values: np.ndarray) -> None:
        if self.used + len(values) > len(self.room):
            self.room = np.concatenate((self.room, np.empty(len(self.room) // 2 + len(values), dtype=np.uint32)))
        self.room[self.used : self.used + len(values)] = values
        self.used += len(values)

    def values(self) -> np.ndarray:
        return self.room[: self.used]
