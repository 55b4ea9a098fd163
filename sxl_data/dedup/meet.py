"""Candidate pairs of a whole build by spans of band hashes: what `find_candidates` finds, in independent parts.

In: the shards' signatures and a span of the space band × 2^32 + hash. Out: the candidate pairs of the buckets in that
span, and the rows of buckets that were cut. A bucket lies in one span and a pair is emitted in the first band that it
shares, so the parts together hold every pair once, whatever their number. A part streams all signatures; it holds 4
to 8 bytes of each row and band of its span, up to 12 more of the band at hand, and the signatures of a few buckets at
a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sxl_data.dedup.bands import (
    ALL_PAIRS,
    Bands,
    choose_bands,
    compare_buckets,
    count_stars,
    hash_bands,
    share,
)
from sxl_data.dedup.shards import Shards

ENTRY_BYTES = 24
"""Memory for each row and band of a span."""
AT_ONCE = 1 << 15
"""Most rows whose signatures are held at a time."""
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)


class Among(NamedTuple):
    """Which rows take part, of those that have shingles. ``only``: these rows, None for all. ``out``: not these.
    All are ascending, u32, and may be mapped files."""

    only: np.ndarray | None
    out: tuple[np.ndarray, ...]

    def rows(self, shards: Shards, shard: int) -> np.ndarray:
        """i64: numbers of the rows of a shard that take part, in that shard."""
        first, end = shards.first[shard : shard + 2].tolist()
        filled = shards.numbers(shard, "shingles") > 0
        filled &= (shards.numbers(shard, "key_hi") | shards.numbers(shard, "key_lo")) != 0
        if self.only is not None:
            chosen = np.zeros(len(filled), dtype=bool)
            chosen[_within(self.only, first, end)] = True
            filled &= chosen
        for rows in self.out:
            filled[_within(rows, first, end)] = False
        return np.flatnonzero(filled)


class Found(NamedTuple):
    """``pairs``: u64 row << 32 | row, the smaller number first, ascending. ``cut``: u32, ascending."""

    pairs: np.ndarray
    cut: np.ndarray


def meet(shards: Shards, among: Among, threshold: float, fan: int, part: int, parts: int, *, compiled: bool,
         at_once: int = AT_ONCE) -> Found:  # fmt: skip
    """The candidates of part ``part`` of ``parts``. ``at_once`` and ``compiled`` change no bit of the result."""
    permutations = shards.numbers(0, "signature").shape[1] if len(shards) else 1
    bands = choose_bands(threshold, permutations)
    spans = list(_spans(bands, part, parts))
    pairs, cut = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.uint32)]
    for (band, _, _), keys in zip(spans, _keys(shards, among, bands, spans, at_once, compiled), strict=True):
        for found in _compare(shards, keys, bands, band, fan, at_once, compiled):
            pairs.append(found.pairs)
            cut.append(found.cut)
    return Found(np.sort(np.concatenate(pairs)), np.unique(np.concatenate(cut)))


def _within(rows: np.ndarray, first: int, end: int) -> np.ndarray:
    """Which numbers of a shard are among ascending ``rows``."""
    a, b = np.searchsorted(rows, np.array([first, end], dtype=rows.dtype))
    return rows[a:b].astype(np.int64) - first


def _spans(bands: Bands, part: int, parts: int) -> Iterator[tuple[int, int, int]]:
    """band, first hash and the end, for each band that the part touches."""
    begin, end = (k * (bands.count << 32) // parts for k in (part, part + 1))
    for band in range(begin >> 32, -(-end >> 32)):
        yield band, max(begin - (band << 32), 0), min(end - (band << 32), 1 << 32)


def _keys(shards: Shards, among: Among, bands: Bands, spans: list[tuple[int, int, int]], at_once: int,
          compiled: bool) -> Iterator[np.ndarray]:  # fmt: skip
    """For each span hash << 32 | row of the rows whose hash another one has too: u64, ascending."""
    most = int(shards.first[-1]) if among.only is None else len(among.only)
    portions = [(end - begin) / (1 << 32) for _, begin, end in spans]
    everyone = _Column(most, float(1.0 in portions))  # the rows of all whole bands
    held = [(_Column(most, part), everyone if part == 1 else _Column(most, part)) for part in portions]
    for shard in range(len(shards)):
        every = among.rows(shards, shard)
        for first in range(0, len(every), at_once):
            local = every[first : first + at_once]
            signatures = np.take(shards.numbers(shard, "signature"), local, axis=0)
            hashes = np.empty((len(spans), len(local)), dtype=np.uint32)
            numbers = np.arange(len(local), dtype=np.uint32)
            hash_bands(signatures, numbers, 0, len(local), bands, spans[0][0], hashes, compiled)
            rows = (local + shards.first[shard]).astype(np.uint32)
            if 1.0 in portions:
                everyone.append(rows)
            for (_, begin, end), hashed, (kept, named) in zip(spans, hashes, held):
                if named is everyone:
                    kept.append(hashed)
                    continue
                mine = (hashed >= begin) & (hashed <= end - 1)
                # Times an odd number: a bijection, after which hashes of a narrow range differ in their high bits.
                kept.append(hashed[mine] * np.uint32(0x9E3779B1))
                named.append(rows[mine])
    while held:
        kept, named = held.pop(0)
        keys = share(kept.values(), named.values(), compiled)
        again = (keys[1:] ^ keys[:-1]) <= _LOW
        shared = np.zeros(len(keys), dtype=bool)
        shared[1:] |= again
        shared[:-1] |= again
        yield keys[shared]


class _Column:
    """Numbers as they come, in one array: about a share of ``rows``, whose pages count when they are written to."""

    def __init__(self, rows: int, portion: float) -> None:
        self.room, self.used = np.empty(int(rows * min(1.0, portion * 1.1)) + 1024, dtype=np.uint32), 0

    def append(self, values: np.ndarray) -> None:
        if self.used + len(values) > len(self.room):
            self.room = np.concatenate(
                (self.room, np.empty(len(self.room) // 2 + len(values), dtype=np.uint32))
            )
        self.room[self.used : self.used + len(values)] = values
        self.used += len(values)

    def values(self) -> np.ndarray:
        return self.room[: self.used]


def _compare(shards: Shards, keys: np.ndarray, bands: Bands, band: int, fan: int, at_once: int,
             compiled: bool) -> Iterator[Found]:  # fmt: skip
    """What the buckets of one band yield, some of them at a time."""
    ends = np.flatnonzero((keys[1:] ^ keys[:-1]) > _LOW) + 1
    bounds = np.concatenate(([0], ends, [len(keys)] if len(keys) else []))
    bounds, at = bounds.astype(np.int64), 0
    while at < len(bounds) - 1:
        end = max(at + 1, int(np.searchsorted(bounds, bounds[at] + at_once, "right")) - 1)
        part = keys[bounds[at] : bounds[end]]
        if len(part) > max(at_once, ALL_PAIRS):
            yield from _stars(shards, (part & _LOW).astype(np.uint32), bands, band, fan, at_once, compiled)
        else:
            yield _some(shards, part, np.diff(bounds[at : end + 1]), bands, band, fan, compiled)
        at = end


def _some(shards: Shards, keys: np.ndarray, sizes: np.ndarray, bands: Bands, band: int, fan: int,
          compiled: bool) -> Found:  # fmt: skip
    """The pairs of buckets that lie in ``keys`` one after the other."""
    named = (keys & _LOW).astype(np.uint32)  # a row lies in one bucket of a band
    ascending = np.argsort(named)
    rows, place = named[ascending], np.empty(len(named), dtype=np.uint64)
    place[ascending] = np.arange(len(rows), dtype=np.uint64)
    bucket = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes) << _32
    order = np.arange(len(rows), dtype=np.uint32)
    large = np.repeat(sizes > ALL_PAIRS, sizes)
    if large.any():  # only there it matters which row is the best
        rank = np.full(len(rows), len(rows), dtype=np.int64)
        rank[place[large]] = shards.places(named[large])
        order = np.argsort(rank, kind="stable").astype(np.uint32)
        position = np.empty(len(rows), dtype=np.uint64)
        position[order] = np.arange(len(rows), dtype=np.uint64)
        place = position[place]
    packed = np.sort(bucket | place) if large.any() else bucket | place
    cut = np.zeros(len(rows), dtype=np.uint8)
    found = compare_buckets(packed, shards.signatures(rows), order, bands, band, fan, cut, compiled)
    ordered = rows[order]
    return Found(_pack(ordered[found >> _32], ordered[found & _LOW]), ordered[cut.astype(bool)])


def _stars(shards: Shards, rows: np.ndarray, bands: Bands, band: int, fan: int, at_once: int,
           compiled: bool) -> Iterator[Found]:  # fmt: skip
    """The pairs of one bucket that is too large to be held."""
    stars = count_stars(len(rows), fan)
    centres = shards.best(rows, stars)
    if stars < len(rows) - 1:
        yield Found(np.zeros(0, dtype=np.uint64), rows)
    rest = np.setdiff1d(rows, centres, assume_unique=True)
    signatures = shards.signatures(centres)
    for first in range(0, len(rest), at_once):
        members = np.concatenate((centres, rest[first : first + at_once]))
        both = np.concatenate((signatures, shards.signatures(members[stars:])))
        numbers = np.arange(len(members), dtype=np.uint32)
        found = compare_buckets(numbers.astype(np.uint64), both, numbers, bands, band, stars,
                                np.zeros(len(members), dtype=np.uint8), compiled, small=0, most=1 << 62)  # fmt: skip
        found = found[((found & _LOW) >= stars) | (first == 0)]  # centres meet each other once
        yield Found(_pack(members[found >> _32], members[found & _LOW]), rows[:0])


def _pack(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (np.minimum(left, right).astype(np.uint64) << _32) | np.maximum(left, right).astype(np.uint64)
