"""What deduplication is asked for: thresholds, what is compared, and what it may cost."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from sxl_data.contract.sizes import parse_size
from sxl_data.dedup.bands import choose_bands
from sxl_data.dedup.shingles import Shingling

MARGIN = 0.05
"""Verified pairs this far below the threshold are answered too, for the borderline section of reports."""
BORDERLINE = 0.02
"""How far from the threshold a pair is one that a person should look at."""
MOST_PERMUTATIONS = 4096
"""Beyond it a signature takes 8 kB a row and finds nothing more."""


class DedupConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Near-duplicate removal."""

    COSTS: ClassVar = ("memory", "workers")
    threshold: float = 0.7
    """Jaccard similarity of two texts' shingle sets from which one of them is dropped, above 0 and at most 1."""
    permutations: int = 128
    """Values in a signature: 2 bytes of memory each, per row."""
    shingling: Shingling = Shingling()
    """What is compared."""
    backend: Literal["native", "datasketch"] = "native"
    """Who makes signatures and finds candidates: the compiled kernels here, or datasketch (the extra `datasketch`), the
    reference that they are tested against: about 30 times slower, needs no compiler, and compares all pairs of a
    bucket, however large. Both are verified alike. Signatures of one do not compare with those of the other."""
    seed: int = 1
    """Seed of the permutations."""
    prefer: tuple[str, ...] = ()
    """Sources whose rows are kept first, best first; the others follow with equal right."""
    memory: str = "4GB"
    """Decimal bytes that texts, signatures, hashes of bands and shingle sets may take. Beyond it texts and signatures
    go to scratch files and the rest to several passes: the same result, later. About 150 bytes a row come on top. In
    a build it is what each task that compares rows of all shards plans for, where `engine.task_bytes` says nothing
    else, and there is no such addition."""
    workers: int = 0
    """Threads; 0 takes all processors. Changes the time only."""

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise ValueError(f"threshold above 0 and at most 1, not {self.threshold}")
        if not 1 <= self.permutations <= MOST_PERMUTATIONS or self.seed < 0 or self.workers < 0:
            raise ValueError(f"1 to {MOST_PERMUTATIONS} permutations, no seed and no workers below zero")
        if self.backend == "datasketch" and self.seed >> 32:
            raise ValueError("a seed below 2^32, which is what datasketch takes")
        choose_bands(self.threshold, self.permutations)
        parse_size(self.memory)
