"""The manifest: what went in, what was done, what came out. A dataset exists only if it is there.

Everything but the ``timing`` block follows from inputs, recipe and seed, and is covered by
``content_hash``; the timing block is what differs between two runs, recipe keys that change no row among it.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from sxl_data.contract.errors import error
from sxl_data.contract.names import PUBLISHED, is_inner


class SourceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One source as it was read."""

    name: str
    format: str
    detected: str
    licence: str
    revision: str
    files: int
    bytes: int
    sha256: str
    """Digest over the digests of its files, in order."""
    documents: int
    traces: int
    quarantined: int
    empty: int
    """Documents that held nothing to make a trace of."""
    kept: dict[str, int]
    """Rows in the finished dataset by split."""
    hub: str = ""
    """Id of the dataset on the Hub, where it came from there or is known there."""
    licence_url: str = ""
    attribution: str = ""
    licences: dict[str, int] = {}
    """Rows in the finished dataset by their own licence."""
    use: str = "train"
    """train: divided into the splits; held-out: all in test; divide: some tools or groups are in test."""
    use_why: str = ""
    """Who says so: the recipe, or what the source is known as."""


class StageSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One stage's funnel."""

    stage: str
    rows_in: int
    rows_out: int
    dropped: dict[str, int]
    edited: dict[str, int]
    flagged: dict[str, int] = {}
    """Rows that went on as they were, by the code of what their reader should know."""


class BorderlinePair(msgspec.Struct, frozen=True, kw_only=True):
    """Two rows whose similarity is close to the threshold of deduplication."""

    left: str
    right: str
    score: float
    left_kept: bool
    right_kept: bool


class Borderline(msgspec.Struct, frozen=True, kw_only=True):
    """Pairs within 0.02 of the threshold: a person should look at some before trusting it."""

    count: int = 0
    closest: list[BorderlinePair] = []


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of link between rows: `task`, equal prompts; `near_task`, prompts that resemble each other; `stated_id`,
    an id that both state; `similar_text`, whole texts that resemble each other; or `any`."""

    edge: str
    links: int
    """Pairs of prompts or texts, and rows beyond the first of a prompt or an id."""
    ours: float
    """Share of validation and test rows that have such a partner in train."""
    random: float
    """The same for a random split of the same rows."""


class Extended(msgspec.Struct, frozen=True, kw_only=True):
    """The build that this one extends."""

    name: str
    content_hash: str
    rows: int
    """Rows that it has."""
    kept: int
    """Those of them that are here, each in the split where it was."""


class MissingSource(msgspec.Struct, frozen=True):
    """A source that could not be read and was left out."""

    name: str
    code: str
    """Why: the code of what was found."""
    found: str


class Manifest(msgspec.Struct, kw_only=True):
    """The whole record of a build."""

    manifest_version: str = "1.0"
    name: str
    description: str = ""
    sxl_version: str
    seed: int
    recipe: dict[str, Any]
    """The values that decide the rows; those of memory, workers and the engine are in ``timing``."""
    sources: list[SourceSummary]
    missing: list[MissingSource] = []
    """Sources that could not be read; only with `skip_unreadable`."""
    stages: list[StageSummary]
    splits: dict[str, dict[str, int]]
    """Rows, text bytes, bytes in memory and shards of every split."""
    leakage: dict[str, float]
    """Share of validation and test rows with a partner of any kind in train: random, and ours."""
    leaks: list[Leak] = []
    """The same for each kind of partner."""
    uncompared: int = 0
    """Rows whose prompts resemble more than 2,048 others so much that not all pairs of these were compared."""
    extends: Extended | None = None
    """The build whose rows stayed where they were."""
    borderline: Borderline = Borderline()
    """Pairs of `ledger/borderline.parquet`, which exists if there are any."""
    benchmarks: dict[str, str]
    """Fingerprints that the rows were checked against, and their version."""
    languages: list[str] = []
    """Languages that people speak in the rows, as the recipe says."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    """Rows by source, kind, licence, language and length, and by what they have (`with`), each by split."""
    files: dict[str, dict[str, Any]]
    """Every published file: rows, bytes, sha256."""
    versions: dict[str, str]
    content_hash: str = ""
    timing: dict[str, Any] = {}


def seal(manifest: Manifest) -> Manifest:
    """Fill in ``content_hash``: sha256 over everything but itself and the timing block."""
    bare = msgspec.structs.replace(manifest, content_hash="", timing={})
    digest = hashlib.sha256(msgspec.json.encode(bare, order="deterministic")).hexdigest()
    return msgspec.structs.replace(manifest, content_hash=digest)


def encode(manifest: Manifest) -> bytes:
    """The manifest as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode(data: bytes, file: str) -> Manifest:
    """The manifest of ``data``; raises `UserError` U305 when it is none, U304 where it names what is no file of a
    build: readers join these names to its folder."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise error("U305", file=file, found=problem, expected="a manifest of this version") from None
    for name, info in manifest.files.items():
        if not is_inner(name, PUBLISHED) or not isinstance(info.get("sha256"), str):
            raise error(
                "U304",
                file=file,
                found=f"a file called {name!r}" if "sha256" in info else f"{name}: {info}",
                expected=f"digests of files below {', '.join(PUBLISHED)}",
            )
    return manifest
