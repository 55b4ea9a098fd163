"""Deduplication: exact keys, MinHash candidates, every candidate verified, one kept row per cluster, reasons for all.

In: texts in Arrow arrays. Out: which rows stay, and for each other its kept twin, score and overlap.

    from sxl_data.dedup import DedupConfig, deduplicate
    result = deduplicate(ids, texts, rank, DedupConfig(threshold=0.7), also_pairs_at=0.5)
    result.kept, result.twin, result.score, result.exact     # per row
    result.pairs                                             # every verified pair, with shingle counts
    result.groups(0.5)                                       # labels for a split: no linked pair may be separated

Parts, each usable alone: `sketch` (signatures), `choose_bands` and `find_candidates`, `measure_overlaps` (exact
Jaccard), `keep_best` and `components`, `hash_texts` (exact keys), `to_minhashes` and
`from_minhashes` (signatures to datasketch's and back). Nothing heavy is imported before first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sxl_data.contract.callable import make_callable

_HOMES = {
    "DedupConfig": "config",
    "DedupResult": "result",
    "Pairs": "result",
    "Shingling": "shingles",
    "Sketches": "signatures",
    "choose_bands": "bands",
    "components": "clusters",
    "deduplicate": "in_memory",
    "find_candidates": "parts.held",
    "from_minhashes": "reference",
    "hash_texts": "exact",
    "keep_best": "clusters",
    "measure_overlaps": "verify",
    "sketch": "signatures",
    "to_minhashes": "reference",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


make_callable(__name__, "sxl_data.dedup.tables.command", "run_files")
