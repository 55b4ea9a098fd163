"""Files of a source that its format does not read: which they are, and what is said of them.

In: names. Out: one finding for all of a chunk, U216, so that a repository with a thousand pictures is one line and no
file is left out without a word. What merely lies beside records (code, prose, pictures) is told from a damaged file of
records by its ending.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import msgspec

from sxl_data.contract.errors import Finding, finding
from sxl_data.read.code_files import LANGUAGES
from sxl_data.read.licences import is_licence_file

# Endings of what lies beside records and is none.
_BESIDE = frozenset(".md .mdx .rst .html .css .pdf .png .jpg .jpeg .gif .svg .webp .toml .cfg .ini .lock".split())
_KINDS, _ENDING = 8, 20


class Passed(msgspec.Struct, frozen=True):
    """What of a source is not read: the files of a chunk that are not its format's, one finding for all of them, the
    last item of the chunk, or what was not looked into at all."""

    finding: Finding


class Other(msgspec.Struct, frozen=True):
    """The name of a file that the format does not read."""

    name: str


def is_code(name: str) -> bool:
    """Whether a file of that name is source code, by its ending."""
    return PurePosixPath(name).suffix.lower() in LANGUAGES


def is_beside(name: str) -> bool:
    """Whether a file of that name, if it holds no records, is no damaged one: it says something of the data, or makes
    them."""
    path = PurePosixPath(name)
    told = path.suffix.lower() in _BESIDE or path.name.startswith(".git") or path.stem.lower() == "readme"
    return told or is_code(name) or is_licence_file(name)


def passed(names: Sequence[str], suffixes: tuple[str, ...]) -> Finding:
    """What is said of the files ``names``, which a format that reads ``suffixes`` (none: records) passes over."""
    kinds = Counter(PurePosixPath(name).suffix.lower()[:_ENDING] or "no ending" for name in names)
    shown = ", ".join(f"{kind} ×{count}" for kind, count in kinds.most_common(_KINDS))
    more = f" and {len(kinds) - _KINDS} more kinds" if len(kinds) > _KINDS else ""
    read = ", ".join(suffixes[:_KINDS]) + (", …" if len(suffixes) > _KINDS else "")
    return finding(
        "U216",
        file=names[0],
        found=f"{len(names)} file{'s' * (len(names) > 1)} passed over: {shown}{more}; the first is {names[0]}",
        expected=f"files ending in {read}" if suffixes else "records",
    )
