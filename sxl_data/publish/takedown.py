"""Rows that were asked to be taken down: their ids, and the shards without them.

In: ids, or files with an id on each line, and the shards of a build. Out: the shards that are left, their rows counted
anew. The ids travel with the dataset in `takedown.txt`, so that a later publication of the same build does not bring
such a row back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sxl_data.contract import patterns
from sxl_data.contract.errors import UserError, error, finding
from sxl_data.engine.commit import commit_bytes
from sxl_data.write.manifest import Manifest, StageSummary
from sxl_data.write.parquet import encode_parquet
from sxl_data.write.tally import count_rows, tables

TAKEDOWN = "takedown.txt"
TRACE_ID = patterns.compile(r"[a-z0-9][a-z0-9_.-]{0,63}:[0-9a-f]{16}")
CODE = "D605"
"""What the ledger says of such rows, whether a recipe or a publication left them out."""
SHOWN = 20


def read_ids(items: Iterable[str]) -> frozenset[str]:
    """The ids that ``items`` are, or that files called so hold. Raises U201 for what is neither, U102 for a line that
    is no id."""
    ids: set[str] = set()
    for item in items:
        if TRACE_ID.fullmatch(item):
            ids.add(item)
        elif Path(item).is_file():
            ids |= parse_ids(Path(item).read_text(encoding="utf-8-sig"), item)
        else:
            raise error(
                "U201",
                file=item,
                found="no such file, and no id such as source:0123456789abcdef",
                expected="trace ids, or files with one on each line",
                why="a row to take down is named by its id",
            )
    return frozenset(ids)


def parse_ids(text: str, file: str) -> frozenset[str]:
    """The ids on the lines of ``text``; empty lines and those that begin with # say nothing. Raises U102."""
    ids: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        said = line.strip()
        if said and not said.startswith("#"):
            if not TRACE_ID.fullmatch(said):
                expected = "a trace id such as source:0123456789abcdef"
                raise error("U102", file=file, line=number, found=said, expected=expected)
            ids.add(said)
    return frozenset(ids)


def format_ids(ids: Iterable[str]) -> bytes:
    """The lines of `takedown.txt`."""
    return ("# rows that were taken down: they do not come back\n" + "".join(f"{i}\n" for i in sorted(ids))).encode()


def split_of(name: str) -> str:
    """The split of a shard's name."""
    return name.removeprefix("data/").partition("-")[0]


class Left(msgspec.Struct, frozen=True):
    """Shards after a takedown. ``taken`` has the ids that were in one, with their source."""

    shards: dict[str, Path]
    manifest: Manifest
    taken: dict[str, str]


def leave_out(shards: dict[str, Path], manifest: Manifest, gone: frozenset[str], scratch: Path) -> Left:
    """``shards`` without the rows ``gone``; those that had some are written anew into ``scratch``."""
    left: dict[str, Path] = {}
    taken: dict[str, str] = {}
    counted: list[tuple[str, dict[str, int]]] = []
    splits = {name: dict.fromkeys(numbers, 0) for name, numbers in manifest.splits.items()}
    wanted = pa.array(sorted(gone), pa.string())
    for name, path in shards.items():
        rows = pq.read_table(path)
        hit = pc.is_in(rows["trace_id"], value_set=wanted)
        if pc.any(hit).as_py():
            out = rows.filter(hit).select(["trace_id", "source"]).to_pylist()
            taken |= {row["trace_id"]: row["source"] for row in out}
            rows = rows.filter(pc.invert(hit)).combine_chunks()
            path = scratch / name
            if len(rows):
                commit_bytes(path, encode_parquet(rows).to_pybytes())
        if len(rows):
            left[name] = path
            numbers = splits[split_of(name)]
            numbers["rows"] += len(rows)
            numbers["text_bytes"] += int(pc.sum(rows["text_bytes"]).as_py())
            numbers["memory_bytes"] += rows.nbytes
            numbers["shards"] += 1
            counted.append((split_of(name), count_rows(rows)))
    return Left(left, _counted_anew(manifest, splits, counted, len(taken)) if taken else manifest, taken)


def require_known(asked: frozenset[str], taken: Iterable[str], ledger: pa.Table, build: str) -> None:
    """Raise U507 for ids that are neither a row nor a line of the ledger."""
    unknown = asked - set(taken) - set(ledger["trace_id"].to_pylist())
    if unknown:
        expected = "ids of rows of this build"
        raise UserError(
            *(finding("U507", file=build, trace_id=i, found="no such row", expected=expected) for i in _some(unknown))
        )


def _some(ids: Iterable[str]) -> Sequence[str]:
    return sorted(ids)[:SHOWN]


def _counted_anew(
    manifest: Manifest, splits: dict[str, dict[str, int]], counted: list[tuple[str, dict[str, int]]], taken: int
) -> Manifest:
    counts, licences = tables(counted)
    rows = sum(numbers["rows"] for numbers in splits.values())
    funnel = StageSummary(stage="publish", rows_in=rows + taken, rows_out=rows, dropped={CODE: taken}, edited={})
    return msgspec.structs.replace(
        manifest,
        splits=splits,
        counts=counts,
        stages=[*manifest.stages, funnel],
        sources=[
            msgspec.structs.replace(s, kept=counts["source"].get(s.name, {}), licences=licences.get(s.name, {}))
            for s in manifest.sources
        ],
    )
