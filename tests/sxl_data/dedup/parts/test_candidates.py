from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sxl_data.dedup import choose_bands
from sxl_data.dedup.bands import ALL_PAIRS, Bands
from sxl_data.dedup.parts.band_ranges import Among, partition_bands
from sxl_data.dedup.parts.candidates import bands_of, find_candidates_of
from sxl_data.dedup.parts.shards import Shards

BODY = " ".join(f"common{k}" for k in range(60))
ALL = Among(None, ())


def corpus(edited_texts: Callable[..., list[str]]) -> list[str]:
    """Small clusters, rows without text, and 70 rows of one bucket in nearly every band."""
    texts = edited_texts(seed=6, originals=30, most_copies=8)
    return [*texts, "", *(f"{BODY} own{k} end{k}" for k in range(70))]


def reference(shards: Shards, rows: np.ndarray, fan: int) -> tuple[set[tuple[int, int]], set[int]]:
    """By plain Python: rows of one bucket of some band, all pairs of a small bucket and stars of a large one."""
    rows = rows[shards.shingles(rows) > 0]
    ordered = rows[np.argsort(shards.places(rows))].tolist()
    values = dict(zip(rows.tolist(), shards.signatures(rows)))
    bands = choose_bands(0.7, 128)
    pairs, cut = set(), set()
    for band in range(bands.count):
        buckets: dict[bytes, list[int]] = {}
        for row in ordered:
            buckets.setdefault(values[row][band * bands.rows : (band + 1) * bands.rows].tobytes(), []).append(row)
        for bucket in buckets.values():
            centres = bucket[:-1] if len(bucket) <= ALL_PAIRS else bucket[:fan]
            cut |= set(bucket if len(centres) < len(bucket) - 1 else [])
            met = {(min(a, b), max(a, b)) for k, a in enumerate(centres) for b in bucket[k + 1 :]}
            pairs |= {(a, b) for a, b in met if alike(values[a] == values[b], bands, band)}
    return pairs, cut


def alike(same: np.ndarray, bands: Bands, band: int) -> bool:
    whole = same[: bands.count * bands.rows].reshape(bands.count, bands.rows).all(axis=1)
    return int(same.sum()) >= bands.agreement and int(whole.argmax()) == band


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("parts", "at_once", "fan"), [(1, 1 << 16, 1), (3, 20, 4), (40, 100, 1), (25, 17, 16)])
def test_parts_together_hold_the_candidates_of_the_whole_each_once(
    shards_of: Callable[..., Shards],
    edited_texts: Callable[..., list[str]],
    parts: int,
    at_once: int,
    fan: int,
    compiled: bool,
):
    texts = corpus(edited_texts)
    shards = shards_of(texts, [10, 10, 50], [k * 7 % 31 for k in range(len(texts))])
    pairs, cut = reference(shards, np.arange(len(texts), dtype=np.uint32), fan)
    found = [
        find_candidates_of(shards, ALL, 0.7, fan, part, parts, compiled=compiled, at_once=at_once)
        for part in range(parts)
    ]
    packed = np.concatenate([part.pairs for part in found]).tolist()
    assert len(pairs) == len(packed) > 60
    assert pairs == {(pair >> 32, pair & 0xFFFFFFFF) for pair in packed}
    assert cut == {row for part in found for row in part.cut.tolist()}
    assert len(cut) >= 70


@pytest.mark.parametrize("parts", [1, 3, 25, 60])
def test_scattered_hashes_meet_as_streamed_ones_do(
    shards_of: Callable[..., Shards], edited_texts: Callable[..., list[str]], parts: int
):
    texts = corpus(edited_texts)
    shards, some = shards_of(texts, [10, 10, 50]), Among(None, (np.array([3, 11, 60], dtype=np.uint32),))
    sent = [
        partition_bands(shards, some, bands_of(shards, 0.7), a, b, parts, compiled=False, at_once=9)
        for a, b in ((0, 2), (2, 4))
    ]
    found = 0
    for part in range(parts):
        whole = find_candidates_of(shards, some, 0.7, 4, part, parts, compiled=False)
        again = find_candidates_of(shards, [tables[part] for tables in sent], 0.7, 4, part, parts, compiled=False)
        assert whole.pairs.tolist() == again.pairs.tolist()
        assert whole.cut.tolist() == again.cut.tolist()
        found += len(again.pairs)
    assert found > 60


def test_rows_that_take_no_part_are_in_no_pair(
    shards_of: Callable[..., Shards], edited_texts: Callable[..., list[str]]
):
    texts = corpus(edited_texts)
    shards, every = shards_of(texts, [40]), np.arange(len(texts), dtype=np.uint32)
    some, gone = every[every % 3 > 0], every[every % 5 == 0]
    pairs, _ = reference(shards, np.setdiff1d(some, gone), 1)
    found = find_candidates_of(shards, Among(some, (gone, gone[:2])), 0.7, 1, 0, 1, compiled=False)
    assert pairs == {(pair >> 32, pair & 0xFFFFFFFF) for pair in found.pairs.tolist()}
