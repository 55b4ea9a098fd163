"""Candidate pairs of a whole build by spans of band hashes: what `find_candidates` finds, in independent parts.

In: the shards' signatures and a span of the space band × 2^32 + hash. Out: the candidate pairs of the buckets in that
span, and the rows of buckets that were cut. A bucket lies in one span and a pair is emitted in the first band that it
shares, so the parts together hold every pair once, whatever their number. A part holds 4 to 8 bytes of each row and
band of its span, up to 12 more of the band at hand, and the signatures of a few buckets at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sxl_data.contract.distinct import distinct
from sxl_data.dedup.bands import ALL_PAIRS, Bands, choose_bands, compare_buckets, count_stars
from sxl_data.dedup.parts.band_ranges import AT_ONCE, Among, gather, spans_of, stream
from sxl_data.dedup.parts.shards import Shards

_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)


class Found(NamedTuple):
    """``pairs``: u64 row << 32 | row, the smaller number first, ascending. ``cut``: u32, ascending."""

    pairs: np.ndarray
    cut: np.ndarray


def find_candidates_of(
    shards: Shards,
    among: Among | list[pa.Table],
    threshold: float,
    fan: int,
    part: int,
    parts: int,
    *,
    compiled: bool,
    at_once: int = AT_ONCE,
) -> Found:
    """The candidates of part ``part`` of ``parts``: among these rows, or those that `partition_bands` left for
    it. ``at_once`` and ``compiled`` change no bit of the result."""
    bands = bands_of(shards, threshold)
    spans = spans_of(bands, part, parts)
    if isinstance(among, Among):
        found_keys = stream(shards, among, bands, spans, at_once, compiled)
    else:
        found_keys = gather(among, spans, compiled)
    pairs, cut = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.uint32)]
    for span, keys in zip(spans, found_keys, strict=True):
        for found in _compare(shards, keys, bands, span.band, fan, at_once, compiled):
            pairs.append(found.pairs)
            cut.append(found.cut)
    return Found(np.sort(np.concatenate(pairs)), distinct(np.concatenate(cut)))


def bands_of(shards: Shards, threshold: float) -> Bands:
    """The bands for the shards' signatures."""
    return choose_bands(threshold, shards.numbers(0, "signature").shape[1])


def _compare(
    shards: Shards, keys: np.ndarray, bands: Bands, band: int, fan: int, at_once: int, compiled: bool
) -> Iterator[Found]:
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


def _some(
    shards: Shards, keys: np.ndarray, sizes: np.ndarray, bands: Bands, band: int, fan: int, compiled: bool
) -> Found:
    """The pairs of buckets that lie in ``keys`` one after the other."""
    large = sizes > ALL_PAIRS
    if len(shards) == 1 and not large.any():  # no signature has to be copied, and no row is a star
        every, numbers = shards.numbers(0, "signature"), shards.own_numbers
        found = compare_buckets(keys, every, numbers, bands, band, fan, np.zeros(1, dtype=np.uint8), compiled)
        return Found(found, np.zeros(0, dtype=np.uint32))
    named = (keys & _LOW).astype(np.uint32)  # a row lies in one bucket of a band
    ascending = np.argsort(named)
    rows, place = named[ascending], np.empty(len(named), dtype=np.uint64)
    place[ascending] = np.arange(len(rows), dtype=np.uint64)
    bucket = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes) << _32
    order = np.arange(len(rows), dtype=np.uint32)
    large = np.repeat(large, sizes)
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


def _stars(
    shards: Shards, rows: np.ndarray, bands: Bands, band: int, fan: int, at_once: int, compiled: bool
) -> Iterator[Found]:
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
        found = compare_buckets(
            numbers.astype(np.uint64),
            both,
            numbers,
            bands,
            band,
            stars,
            np.zeros(len(members), dtype=np.uint8),
            compiled,
            small=0,
            most=1 << 62,
        )
        found = found[((found & _LOW) >= stars) | (first == 0)]  # centres meet each other once
        yield Found(_pack(members[found >> _32], members[found & _LOW]), rows[:0])


def _pack(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (np.minimum(left, right).astype(np.uint64) << _32) | np.maximum(left, right).astype(np.uint64)
