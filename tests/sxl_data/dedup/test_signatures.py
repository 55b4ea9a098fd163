from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash

from sxl_data.dedup.kernels import tokens as kernel
from sxl_data.dedup.kernels.entries import workspace
from sxl_data.dedup.rows import locate
from sxl_data.dedup.shingles import Shingling, hash_shingles
from sxl_data.dedup.signatures import EMPTY, multipliers, sketch

JACCARDS = (0.1, 0.3, 0.5, 0.7, 0.9)


def pairs_of(similarity: float, pairs: int, size: int, seed: int) -> tuple[list[str], list[str], float]:
    """Pairs of texts of `size` one-token shingles each, and the similarity they really have."""
    draw = random.Random(seed)
    shared = round(2 * size * similarity / (1 + similarity))
    left, right = [], []
    for _ in range(pairs):
        words = [f"w{draw.getrandbits(40):x}" for _ in range(2 * size - shared)]
        left.append(" ".join(words[:size]))
        right.append(" ".join(words[:shared] + words[size:]))
    return left, right, shared / (2 * size - shared)


@pytest.mark.parametrize("kind", ["code", "words", "characters"])
@pytest.mark.parametrize("size", [1, 5])
def test_the_compiled_path_gives_the_same_bits_as_numpy(kind: str, size: int, noise: Callable[..., list[str]]) -> None:
    texts = pa.array(noise(seed=size))
    shingling = Shingling(kind=kind, size=size)  # type: ignore[arg-type]
    small = sketch(texts, shingling, compiled=False)
    large = sketch(texts, shingling, compiled=True)
    assert small.counts.tolist() == large.counts.tolist()
    assert np.array_equal(small.signatures, large.signatures)


@pytest.mark.parametrize("permutations", [1, 7, 64])
def test_an_odd_number_of_permutations_is_cut_alike_on_both_paths(
    permutations: int, noise: Callable[..., list[str]]
) -> None:
    texts = pa.array(noise(seed=3))
    small = sketch(texts, permutations=permutations, compiled=False).signatures
    assert (len(texts), permutations) == small.shape
    assert np.array_equal(small, sketch(texts, permutations=permutations, compiled=True).signatures)


def test_the_working_arrays_are_as_long_as_the_kernel_says() -> None:
    work, words = workspace()
    assert (4, kernel.ROOM) == work.shape
    assert 2 * kernel.ROOM == len(words)


@pytest.mark.skipif(not kernel.SQUEEZES, reason="the processor has one way of doing it only")
@pytest.mark.parametrize("bits", [0, 1, 1 << 63, 0x8000_0000_0000_0001, 0x0F0F_1234_5678_9ABC, 2**64 - 1])
def test_both_ways_of_writing_the_places_of_bits_agree(bits: int) -> None:
    one, two = np.zeros((2, 160), dtype=np.uint32)
    ends = [
        write(np.uint64(bits), np.uint64(640), places, 5)
        for write, places in ((kernel.write_by_eights, one), (kernel.write_squeezed, two))
    ]
    expected = [640 + k for k in range(64) if bits >> k & 1]
    assert [5 + len(expected)] * 2 == ends
    assert expected == one[5 : ends[0]].tolist() == two[5 : ends[0]].tolist()


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_and_chunks_change_nothing(workers: int, noise: Callable[..., list[str]]) -> None:
    texts = pa.array(noise(seed=9))
    chunked = pa.chunked_array([texts.slice(0, 7), texts.slice(7, 1), texts.slice(8, 0), texts.slice(8)])
    expected = sketch(texts, compiled=True, workers=1).signatures
    assert np.array_equal(expected, sketch(chunked, compiled=True, workers=workers).signatures)
    assert np.array_equal(expected, sketch(texts.cast(pa.large_string()), workers=workers, compiled=True).signatures)


def test_nulls_and_empty_rows_have_empty_signatures() -> None:
    got = sketch(pa.array([None, "", "a b c"]), compiled=True)
    assert got.counts.tolist() == [0, 0, 1]
    assert (got.signatures[:2] == EMPTY).all()
    assert not (got.signatures[2] == EMPTY).all()


def test_more_permutations_begin_with_the_fewer_ones() -> None:
    assert multipliers(16, 3).tolist() == multipliers(64, 3)[:16].tolist()
    assert (multipliers(64, 3) % 2 == 1).all()


@pytest.mark.parametrize("similarity", JACCARDS)
def test_estimates_have_no_bias(similarity: float) -> None:
    left, right, true = pairs_of(similarity, pairs=3000, size=60, seed=int(similarity * 100))
    got = sketch(pa.array(left + right), Shingling(size=1), 128, seed=5, compiled=True)
    n = len(left)
    estimates = got.estimate(np.arange(n), np.arange(n) + n)
    # The mean of 3,000 estimates from 128 values scatters by at most 0.0008.
    assert abs(estimates.mean() - true) < 0.003
    assert estimates.std() < 1.15 * np.sqrt(true * (1 - true) / 128)


@pytest.mark.parametrize("size", [3, 20, 400])
def test_estimates_agree_with_datasketch_within_its_standard_error(size: int) -> None:
    left, right, _ = pairs_of(0.6, pairs=150, size=size, seed=size)
    shingling = Shingling(size=1)
    got = sketch(pa.array(left + right), shingling, 128, compiled=True)
    hashes, offsets = hash_shingles(locate(pa.array(left + right)), shingling)
    theirs = []
    for k in range(2 * len(left)):
        reference = MinHash(num_perm=128, seed=1, hashfunc=lambda value: int(value))
        for value in hashes[offsets[k] : offsets[k + 1]].tolist():
            reference.update(value)
        theirs.append(reference)
    n = len(left)
    ours = got.estimate(np.arange(n), np.arange(n) + n)
    reference_estimates = np.array([theirs[k].jaccard(theirs[k + n]) for k in range(n)])
    error = np.sqrt(0.6 * 0.4 / 128)
    assert np.sqrt(np.mean((ours - reference_estimates) ** 2)) < 1.25 * np.sqrt(2) * error
    assert abs(ours.mean() - reference_estimates.mean()) < 4 * np.sqrt(2) * error / np.sqrt(n)
