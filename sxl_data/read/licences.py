"""Which licence a licence file holds.

In: the text of a LICENSE or COPYING file. Out: its SPDX id, or `LicenseRef-unrecognised`. Told by the
phrases that distinguish the licences in use on nearly all public repositories; the order matters where
one text contains another's phrases. SPDX's own matching guidelines compare whole templates: for a gate,
not recognising an edited licence is the safe side.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from sxl_data.contract import patterns

UNRECOGNISED = "LicenseRef-unrecognised"

# Every phrase of a row must occur, in text of lower case and single spaces.
PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0-only", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0-only", ("gnu lesser general public license", "version 3, 29 june 2007")),
    ("LGPL-2.1-only", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0-only", ("gnu general public license", "version 3, 29 june 2007")),
    ("GPL-2.0-only", ("gnu general public license", "version 2, june 1991")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("EPL-2.0", ("eclipse public license", "2.0")),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("CC-BY-NC-4.0", ("attribution-noncommercial 4.0 international",)),
    ("CC-BY-SA-4.0", ("attribution-sharealike 4.0 international",)),
    ("CC-BY-4.0", ("attribution 4.0 international",)),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("PSF-2.0", ("python software foundation license version 2",)),
    ("BSL-1.0", ("boost software license", "version 1.0")),
    ("Unlicense", ("free and unencumbered software released into the public domain",)),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software for any purpose with or without fee",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "used to endorse or promote products")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("MIT", ("permission is hereby granted, free of charge", "without restriction")),
)

_QUOTES = dict.fromkeys(map(ord, "\"'“”"))
_FILE = patterns.compile(r"(?i)(?:licen[cs]e|copying|unlicen[cs]e)(?:[-._].*)?")


def is_licence_file(path: str) -> bool:
    """Whether the file's name is that of a licence text."""
    name = PurePosixPath(path).name
    return _FILE.fullmatch(name) is not None and not name.lower().endswith((".py", ".js", ".ts", ".go", ".rs", ".java"))


def identify(text: str) -> str:
    """The SPDX id of the licence in ``text``; `UNRECOGNISED` when none is told apart."""
    flat = " ".join(text[:40_000].lower().translate(_QUOTES).split())
    for spdx, phrases in PHRASES:
        if all(phrase in flat for phrase in phrases):
            return spdx
    return UNRECOGNISED


def by_folder(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Folder → SPDX expression, from (path, text) of licence files; several in one folder are a choice.

    A file that is not recognised beside one that is says nothing; ``COPYING`` often just names the others.
    """
    found: dict[str, list[str]] = {}
    for path, text in files:
        found.setdefault(str(PurePosixPath(path).parent), []).append(identify(text))
    return {
        folder: " OR ".join(sorted({spdx for spdx in ids if spdx != UNRECOGNISED})) or UNRECOGNISED
        for folder, ids in found.items()
    }


def stated(licences: dict[str, str], recipe: str) -> dict[str, str]:
    """``licences`` with what the ``recipe`` states in the place of a text at the top that is not recognised: who wrote
    the recipe has read it. In a folder below, which may be somebody else's, it stays unrecognised."""
    top = min(licences, key=lambda folder: (len(PurePosixPath(folder).parts), folder), default="")
    if not recipe or licences.get(top) != UNRECOGNISED or len(PurePosixPath(top).parts) > 1:
        return licences
    return {**licences, top: recipe}


def nearest(path: str, licences: dict[str, str]) -> str:
    """The licence of the closest folder above ``path``; empty when there is none."""
    for folder in PurePosixPath(path).parents:
        if (spdx := licences.get(str(folder))) is not None:
            return spdx
    return ""
