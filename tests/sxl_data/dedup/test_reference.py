from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.contract.errors import UserError
from sxl_data.dedup import (
    DedupConfig,
    DedupResult,
    Shingling,
    choose_bands,
    deduplicate,
    from_minhashes,
    sketch,
    to_minhashes,
)
from sxl_data.dedup.tables.command import rethreshold, run_files

datasketch = pytest.importorskip("datasketch")
REFERENCE = DedupConfig(backend="datasketch")
ROOT = Path(__file__).parents[3]


def pairs_of(result: DedupResult, threshold: float) -> set[tuple[int, int]]:
    pairs = result.pairs.at_least(threshold)
    return set(zip(pairs.left.tolist(), pairs.right.tolist()))


@pytest.mark.parametrize("seed", [1, 2])
def test_both_backends_find_the_pairs_of_edited_texts_within_their_recall(
    seed: int, edited_texts: Callable[..., list[str]]
) -> None:
    texts = pa.array(edited_texts(seed))
    by_kernel, by_datasketch = (deduplicate(None, texts, config=config) for config in (DedupConfig(), REFERENCE))
    ours, theirs = pairs_of(by_kernel, 0.7), pairs_of(by_datasketch, 0.7)
    least = choose_bands(0.7, 128).chance(0.7)  # most pairs are above the threshold, and found more often
    assert len(ours | theirs) > 100
    assert len(ours & theirs) / len(ours) >= least and len(ours & theirs) / len(theirs) >= least
    assert (by_kernel.kept == by_datasketch.kept).mean() >= least
    overlaps = [
        {(a, b): (s, u) for a, b, s, u in zip(p.left, p.right, p.shared, p.union)}
        for p in (by_kernel.pairs, by_datasketch.pairs)
    ]
    assert all(overlaps[0][pair] == overlaps[1][pair] for pair in overlaps[0].keys() & overlaps[1].keys())


def test_what_datasketch_drops_has_a_kept_twin_at_the_threshold(edited_texts: Callable[..., list[str]]) -> None:
    found = deduplicate(None, pa.array(edited_texts(3)), config=REFERENCE, also_pairs_at=0.5)
    gone = np.flatnonzero(~found.kept)
    assert len(gone) > 50 and found.complete
    assert found.kept[found.twin[gone]].all() and (found.score[gone] >= 0.7).all()


def test_the_order_of_rows_changes_nothing(edited_texts: Callable[..., list[str]]) -> None:
    texts = edited_texts(4)
    ids = [f"r{k:04d}" for k in range(len(texts))]
    ahead = deduplicate(pa.array(ids), pa.array(texts), config=REFERENCE)
    back = deduplicate(pa.array(ids[::-1]), pa.array(texts[::-1]), config=REFERENCE)
    assert ahead.kept.tolist() == back.kept[::-1].tolist()


@pytest.mark.parametrize("kind", ["native", "datasketch"])
def test_signatures_go_to_datasketch_and_back(kind: str, edited_texts: Callable[..., list[str]]) -> None:
    texts = pa.array(edited_texts(5))
    config = DedupConfig(backend=kind, permutations=64, seed=9)  # type: ignore[arg-type]
    sketches = deduplicate(None, texts, config=config).sketches
    minhashes = to_minhashes(sketches)
    back = from_minhashes(minhashes, sketches.counts, sketches.shingling)
    assert back.signatures.dtype == (np.uint16 if kind == "native" else np.uint32) == sketches.signatures.dtype
    assert np.array_equal(back.signatures, sketches.signatures) and back.seed == 9
    some = np.arange(1, 20)
    estimates = [minhashes[0].jaccard(minhashes[k]) for k in some]
    assert estimates == pytest.approx(sketches.estimate(np.zeros_like(some), some).tolist())


def test_a_minhash_of_elsewhere_is_one_of_ours() -> None:
    values = np.array([3, 5, 7, 11], dtype=np.uint32)
    theirs = datasketch.MinHash(num_perm=16, seed=2, scheme="affine32", hashfunc=int)
    theirs.update_batch(values.tolist())
    found = from_minhashes([theirs, theirs], np.array([4, 4]), Shingling(size=1))
    assert found.signatures[0].tolist() == theirs.hashvalues.tolist() and (found.signatures.shape, found.seed) == (
        (2, 16),
        2,
    )


def test_minhashes_that_do_not_compare_are_refused() -> None:
    one, other = (datasketch.MinHash(num_perm=16, seed=seed) for seed in (1, 2))
    wide = datasketch.MinHash(num_perm=16, scheme="affine64")
    for minhashes, counts in (([one, other], [1, 1]), ([one], [1, 1]), ([], []), ([wide], [1])):
        with pytest.raises(ValueError, match=r"MinHashes|32 bits"):
            from_minhashes(minhashes, np.array(counts))


def test_a_seed_that_datasketch_does_not_take_is_refused() -> None:
    with pytest.raises(ValueError, match="seed"):
        DedupConfig(backend="datasketch", seed=1 << 32)


def test_the_command_keeps_the_backend_with_the_signatures(
    tmp_path: Path, edited_texts: Callable[..., list[str]]
) -> None:
    pq.write_table(pa.table({"text": edited_texts(6)}), tmp_path / "rows.parquet")
    first = run_files([tmp_path / "rows.parquet"], "text", tmp_path / "one", REFERENCE, store_shingles=True)
    again = run_files([tmp_path / "rows.parquet"], "text", tmp_path / "two", REFERENCE)
    for name in ("data/rows.parquet", "ledger/ledger.parquet", "signatures/signatures.npy", "signatures/pairs.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert rethreshold(tmp_path / "two", 0.7).kept == first.kept == again.kept
    assert rethreshold(tmp_path / "two", 0.9).kept > first.kept
    beside = run_files([tmp_path / "rows.parquet"], "text", tmp_path / "new", REFERENCE, against=[tmp_path / "one"])
    assert beside.kept < first.kept / 10  # only rows without text are like nothing
    with pytest.raises(UserError, match="U102"):
        run_files([tmp_path / "rows.parquet"], "text", tmp_path / "other", DedupConfig(), against=[tmp_path / "one"])


def run_without(package: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command where importing a package fails, as a broken wheel does."""
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").write_text("raise ImportError('no such symbol')\n", encoding="utf-8")
    path = os.pathsep.join([str(folder), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "sxl_data", "dedup", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": path},
    )


def test_without_the_compiler_the_error_names_the_key_and_the_other_backend_works(tmp_path: Path) -> None:
    rows = [f"row {n} " + " ".join(f"word{n}x{k}" for k in range(600)) for n in range(400)]
    pq.write_table(pa.table({"text": [*rows, rows[0] + " end"]}), tmp_path / "rows.parquet")
    words = (str(tmp_path / "rows.parquet"), "--column", "text", "-o")
    found = run_without("llvmlite", tmp_path / "broken", *words, str(tmp_path / "out"))
    assert found.returncode == 2 and "U402" in found.stderr and "dedup.backend: datasketch" in found.stderr
    assert not (tmp_path / "out").exists()
    found = run_without("llvmlite", tmp_path / "again", *words, str(tmp_path / "out"), "--backend", "datasketch")
    assert found.returncode == 0, found.stderr
    assert "D311 ×1" in found.stdout


def test_without_datasketch_the_error_says_how_to_get_it(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["some text", "some other text"]}), tmp_path / "rows.parquet")
    words = (str(tmp_path / "rows.parquet"), "--column", "text", "-o", str(tmp_path / "out"))
    found = run_without("datasketch", tmp_path / "broken", *words, "--backend", "datasketch")
    assert found.returncode == 2 and "U402" in found.stderr
    assert "pip install 'sheikh-sxl[datasketch]'" in found.stderr


def test_native_signatures_are_never_those_of_datasketch() -> None:
    texts = pa.array(["one two three four five six seven", "a b c"])
    by_datasketch = deduplicate(None, texts, config=REFERENCE).sketches
    assert by_datasketch.signatures.dtype == np.uint32 and sketch(texts).signatures.dtype == np.uint16
    assert by_datasketch.counts.tolist() == sketch(texts).counts.tolist()
