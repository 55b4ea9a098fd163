"""The reference backend: signatures and candidates by datasketch, for `dedup.backend: datasketch`.

In: texts, and later their signatures. Out: the same `Sketches` and `Found` that the compiled kernels give, so that
exact keys, verification and survivors are those of the native backend, here on numpy alone: nothing is compiled. What
differs is who draws the permutations (`MinHash`, 32-bit values instead of 16) and who fills the buckets
(`MinHashLSH`); bands, shingles and seed are ours, so that recall is the same. Every pair of a bucket is a candidate: no
bucket is cut, one round is enough, and a bucket of n rows costs n² / 2 verifications.

`to_minhashes` and `from_minhashes` carry signatures of either backend to datasketch and back, value for value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sxl_data.contract.errors import error
from sxl_data.dedup.parts.band_ranges import Among
from sxl_data.dedup.parts.candidates import Found, bands_of
from sxl_data.dedup.parts.shards import Shards
from sxl_data.dedup.rows import Rows
from sxl_data.dedup.shingles import Shingling, hash_shingles
from sxl_data.dedup.signatures import Sketches

if TYPE_CHECKING:
    from datasketch import MinHash

SCHEME = "affine32"
"""datasketch's permutations of 32-bit hashes; said, since its default has changed once."""
AT_ONCE_BYTES = 1 << 22
"""Text whose shingles are held at a time."""
AT_ONCE_SHINGLES = 1 << 14
"""Shingles that are permuted at a time: each takes 4 bytes for every permutation."""


def sketch_by_datasketch(rows: Rows, shingling: Shingling, permutations: int, seed: int) -> Sketches:
    """Signatures of every row, u32 ``(n, permutations)``. Raises U402 where datasketch is not installed, and
    ValueError for a seed that numpy's generator does not take."""
    blank = _load().MinHash(num_perm=permutations, seed=seed, hashfunc=_as_it_is, scheme=SCHEME)
    signatures = np.empty((len(rows), permutations), dtype=np.uint32)
    counts = np.empty(len(rows), dtype=np.uint32)
    for begin, end in _spans(rows.lengths):
        which = np.arange(begin, end)
        hashes, offsets = hash_shingles(rows.take(which), shingling)
        counts[begin:end] = np.diff(offsets)
        for row, first, last in zip(which.tolist(), offsets[:-1].tolist(), offsets[1:].tolist()):
            minhash = blank.copy()
            for at in range(first, last, AT_ONCE_SHINGLES):
                minhash.update_batch(hashes[at : min(at + AT_ONCE_SHINGLES, last)])
            signatures[row] = minhash.hashvalues
    return Sketches(signatures, counts, shingling, seed)


def find_reference_candidates(shards: Shards, among: Among, threshold: float) -> Found:
    """The pairs that share a bucket of datasketch's `MinHashLSH`, among these rows; none is cut. Raises U402."""
    bands = bands_of(shards, threshold)
    lsh = _load().MinHashLSH(num_perm=bands.permutations, params=(bands.count, bands.rows))
    make, pairs = _maker(bands.permutations, 1), [np.zeros(0, dtype=np.uint64)]
    for shard in range(len(shards)):
        signatures = shards.numbers(shard, "signature")
        for local in among.rows(shards, shard).tolist():
            row = int(shards.first[shard]) + local
            minhash = make(signatures[local])
            earlier = np.array(lsh.query(minhash), dtype=np.uint64)
            pairs.append((earlier << np.uint64(32)) | np.uint64(row))
            lsh.insert(row, minhash, check_duplication=False)
    return Found(np.sort(np.concatenate(pairs)), np.zeros(0, dtype=np.uint32))


def to_minhashes(sketches: Sketches) -> list[MinHash]:
    """A `datasketch.MinHash` for each row: their `jaccard` is the estimate of `Sketches.estimate`. Raises U402."""
    return list(map(_maker(sketches.signatures.shape[1], sketches.seed), sketches.signatures))


def from_minhashes(
    minhashes: Sequence[MinHash],
    counts: np.ndarray,
    shingling: Shingling = Shingling(),  # noqa: B008 - frozen
) -> Sketches:
    """Signatures of `datasketch.MinHash` objects: u16 where no value needs more, as those of the native backend, else
    u32. ``counts``, u32 ``(n,)``, are the rows' shingles, repeats included, which a MinHash does not know. ValueError
    where the objects differ in seed or length, are none, or hold values of more than 32 bits."""
    kinds = {(minhash.seed, len(minhash)) for minhash in minhashes}
    if len(kinds) != 1 or len(counts) != len(minhashes):
        raise ValueError(f"{len(minhashes)} MinHashes of one seed and length, and a count for each, not {kinds}")
    ((seed, _),) = kinds
    values = np.stack([minhash.hashvalues for minhash in minhashes])
    most = int(values.max(initial=0))
    if most >> 32:
        raise ValueError(f"hash values of 32 bits, not {most}")
    kind = np.uint16 if most < 1 << 16 else np.uint32
    return Sketches(values.astype(kind), np.asarray(counts, dtype=np.uint32), shingling, seed)


def _maker(permutations: int, seed: int) -> Callable[[np.ndarray], MinHash]:
    """A function from a signature to its MinHash; they share one array of permutations, which is slow to draw."""
    blank = _load().MinHash(num_perm=permutations, seed=seed, hashfunc=_as_it_is, scheme=SCHEME)
    shared = {"seed": seed, "permutations": blank.permutations, "hashfunc": _as_it_is, "scheme": SCHEME}
    return lambda values: blank.__class__(hashvalues=values.astype(np.uint32), **shared)


def _as_it_is(value: Any) -> Any:
    return value


def _spans(lengths: np.ndarray) -> list[tuple[int, int]]:
    """Neighbouring rows that together hold about `AT_ONCE_BYTES`, one row at least."""
    group = np.cumsum(lengths) // AT_ONCE_BYTES
    ends = [*(np.flatnonzero(np.diff(group)) + 1).tolist(), len(lengths)]
    return [(a, b) for a, b in zip([0, *ends], ends) if a < b]


def _load() -> Any:
    try:
        import datasketch
    except ImportError as problem:
        raise error(
            "U402",
            found=f"`dedup.backend: datasketch`, and datasketch cannot be imported: {problem}",
            expected="the extra `datasketch`",
            fix="pip install 'sheikh-sxl[datasketch]', or leave `dedup.backend` to `native`",
        ) from problem
    return datasketch
