"""Every code that a user can meet, as data.

A code is append-only: it keeps its meaning for ever, so that a suppression or a search written today
still works. One module per family holds the codes of that family; this module merges them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Literal

import msgspec

Level = Literal["error", "warning", "note"]

FAMILIES = (
    "shape",
    "pairing",
    "order",
    "arguments",
    "content",
    "cleaning",
    "rendering",
    "metrics",
    "licences",
    "corpus",
    "usage",
    "training",
    "compression",
)


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be wrong, or one reason why a row left the build."""

    code: str
    rule: str
    level: Level
    title: str
    why: str
    fix: str
    fixable: bool = False
    stage: str = ""


def _collect() -> dict[str, Code]:
    codes: dict[str, Code] = {}
    for family in FAMILIES:
        for entry in import_module(f"{__name__}.{family}").CODES:
            assert entry.code not in codes, f"{entry.code} is defined twice"
            codes[entry.code] = entry
    return codes


CODES: dict[str, Code] = _collect()


def get(code: str) -> Code:
    """The entry of ``code``; an unknown one is our bug."""
    return CODES[code]
