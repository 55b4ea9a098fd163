"""How much of a source goes in, and how evenly the splits share what is there.

In: keys and sources of rows, the recipe's weights and counts. Out: the rows beyond their source's share; and, for a
stratified split, the stratum of each row. All are drawn by hashes of texts, so that other sources, shards and machines
change nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pyarrow as pa
import xxhash

from sxl_data.contract.columns import length_buckets
from sxl_data.split.assign import unit_of

Stratum = Literal["source", "kind", "language", "length"]
_SHARE = 0x5A3E


def beyond_weight(batch: pa.Table, keys: np.ndarray, rates: Mapping[str, float], seed: int) -> np.ndarray:
    """bool ``(rows,)``: whether a row is beyond the rate at which its source is taken; ``batch`` has source."""
    if not rates:
        return np.zeros(len(batch), dtype=bool)
    rate = np.array([rates.get(name, 1.0) for name in batch["source"].to_pylist()])
    return unit_of_share(keys, seed) >= rate


def number_quotas(batch: pa.Table, sources: Sequence[str]) -> np.ndarray:
    """i16 ``(rows,)``: the place of a row's source among those that have a count, -1 for none."""
    places = {name: number for number, name in enumerate(sources)}
    return np.array([places.get(name, -1) for name in batch["source"].to_pylist()], dtype=np.int16)


def unit_of_share(keys: np.ndarray, seed: int) -> np.ndarray:
    """By what rows are taken from their source: a number in [0, 1) of each, the smaller the sooner."""
    return unit_of(keys, seed + _SHARE)


def name_strata(batch: pa.Table, by: Sequence[Stratum]) -> np.ndarray:
    """u64 ``(rows,)``: a hash of what a row is stratified ``by``."""
    if not by:
        return np.zeros(len(batch), dtype=np.uint64)
    lengths = length_buckets(batch["text_bytes"].to_numpy()).tolist()
    columns = [lengths if name == "length" else batch[name].to_pylist() for name in by]
    seen: dict[tuple[object, ...], int] = {}
    for values in zip(*columns):
        if values not in seen:
            seen[values] = xxhash.xxh3_64_intdigest("\0".join(map(str, values)).encode())
    return np.array([seen[values] for values in zip(*columns)], dtype=np.uint64)
