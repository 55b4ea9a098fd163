"""A round of review as a folder: what raters see, the key that they do not see, and the votes.

``sample.json`` holds the questions and the texts under numbers that tell nothing; ``key.json`` which row each number
is, its stratum, and which side of a pair is which file; ``ratings/`` one file for each rater. The sample's hash covers
all that a rater sees and the key's digest, so votes, sheet and key cannot be exchanged for those of another round.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec

from sxl_data.contract.documents import read_document
from sxl_data.contract.errors import error
from sxl_data.engine.commit import commit_bytes
from sxl_data.review.items import ItemKind
from sxl_data.review.rubric import Rubric
from sxl_data.trace.blocks import Block

SAMPLE, KEY, SHEET, RUBRIC, RATINGS = "sample.json", "key.json", "sheet.html", "rubric.yaml", "ratings"
MAX_BYTES = 256_000_000


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is judged; ``label`` is A or B in a pair, else empty."""

    label: str
    blocks: tuple[Block, ...]


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One item as a rater sees it."""

    id: str
    kind: ItemKind
    request: tuple[Block, ...]
    sides: tuple[Side, ...]

    @property
    def phases(self) -> tuple[str, ...]:
        """The phases that the judged texts have."""
        return tuple(dict.fromkeys(block.phase for side in self.sides for block in side.blocks))


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a rater sees, and the digest of what is kept from them."""

    rubric: Rubric
    items: tuple[Item, ...]
    key_sha256: str
    format: str = "sxl-review-sample-1"

    def hash(self) -> str:
        """The name of this sample, which votes carry."""
        return hashlib.sha256(encode(self)).hexdigest()


class Drawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands behind an item; ``sides`` are the labels A and B with the number of their file."""

    id: str
    stratum: str
    digest: str
    sides: dict[str, int] = {}


class Stratum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many there were, and how many were drawn."""

    rows: int
    drawn: int


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What raters do not see."""

    of: tuple[str, ...]
    """Names of the build or files, without their folders."""
    by: str
    seed: int
    strata: dict[str, Stratum]
    items: dict[str, Drawn]


class Round(msgspec.Struct, frozen=True):
    """A round that was read."""

    folder: Path
    sample: Sample
    key: Key

    @property
    def hash(self) -> str:
        return self.sample.hash()

    def items(self) -> dict[str, Item]:
        """The items by their numbers."""
        return {item.id: item for item in self.sample.items}


def encode(value: object) -> bytes:
    """``value`` as JSON in ASCII, so that half characters of a text have a form too."""
    return json.dumps(msgspec.to_builtins(value), indent=1, sort_keys=True).encode("ascii")


def write_round(folder: Path, sample: Sample, key: Key, rubric: str) -> None:
    """Put a new round into ``folder``; the sample comes last, and without it there is no round."""
    commit_bytes(folder / KEY, encode(key))
    commit_bytes(folder / RUBRIC, rubric.encode("utf-8"))
    commit_bytes(folder / SAMPLE, encode(sample))


def read_round(folder: str | Path) -> Round:
    """The round in ``folder``. Raises H701."""
    folder = Path(folder)
    sample = read_document(folder / SAMPLE, Sample, "H701", "a round of review", MAX_BYTES)
    key = read_document(folder / KEY, Key, "H701", "a round of review", MAX_BYTES)
    if hashlib.sha256(encode(key)).hexdigest() != sample.key_sha256 or {i.id for i in sample.items} != key.items.keys():
        raise error(
            "H701", file=str(folder / KEY), found="the key of another sample, or a changed one", expected="its own"
        )
    return Round(folder, sample, key)
