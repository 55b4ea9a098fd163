"""Publishes a finished build: places the shards, gathers ledger and quarantine, writes card and manifest.

The old manifest goes first and the new one comes last, so at no instant does a manifest describe files
that are not there.
"""

from __future__ import annotations

import platform
import shutil
import time
from importlib.metadata import version
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data import __version__
from sxl_data.build.dividing import Divided
from sxl_data.build.recipe import Recipe
from sxl_data.contract.costs import split_costs
from sxl_data.contract.errors import error
from sxl_data.engine.commit import commit, commit_bytes, place, sha256, writing
from sxl_data.engine.store import Store
from sxl_data.engine.task import FileInfo, Receipt
from sxl_data.split.assign import SPLITS
from sxl_data.write.arrow import folder_files
from sxl_data.write.card import render_card
from sxl_data.write.example import example_row
from sxl_data.write.manifest import (
    Borderline,
    BorderlinePair,
    Manifest,
    MissingSource,
    SourceSummary,
    StageSummary,
    decode,
    encode,
    seal,
)
from sxl_data.write.rows import PUBLISHED_SCHEMA
from sxl_data.write.tally import tables

NAMED = ("data", "arrow", "ledger", "quarantine")
"""Folders whose files the manifest names."""
PUBLISHED = (*NAMED, "README.md", "report.html")
ROW_GROUP = 65_536
_PACKAGES = ("pyarrow", "numpy", "msgspec", "tree-sitter")


def publish(
    out: Path,
    store: Store,
    recipe: Recipe,
    sources: list[SourceSummary],
    missing: list[MissingSource],
    funnel: list[StageSummary],
    divided: Divided,
    written: list[tuple[str, int, int, Receipt]],
    ledgers: list[FileInfo],
    quarantines: list[FileInfo],
    borderline: FileInfo,
    seconds: dict[str, float],
) -> Manifest:
    """Fill ``out`` and return the manifest written there."""
    with writing(out):
        (out / "manifest.json").unlink(missing_ok=True)
        for name in PUBLISHED:
            path = out / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    splits = _place_shards(out, store, written)
    for folder, infos in (("ledger", ledgers), ("quarantine", quarantines)):
        if infos:
            _gather(out / folder / f"{folder}.parquet", [store.verified(info) for info in infos])
    if borderline.rows:
        place(store.verified(borderline), out / "ledger" / "borderline.parquet")
    decides, costs = split_costs(recipe)
    counts, licences = tables((split, receipt.counters) for split, _, _, receipt in written)
    manifest = Manifest(
        name=recipe.name,
        description=recipe.description,
        sxl_version=__version__,
        seed=recipe.seed,
        recipe=decides,
        stages=funnel,
        splits=splits,
        leakage={name: getattr(divided.leaks[-1], name) for name in ("ours", "random")},
        leaks=divided.leaks,
        uncompared=divided.split.counters["cut"],
        extends=divided.extends,
        sources=[
            msgspec.structs.replace(s, kept=counts["source"].get(s.name, {}), licences=licences.get(s.name, {}))
            for s in sources
        ],
        missing=missing,
        languages=list(recipe.languages),
        counts=counts,
        benchmarks={Path(name).stem: _fingerprint_version(name) for name in recipe.decontaminate.against},
        borderline=Borderline(count=borderline.rows, closest=_closest(store.verified(borderline))),
        files=_files(out),
        versions={name: version(name) for name in _PACKAGES},
    )
    manifest = seal(manifest)
    commit_bytes(out / "README.md", render_card(manifest, example_row(out / "data")).encode("utf-8"))
    timed = msgspec.structs.replace(
        manifest,
        timing={
            "seconds": {k: round(v, 2) for k, v in seconds.items()},
            **costs,
            "python": platform.python_version(),
            "machine": platform.machine(),
        },
    )
    commit_bytes(out / "manifest.json", encode(timed))
    return timed


def _place_shards(out: Path, store: Store, written: list[tuple[str, int, int, Receipt]]) -> dict[str, dict[str, int]]:
    """Put the files of every split into ``data/`` and ``arrow/``; split → rows, bytes and shards."""
    splits = {split: dict.fromkeys(("rows", "text_bytes", "memory_bytes", "shards"), 0) for split in SPLITS}
    arrow: dict[str, list[tuple[str, str]]] = {}
    for split, number, of, receipt in written:
        numbers = splits[split]
        for name in ("rows", "text_bytes", "memory_bytes"):
            numbers[name] += receipt.counters[name]
        numbers["shards"] += 1
        place(store.verified(receipt.files["data"]), out / "data" / f"{split}-{number:05d}-of-{of:05d}.parquet")
        if "arrow" in receipt.files:
            name = f"data-{number:05d}-of-{of:05d}.arrow"
            place(store.verified(receipt.files["arrow"]), out / "arrow" / split / name)
            arrow.setdefault(split, []).append((name, receipt.files["arrow"].sha256))
    if arrow:
        for name, data in folder_files(arrow, PUBLISHED_SCHEMA).items():
            commit_bytes(out / "arrow" / name, data)
    return splits


def await_manifest(out: Path, done: Path, patience: float) -> Manifest:
    """The manifest, once rank 0 has written the mark ``done``. Raises `UserError` U309 after ``patience``."""
    since = time.monotonic()
    while not done.exists():
        if time.monotonic() - since > patience:
            raise error(
                "U309",
                file=str(out),
                found="all parts, and no publication by rank 0",
                expected=f"a manifest within {patience:g} s",
                fix="run rank 0 again",
            )
        time.sleep(0.5)
    path = out / "manifest.json"
    return decode(path.read_bytes(), str(path))


def _gather(target: Path, parts: list[Path]) -> None:
    """One file from the parts, in the order given; its row groups follow the rows and not the parts."""

    def write(file: object) -> None:
        schema = pq.read_schema(parts[0])
        with pq.ParquetWriter(pa.PythonFile(file, mode="w"), schema, compression="zstd") as writer:
            held: list[pa.Table] = []
            for part in parts:
                held.append(pq.read_table(part))
                while sum(map(len, held)) >= ROW_GROUP:
                    whole = pa.concat_tables(held)
                    writer.write_table(whole.slice(0, ROW_GROUP).combine_chunks(), row_group_size=ROW_GROUP)
                    held = [whole.slice(ROW_GROUP)]
            if rest := [table for table in held if len(table)]:
                writer.write_table(pa.concat_tables(rest).combine_chunks(), row_group_size=ROW_GROUP)

    commit(target, write)


def _closest(path: Path, shown: int = 10) -> list[BorderlinePair]:
    return msgspec.convert(pq.read_table(path).slice(0, shown).to_pylist(), list[BorderlinePair])


def _files(out: Path) -> dict[str, dict[str, object]]:
    """Every published file with its bytes, digest and, for Parquet, rows."""
    found: dict[str, dict[str, object]] = {}
    for folder in NAMED:
        for path in sorted((out / folder).rglob("*")):
            if path.is_file():
                info: dict[str, object] = {"bytes": path.stat().st_size, "sha256": sha256(path)}
                if path.suffix == ".parquet":
                    info["rows"] = pq.read_metadata(path).num_rows
                found[path.relative_to(out).as_posix()] = info
    return found


def _fingerprint_version(name: str) -> str:
    from sxl_data.decontaminate.fingerprints import VERSION, load

    return f"{VERSION}, {len(load(name).hashes)} hashes"
