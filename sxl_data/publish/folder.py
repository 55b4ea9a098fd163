"""What is sent to the Hub: the shards, the ledger's ids and codes, a manifest, the card and its descriptions.

In: the folder of a finished build. Out: names in the repository and where each file lies. Shards are sent as they are;
everything else is made from the manifest, so that equal builds give equal bytes and one content hash. What may tell of
the machine or hold rows that were left out stays here: `quarantine/`, the details of the ledger, paths of the recipe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.contract import ledger
from sxl_data.contract.errors import Finding, UserError, error, finding
from sxl_data.engine import digests
from sxl_data.engine.commit import commit_bytes, sha256
from sxl_data.publish.card import make_card
from sxl_data.publish.croissant import describe
from sxl_data.publish.takedown import CODE, TAKEDOWN, TRACE_ID, format_ids, leave_out, require_known
from sxl_data.write.manifest import Manifest, decode, encode, seal
from sxl_data.write.parquet import encode_parquet
from sxl_data.write.ratings import Ratings

LEDGER = "ledger/ledger.parquet"
BORDERLINE = "ledger/borderline.parquet"
OURS = ("data/", "ledger/", "arrow/", "quarantine/", TAKEDOWN, "croissant.json", "manifest.json")
"""What a publication replaces in a repository: a file of these that it does not have is removed."""


class Folder(msgspec.Struct, frozen=True):
    """The dataset as it is sent; ``files`` says for each name in the repository where its bytes lie."""

    manifest: Manifest
    build_hash: str
    files: dict[str, Path]
    gone: frozenset[str]

    @property
    def tag(self) -> str:
        """The name of this content for ever."""
        return f"sxl-{self.manifest.content_hash[:16]}"


def assemble(
    build: Path, repo: str, scratch: Path, exclude: frozenset[str], gone: frozenset[str], rated: Ratings | None = None
) -> Folder:
    """The dataset of ``build`` for ``repo`` without the rows ``exclude``, which must be there, and ``gone``, which need
    not be. The card shows what was ``rated``.

    Raises `UserError` U305 where there is no build, U304 with every file that is not the manifest's, U507 for an
    unknown id, H704 for ratings of rows that are not of the build."""
    manifest = open_checked(build)
    shards = {name: build / name for name in sorted(manifest.files) if name.startswith("data/")}
    lines = pq.read_table(build / LEDGER) if LEDGER in manifest.files else ledger.table()
    build_hash = manifest.content_hash
    if rated is not None:
        _require_rows(rated, shards, str(build))
    taken: dict[str, str] = {}
    if exclude | gone:
        left = leave_out(shards, manifest, exclude | gone, scratch)
        shards, manifest, taken = left.shards, left.manifest, left.taken
        require_known(exclude, taken, lines, str(build))
    files = dict(shards)
    commit_bytes(scratch / LEDGER, encode_parquet(_bare(lines, taken)).to_pybytes())
    files[LEDGER] = scratch / LEDGER
    if BORDERLINE in manifest.files:
        files[BORDERLINE] = build / BORDERLINE
    manifest = seal(
        msgspec.structs.replace(
            manifest,
            recipe=without_paths(manifest.recipe),
            files={name: _info(path, manifest.files.get(name), path == build / name) for name, path in files.items()},
            timing={},
        )
    )
    made = {
        "README.md": make_card(manifest, files, repo, rated),
        "manifest.json": encode(manifest),
        "croissant.json": describe(manifest, repo),
    }
    if exclude | gone:
        made[TAKEDOWN] = format_ids(exclude | gone)
    for name, data in made.items():
        commit_bytes(scratch / name, data)
        files[name] = scratch / name
    return Folder(manifest, build_hash, files, exclude | gone)


def _require_rows(rated: Ratings, shards: Mapping[str, Path], build: str) -> None:
    there = {row for path in shards.values() for row in pq.read_table(path, columns=["trace_id"])[0].to_pylist()}
    if strange := [name for name in rated.ids if name not in there]:
        found = f"{len(strange)} of {len(rated.ids)} rated rows are not there"
        raise error("H704", file=build, trace_id=strange[0], found=found, expected="ratings of this build")


def open_checked(build: Path) -> Manifest:
    """The manifest of ``build``, after the digest of every file it names was compared. The Arrow copy, which is not
    sent, may be missing as a whole."""
    path = build / "manifest.json"
    if not path.is_file():
        raise error("U305", file=str(build), found="no manifest.json", expected="a finished build")
    manifest = decode(path.read_bytes(), str(path))
    found: list[Finding | None] = []
    for name, info in sorted(manifest.files.items()):
        if name.startswith("arrow/") and not (build / "arrow").is_dir():
            continue
        found.append(digests.find_damage(build / name, str(info["sha256"])))
    for path in sorted((build / "data").rglob("*")):
        if path.is_file() and (name := path.relative_to(build).as_posix()) not in manifest.files:
            stray, expected = "a file that the manifest does not name", "the build's own files alone"
            found.append(finding("U304", file=str(build / name), found=stray, expected=expected))
    if damages := [item for item in found if item]:
        raise UserError(*damages)
    return manifest


def _bare(lines: pa.Table, taken: Mapping[str, str]) -> pa.Table:
    """The ledger without the details, which may quote a row, and with ids alone: a document that never became a row is
    named by its place in the source, which becomes a digest of it."""
    more = ledger.table(ledger.entry(CODE, trace_id, source, "dropped") for trace_id, source in sorted(taken.items()))
    whole = pa.concat_tables([lines.select(ledger.LEDGER_SCHEMA.names).cast(ledger.LEDGER_SCHEMA), more])
    for name in ("trace_id", "twin_id"):
        at = ledger.LEDGER_SCHEMA.get_field_index(name)
        pairs = zip(whole[name].to_pylist(), whole["source"].to_pylist())
        field = ledger.LEDGER_SCHEMA.field(name)
        whole = whole.set_column(at, field, pa.array([_id(value, source) for value, source in pairs], pa.string()))
    at = ledger.LEDGER_SCHEMA.get_field_index("detail")
    return whole.set_column(at, "detail", pa.nulls(len(whole), pa.string())).combine_chunks()


def _id(value: str | None, source: str) -> str | None:
    if value is None or TRACE_ID.fullmatch(value):
        return value
    return f"{source}:{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _info(path: Path, known: dict[str, Any] | None, same: bool) -> dict[str, Any]:
    if known is not None and same:
        return known
    return {"bytes": path.stat().st_size, "sha256": sha256(path), "rows": pq.read_metadata(path).num_rows}


def without_paths(value: Any) -> Any:
    """For everybody's eyes: ``value`` with the last part of every path of a machine in its place."""
    if isinstance(value, dict):
        return {key: without_paths(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_paths(item) for item in value]
    if isinstance(value, str) and (value.startswith(("/", "~", "../", "./")) or value[1:3] in (":\\", ":/")):
        return value.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return value
