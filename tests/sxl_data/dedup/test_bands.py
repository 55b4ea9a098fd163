from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.dedup.bands import ALL_PAIRS, choose_bands
from sxl_data.dedup.parts.held import find_candidates
from sxl_data.dedup.signatures import sketch


@pytest.mark.parametrize("permutations", [64, 128, 256])
@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_bands_find_the_wanted_share_at_the_threshold_itself(threshold: float, permutations: int) -> None:
    bands = choose_bands(threshold, permutations)
    assert bands.chance(threshold) >= 0.985
    assert bands.count * bands.rows <= permutations


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
