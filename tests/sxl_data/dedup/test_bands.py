from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.dedup.bands import ALL_PAIRS, Bands, choose_bands, compare_buckets, count_stars, hash_bands
from sxl_data.dedup.parts.held import find_candidates
from sxl_data.dedup.signatures import sketch


@pytest.mark.parametrize("permutations", [64, 128, 256])
@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_bands_find_the_wanted_share_at_the_threshold_itself(threshold: float, permutations: int) -> None:
    bands = choose_bands(threshold, permutations)
    assert bands.chance(threshold) >= 0.985
    assert bands.count * bands.rows <= permutations


@pytest.mark.parametrize("permutations", [16, 128])
@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9])
def test_no_longer_bands_would_do(threshold: float, permutations: int) -> None:
    bands = choose_bands(threshold, permutations)
    longer = bands.rows + 1
    assert 0.985 > Bands(permutations // longer, longer, threshold, permutations).chance(threshold)
    assert (permutations // bands.rows, threshold, permutations) == (bands.count, bands.threshold, bands.permutations)


def test_equal_rows_alone_need_no_more_than_32_values_a_band() -> None:
    assert (4, 32) == (choose_bands(1.0, 128).count, choose_bands(1.0, 128).rows)
    assert (1, 3) == (choose_bands(1.0, 3).count, choose_bands(1.0, 3).rows)


def test_a_pair_shares_some_band_with_the_chance_of_the_book() -> None:
    bands = Bands(20, 5, 0.7, 128)  # Mining of Massive Datasets, figure 3.8
    chances = [round(bands.chance(s), 3) for s in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)]
    assert [0.006, 0.047, 0.186, 0.470, 0.802, 0.975, 1.0] == chances


@pytest.mark.parametrize(
    ("threshold", "permutations", "values"),
    [(0.7, 128, 75), (0.5, 64, 20), (0.9, 128, 106), (1.0, 128, 128), (0.05, 16, 1)],
)
def test_a_pair_is_checked_from_three_standard_errors_below_the_threshold_on(
    threshold: float, permutations: int, values: int
) -> None:
    assert values == Bands(1, 1, threshold, permutations).agreement


@pytest.mark.parametrize(
    ("size", "fan", "most", "stars"),
    [(5000, 1, 1 << 22, 1), (100, 4, 1 << 22, 4), (33, 64, 1 << 22, 32), (1000, 64, 10_000, 10), (100, 4, 10, 1)],
)
def test_a_large_bucket_has_as_many_stars_as_asked_and_as_its_edges_allow(
    size: int, fan: int, most: int, stars: int
) -> None:
    assert stars == count_stars(size, fan, most)


@pytest.mark.parametrize("first", [0, 2])
def test_both_paths_hash_bands_to_the_same_bits(first: int) -> None:
    signatures = np.random.default_rng(0).integers(0, 2**16, size=(50, 128)).astype(np.uint16)
    rows = np.random.default_rng(1).permutation(50)[:40].astype(np.uint32)
    small, large = np.zeros((2, 3, 40), dtype=np.uint32)
    for hashes, compiled in ((small, False), (large, True)):
        hash_bands(signatures, rows, 5, 30, Bands(16, 8, 0.7, 128), first, hashes, compiled)
    assert small.any() and small.tolist() == large.tolist()
    assert not small[:, :5].any() and not small[:, 30:].any()
    assert 3 * 25 == len(np.unique(small[:, 5:30]))


def test_a_bucket_whose_pairs_do_not_fit_is_given_more_room() -> None:
    signatures = np.zeros((3000, 128), dtype=np.uint16)
    order, bands = np.arange(3000), choose_bands(0.7, 128)
    small, small_cut = find_candidates(signatures, order, bands, fan=64, compiled=False)
    large, large_cut = find_candidates(signatures, order, bands, fan=64, compiled=True)
    assert sum(2999 - k for k in range(64)) == len(small)
    assert small.tolist() == large.tolist() and small_cut.tolist() == large_cut.tolist()


@pytest.mark.parametrize("compiled", [False, True])
def test_no_rows_give_no_pairs(compiled: bool) -> None:
    signatures, cut = np.zeros((0, 128), dtype=np.uint16), np.zeros(0, dtype=np.uint8)
    keys, order = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    assert [] == compare_buckets(keys, signatures, order, choose_bands(0.7, 128), 0, 1, cut, compiled).tolist()


def test_too_few_permutations_are_refused() -> None:
    with pytest.raises(ValueError, match="permutations cannot find"):
        choose_bands(0.3, 4)


@pytest.mark.parametrize("threshold", [0.5, 0.8])
def test_the_compiled_path_finds_the_same_pairs_as_numpy(
    threshold: float, edited_texts: Callable[..., list[str]]
) -> None:
    signatures = sketch(pa.array(edited_texts(seed=2))).signatures
    order = np.random.default_rng(0).permutation(len(signatures))
    bands = choose_bands(threshold, 128)
    small, small_cut = find_candidates(signatures, order, bands, fan=4, compiled=False)
    large, large_cut = find_candidates(signatures, order, bands, fan=4, compiled=True)
    assert len(small) > 0
    assert small.tolist() == large.tolist()
    assert small_cut.tolist() == large_cut.tolist()


@pytest.mark.parametrize("compiled", [False, True])
def test_a_large_bucket_gives_stars_only(compiled: bool) -> None:
    signatures = np.zeros((5000, 128), dtype=np.uint16)
    pairs, cut = find_candidates(signatures, np.arange(5000), choose_bands(0.7, 128), compiled=compiled)
    assert len(pairs) == 4999
    assert len(cut) == 5000


@pytest.mark.parametrize("compiled", [False, True])
def test_a_small_bucket_gives_every_pair_once(compiled: bool) -> None:
    signatures = np.zeros((ALL_PAIRS, 128), dtype=np.uint16)
    pairs, cut = find_candidates(signatures, np.arange(ALL_PAIRS), choose_bands(0.7, 128), compiled=compiled)
    assert ALL_PAIRS * (ALL_PAIRS - 1) // 2 == len(set(pairs.tolist())) == len(pairs)
    assert not len(cut)
