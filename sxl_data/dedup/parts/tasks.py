"""What one task of a build's comparison of all rows does: opens what other tasks left, calls a step, returns tables.

`plan` plans these. Tables that others look rows up in are Arrow files that can be mapped.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.contract.distinct import distinct
from sxl_data.contract.errors import error
from sxl_data.engine.mapped import mappable, mapped, write_mappable
from sxl_data.engine.task import Output

if TYPE_CHECKING:
    from sxl_data.dedup.parts.candidates import Found

Inputs = dict[str, list[Path]]

CHUNK = 1 << 18
"""Candidates in a file, and about the most that one task verifies."""


def find_exact_duplicates(params: dict[str, Any], inputs: Inputs) -> Output:
    """Exact duplicates among the rows of one range of keys."""
    from sxl_data.dedup.parts.exact import find_exact_duplicates_of

    found = find_exact_duplicates_of(_shards(params, inputs), params["part"], params["parts"])
    return Output(blobs={"duplicates": mappable(found)}, counters={"duplicates": len(found)})


def partition_bands(params: dict[str, Any], inputs: Inputs) -> Output:
    """The band hashes of some shards, in a file for each part that meets them."""
    from sxl_data.dedup.parts.band_ranges import partition_bands
    from sxl_data.dedup.parts.candidates import bands_of

    shards = _shards(params, inputs)
    tables = partition_bands(
        shards,
        _among(inputs),
        bands_of(shards, params["threshold"]),
        params["begin"],
        params["end"],
        params["parts"],
        compiled=params["compiled"],
        at_once=params["at_once"],
    )
    return Output(blobs={f"keys-{part:05d}": mappable(table) for part, table in enumerate(tables)})


def find_candidates_of(params: dict[str, Any], inputs: Inputs) -> Output:
    """Candidates of one span of band hashes."""
    from sxl_data.dedup.parts.candidates import find_candidates_of

    among = [mapped(path) for path in inputs["keys"]] if "keys" in inputs else _among(inputs)
    found = find_candidates_of(
        _shards(params, inputs),
        among,
        params["threshold"],
        params["fan"],
        params["part"],
        params["parts"],
        compiled=params["compiled"],
        at_once=params["at_once"],
    )
    return _candidates(found)


def find_reference_candidates(params: dict[str, Any], inputs: Inputs) -> Output:
    """All candidates, by datasketch."""
    from sxl_data.dedup.reference import find_reference_candidates

    return _candidates(find_reference_candidates(_shards(params, inputs), _among(inputs), params["threshold"]))


def _candidates(found: Found) -> Output:
    """Pairs in files of `CHUNK`, and the rows whose buckets were cut."""
    left, right = found.pairs >> np.uint64(32), found.pairs & np.uint64(0xFFFFFFFF)
    pairs = pa.table({"left": left.astype(np.uint32), "right": right.astype(np.uint32)})
    tables = {f"pairs-{i:05d}": pairs.slice(first, CHUNK) for i, first in enumerate(range(0, len(pairs), CHUNK))}
    return Output(tables=tables | {"cut": pa.table({"row": found.cut})}, counters={"pairs": len(pairs)})


def verify_pairs(params: dict[str, Any], inputs: Inputs) -> Output:
    """Exact similarities of some candidates. Second reading of text."""
    from sxl_data.dedup.parts.verify import verify_pairs
    from sxl_data.dedup.shingles import Shingling

    shingling = msgspec.convert(params["shingling"], Shingling)
    candidates = pa.concat_tables([pq.read_table(path) for path in inputs["pairs"]])
    try:
        found = verify_pairs(
            _shards(params, inputs),
            candidates,
            params["floor"],
            shingling,
            params["memory"],
            compiled=params.get("compiled"),
        )
    except (ValueError, OSError) as problem:  # Arrow's own errors are ValueErrors too
        raise error(
            "U304", file=str(inputs["text"][0].parent), found=str(problem), expected="texts as they were first read"
        ) from problem
    return Output(tables={"pairs": found})


def choose_survivors(params: dict[str, Any], inputs: Inputs) -> Output:
    """Who is dropped for whom after the rounds so far, and the rows that another round must compare."""
    from sxl_data.dedup.parts.bounded import settle
    from sxl_data.dedup.parts.survivors import ask_again

    near = settle(_shards(params, inputs), _pairs(inputs), params["threshold"], params["memory"], _room(params, inputs))
    before = [_rows(path) for path in inputs["before"]]
    again = ask_again(
        near["row"].to_numpy(),
        _union(inputs["first_cut"]),
        _union(inputs["cut"]),
        before[0] if before else np.zeros(0, np.uint32),
    )
    return Output(
        blobs={"near": write_mappable(near), "again": mappable(pa.table({"row": again}))},
        counters={"near": len(near), "again": len(again)},
    )


def collect_results(params: dict[str, Any], inputs: Inputs) -> Output:
    """All verified pairs, and those near the threshold."""
    from sxl_data.dedup.parts.bounded import collect_results

    pairs, borderline = collect_results(
        _shards(params, inputs),
        _pairs(inputs),
        mapped(inputs["near"][0]),
        params["threshold"],
        params["memory"],
        _room(params, inputs),
    )
    return Output(tables={"pairs": pairs, "borderline": borderline})


def name_drops(params: dict[str, Any], inputs: Inputs) -> Output:
    """The drops of some shards, a table for each."""
    from sxl_data.dedup.parts.survivors import name_drops

    duplicates, near = [mapped(path) for path in inputs["duplicates"]], mapped(inputs["near"][0])
    begin, end = params["begin"], params["end"]
    drops = name_drops(_shards(params, inputs), duplicates, near, begin, end)
    return Output(tables={f"drops-{i:05d}": table for i, table in zip(range(begin, end), drops)})


def _among(inputs: Inputs) -> Any:
    """Which rows a round compares."""
    from sxl_data.dedup.parts.band_ranges import Among

    out = [_rows(path) for name in ("duplicates", "near") for path in inputs.get(name, [])]
    only = [_rows(path) for path in inputs.get("again", [])]
    return Among(only[0] if only else None, tuple(out))


def _shards(params: dict[str, Any], inputs: Inputs) -> Any:
    from sxl_data.dedup.parts.shards import Shards

    signed, texts = inputs["signatures"], inputs.get("text", [])
    return Shards(
        params["sizes"],
        lambda i: mapped(signed[i]),
        lambda i: mapped(texts[i]),
        params["prefer"],
        params.get("compiled"),
    )


def _rows(path: Path) -> np.ndarray:
    """The column row of an Arrow file, left where it is."""
    column = mapped(path)["row"]
    return np.asarray(column.chunk(0)) if column.num_chunks == 1 else column.to_numpy()


def _pairs(inputs: Inputs) -> Any:
    from sxl_data.dedup.parts.bounded import PairFiles

    paths = inputs["pairs"]
    return PairFiles([partial(pq.read_table, path) for path in paths], sum(pq.read_metadata(p).num_rows for p in paths))


def _room(params: dict[str, Any], inputs: Inputs) -> Any:
    """Half of the memory of a task, and then files beside those that it reads."""
    from sxl_data.dedup.scratch import Scratch

    return Scratch(params["memory"] // 2, inputs["signatures"][0].parent if inputs["signatures"] else None)


def _union(paths: list[Path]) -> np.ndarray:
    parts = [pq.read_table(path)["row"].to_numpy() for path in paths]
    return distinct(np.concatenate([np.zeros(0, dtype=np.uint32), *parts]))
