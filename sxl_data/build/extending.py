"""A finished build that a new one extends: the rows that it published, and the side of each.

In: the folder of a build. Out: tables of trace_id, exact key and side, one for each published file. Its rows keep their
sides, and win over new rows that resemble them. A row is known again by its id, or, where its file was renamed or got
rows before it, by its text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sxl_data.build.exclude import TRACE_ID
from sxl_data.contract.errors import error
from sxl_data.dedup.stage import DedupStage
from sxl_data.engine.commit import sha256
from sxl_data.engine.task import Task
from sxl_data.split.assign import SPLITS
from sxl_data.split.part import TAKEN_DOWN
from sxl_data.write.manifest import Manifest, decode

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
        tasks.append(Task(stage="old", part=len(tasks), function="sxl_data.build.tasks:old", params=params))
    return tasks


def read_old(path: Path, digest: str) -> pa.Table:
    """The columns trace_id and steps of a published file. Raises U304 where it is not what its manifest says."""
    _refuse_other(path, digest)
    return pq.read_table(path, columns=["trace_id", "steps"])


def _refuse_other(path: Path, digest: str) -> None:
    if not path.is_file() or sha256(path) != digest:
        raise error("U304", file=str(path), found="another file", expected="the file that the manifest describes")


def sides_of(batch: pa.Table, keys: np.ndarray, old: list[Path], free: int) -> np.ndarray:
    """The side of each row of ``batch`` (trace_id) in the ``old`` tables, ``free`` for new ones; by id, then by key, of
    shape ``(rows, 2)``."""
    sides = np.full(len(batch), free, dtype=np.int8)
    for path in old:
        table = pq.read_table(path)
        known = table["side"].to_numpy()
        by_id = pc.index_in(batch["trace_id"], value_set=table["trace_id"].combine_chunks())
        by_key = pc.index_in(_packed(keys[:, 0], keys[:, 1]), value_set=_packed(table["key_hi"], table["key_lo"]))
        for found, empty in ((by_key, ~keys.any(axis=1)), (by_id, np.zeros(len(batch), dtype=bool))):
            at = np.asarray(found.fill_null(-1)).astype(np.int64)
            at[empty] = -1
            new = (at >= 0) & ((sides == free) | (found is by_id))
            sides[new] = known[at[new]]
    return sides


def _packed(high: Any, low: Any) -> pa.Array:
    """Keys as strings of 16 bytes."""
    both = np.stack([np.asarray(high), np.asarray(low)], axis=1).astype(np.uint64)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(both), [None, pa.py_buffer(both.tobytes())])
