"""A finished build that a new one extends: the rows that it published, and the side of each.

In: the folder of a build. Out: sorted keys of its ids and texts with their sides, as mapped files, each of one range.
Its rows keep their sides, and win over new rows that resemble them. A row is known again by its id, or, where its file
was renamed or got rows before it, by its text. Who asks looks its rows up and reads no more than these, so that the
work grows with the rows, not with the rows times the shards that ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.build.exclude import TRACE_ID
from sxl_data.contract.errors import error
from sxl_data.dedup.exact import KEY_BYTES, hash_texts, in_range
from sxl_data.dedup.parts.plan import count_parts
from sxl_data.dedup.rows import locate
from sxl_data.dedup.stage import DedupStage, hash_rows
from sxl_data.engine.commit import sha256
from sxl_data.engine.mapped import mappable, mapped
from sxl_data.engine.task import Output, Receipt, Task
from sxl_data.split.assign import SPLITS
from sxl_data.split.part import FREE, TAKEN_DOWN
from sxl_data.write.manifest import Manifest, decode

KEYED = pa.schema([("hi", pa.uint64()), ("lo", pa.uint64()), ("side", pa.int8())])
LEDGER = "ledger/ledger.parquet"
PUBLISHED_BEFORE = "\0"
"""Stands for the source of rows that the extended build has, while rows are compared: it is preferred to all."""


def read_extended(folder: str | Path, out: Path) -> Manifest:
    """The manifest of the build in ``folder``. Raises U305 where there is none, U401 where it is ``out`` itself."""
    path = Path(folder) / "manifest.json"
    if not path.is_file():
        raise error("U305", file=str(folder), found="no manifest.json", expected="the folder of a finished build")
    if Path(folder).resolve() == out.resolve():
        raise error(
            "U401",
            found=f"--extend {folder} and -o {out}",
            expected="another output folder: the build that is extended stays as it is",
        )
    return decode(path.read_bytes(), str(path))


def read_taken_down(folder: str | Path, manifest: Manifest) -> set[str]:
    """Ids that the build in ``folder`` took down, or was told to: what extends it does not bring them back. Raises
    U304 where a file of its ledger is not what its manifest says."""
    ids = {item for item in manifest.recipe.get("exclude") or () if TRACE_ID.fullmatch(item)}
    if info := manifest.files.get(LEDGER):
        path = Path(folder) / LEDGER
        _refuse_other(path, info["sha256"])
        ids |= set(
            pq.read_table(path, columns=["trace_id"], filters=[("code", "==", TAKEN_DOWN)])["trace_id"].to_pylist()
        )
    return ids


def plan_old(folder: str | Path, manifest: Manifest, config: DedupStage) -> list[Task]:
    """Tasks that read what of the build in ``folder`` the new one must know."""
    tasks: list[Task] = []
    for name, info in sorted(manifest.files.items()):
        kind, _, file = name.partition("/")
        if kind != "data":
            continue
        params: dict[str, Any] = {
            "path": str((Path(folder) / name).resolve()),
            "sha256": info["sha256"],
            "side": SPLITS.index(file.split("-")[0]),
            "config": msgspec.to_builtins(config),
        }
        tasks.append(Task(stage="old", part=len(tasks), function="sxl_data.build.extending:old", params=params))
    return tasks


def old(params: dict[str, Any], inputs: Mapping[str, Sequence[Path]]) -> Output:
    """The task that reads a published file: keys of its ids and texts, and sides. Raises U304 where the file is not
    what its manifest says."""
    path = Path(params["path"])
    _refuse_other(path, params["sha256"])
    batch = pq.read_table(path, columns=["trace_id", "steps"])
    keys = hash_rows(batch, msgspec.convert(params["config"], DedupStage))
    tables = keys_of(batch["trace_id"], keys, params["side"])
    return Output(blobs={name: mappable(table) for name, table in tables.items()}, counters={"rows": len(batch)})


def keys_of(ids: pa.Array | pa.ChunkedArray, texts: np.ndarray, side: int) -> dict[str, pa.Table]:
    """Rows of a published file by the keys of their ids and of their texts: tables of `KEYED`. A row without any text
    is known by its id alone."""
    keyed = {"ids": hash_texts(locate(ids)), "texts": texts[texts.any(axis=1)]}
    return {
        name: pa.table([keys[:, 0], keys[:, 1], np.full(len(keys), side, dtype=np.int8)], schema=KEYED)
        for name, keys in keyed.items()
    }


def plan_known(read: Sequence[Receipt], memory: int) -> list[Task]:
    """Tasks that sort what ``read``, those of `plan_old`, left: a range of keys each, within ``memory``."""
    parts = count_parts(sum(receipt.counters["rows"] for receipt in read), 2 * KEY_BYTES, memory, 1 << 24)
    inputs = {name: tuple(receipt.files[name] for receipt in read) for name in ("ids", "texts")}
    function = "sxl_data.build.extending:known"
    return [
        Task(stage="known", part=i, function=function, params={"part": i, "parts": parts}, inputs=inputs)
        for i in range(parts)
    ]


def known(params: dict[str, Any], inputs: Mapping[str, Sequence[Path]]) -> Output:
    """The task that sorts one range of the keys that `old` found in all files."""
    tables = {name: sort_range(paths, params["part"], params["parts"]) for name, paths in inputs.items()}
    return Output(blobs={name: mappable(table) for name, table in tables.items()})


def sort_range(paths: Sequence[Path], part: int, parts: int) -> pa.Table:
    """What the tables at ``paths`` say of one range of keys, ascending: of a key that several rows have the first."""
    found = [KEYED.empty_table()]
    for path in paths:
        table = mapped(path)
        found.append(table.filter(pa.array(in_range(table["hi"].to_numpy(), part, parts))))
    whole = pa.concat_tables(found)
    hi, lo = whole["hi"].to_numpy(), whole["lo"].to_numpy()
    order = np.lexsort((lo, hi))  # which is stable
    hi, lo = hi[order], lo[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (hi[1:] != hi[:-1]) | (lo[1:] != lo[:-1])
    return pa.table([hi[first], lo[first], whole["side"].to_numpy()[order[first]]], schema=KEYED)


def _refuse_other(path: Path, digest: str) -> None:
    if not path.is_file() or sha256(path) != digest:
        raise error("U304", file=str(path), found="another file", expected="the file that the manifest describes")


def sides_of(ids: pa.Array | pa.ChunkedArray, texts: np.ndarray, old: Mapping[str, Sequence[Path]]) -> np.ndarray:
    """The side of rows in the ``old`` build, by their ids, else by the keys of their texts, u64 ``(rows, 2)``; `FREE`
    for new ones. ``old``: the files of each kind of key, range after range."""
    by_text, by_id = look_up(texts, old["texts"]), look_up(hash_texts(locate(ids)), old["ids"])
    return np.where(by_id == FREE, by_text, by_id)


def look_up(keys: np.ndarray, paths: Sequence[Path]) -> np.ndarray:
    """The side that the tables of `sort_range` at ``paths`` have for each key, else `FREE`."""
    sides = np.full(len(keys), FREE, dtype=np.int8)
    for part, path in enumerate(paths):
        mine = np.flatnonzero(in_range(keys[:, 0], part, len(paths)))
        table = mapped(path)
        if not len(table):
            continue
        hi, lo, side = (table[name].chunk(0).to_numpy() for name in KEYED.names)
        asked = keys[mine]
        at = np.searchsorted(hi, asked[:, 0])
        while True:  # keys that have but their first half in common are a few in 10^10
            place = np.minimum(at, len(hi) - 1)
            same = (at < len(hi)) & (hi[place] == asked[:, 0])
            other = same & (lo[place] != asked[:, 1])
            if not other.any():
                break
            at += other
        sides[mine[same]] = side[place[same]]
    return sides
