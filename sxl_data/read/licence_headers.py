"""Which licence a source file's own header says.

In: the text of a source file. Out: an SPDX expression, or None where its head says nothing. Only the comments before
the first line of code are read, so a program that prints a licence states none. First the tag that SPDX made for this
(https://spdx.dev/learn/handling-license-info), then the notices whose wording the licences themselves prescribe, then
Python's `__license__`. A header that keeps everything to its owner counts as `LicenseRef-proprietary`.
"""

from __future__ import annotations

from sxl_data.contract import patterns
from sxl_data.read.licences import UNRECOGNISED, identify
from sxl_data.rules.spdx import is_spdx

PROPRIETARY = "LicenseRef-proprietary"

HEADER_LINES, HEADER = 200, 8_000
_TAG = patterns.compile(r"SPDX-License-Identifier:[ \t]*([\w.+:() -]+)")
_MODULE = patterns.compile(r"(?m)^__license__[ \t]*=[ \t]*[\"']([^\"'\n]{1,80})[\"']")
_LEADERS = "#*/;%!-<> \t\"'"
_BLOCKS = (("/*", "*/"), ('"""', '"""'), ("'''", "'''"), ("<!--", "-->"))
_LINE = ("#", "//", "--", ";", "%", "*", "!")

NOTICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("MIT OR Apache-2.0", ("apache license", "mit license", "at your option")),
    ("Apache-2.0", ("licensed under the apache license, version 2.0",)),
    ("Apache-2.0", ("under the apache license 2.0",)),
    ("Apache-2.0", ("under the apache 2.0 license",)),
    ("Apache-2.0", ("apache license v2.0",)),
    ("MPL-2.0", ("subject to the terms of the mozilla public license, v. 2.0",)),
    ("EPL-2.0", ("eclipse public license", "2.0")),
    ("EPL-1.0", ("eclipse public license v1.0",)),
    ("CDDL-1.0", ("common development and distribution license",)),
    ("MIT", ("under the mit license",)),
    ("MIT", ("under the terms of the mit license",)),
    ("MIT", ("mit licensed",)),
    ("MIT", ("license: mit",)),
    ("MIT", ("@license mit",)),
    ("CC-BY-NC-4.0", ("attribution-noncommercial 4.0",)),
    ("CC0-1.0", ("cc0 1.0",)),
    (PROPRIETARY, ("unauthorized copying of this file",)),
    (PROPRIETARY, ("proprietary and confidential",)),
    (PROPRIETARY, ("confidential and proprietary",)),
)
"""Every phrase of a row must occur, in text of lower case and single spaces without comment marks."""
_GNU = (
    ("AGPL", ("gnu affero general public license",)),
    ("LGPL", ("gnu lesser general public license", "gnu library general public license", "gnu lgpl")),
    ("GPL", ("gnu general public license", "gnu gpl")),
)
_CHOICE = ("choose between", "dual licens", "dual-licens", "dually licens")
_VERSION = patterns.compile(r"(?:version|v)\.? ?(2\.1|[123])(?:\.0)?\b")


def licence_of(text: str) -> str | None:
    """The licence that the head of a file states, or None."""
    head = _head(text[:HEADER])
    if head and (tag := _TAG.search(head)):
        stated = tag[1].strip().rstrip("-").strip()
        return stated if is_spdx(stated) else UNRECOGNISED
    flat = " ".join(" ".join(line.strip(_LEADERS) for line in head.splitlines()).lower().split())
    if found := _notice(flat):
        return found
    if (module := _MODULE.search(text[:HEADER])) and is_spdx(module[1].strip()):
        return module[1].strip()
    return None


def _notice(flat: str) -> str | None:
    if any(word in flat for word in _CHOICE) and "at your option" not in flat:
        return None  # which of them, the licence file or the recipe says
    for family, names in _GNU:
        if any(name in flat for name in names):
            return _gnu(family, flat)
    for spdx, phrases in NOTICES:
        if all(phrase in flat for phrase in phrases):
            return spdx
    found = identify(flat)
    return None if found == UNRECOGNISED else found


def _gnu(family: str, flat: str) -> str:
    """The version that a notice names, and whether later ones may be chosen."""
    at = flat.find("general public license") if "general public license" in flat else flat.find("gpl")
    version = _VERSION.search(flat[max(at - 120, 0) :])
    if version is None:
        return UNRECOGNISED
    number = version[1] if "." in version[1] else f"{version[1]}.0"
    return f"{family}-{number}-{'or-later' if 'any later version' in flat else 'only'}"


def _head(text: str) -> str:
    """The comments before the first line of code."""
    kept: list[str] = []
    closes = ""
    for line in text.split("\n")[:HEADER_LINES]:
        bare = line.strip()
        if closes:
            closes = "" if closes in bare else closes
        elif opened := next(((a, b) for a, b in _BLOCKS if bare.startswith(a)), None):
            closes = "" if opened[1] in bare[len(opened[0]) :] else opened[1]
        elif bare and not bare.startswith(_LINE) and bare not in ("'use strict';", '"use strict";', "<?php"):
            break
        kept.append(line)
    return "\n".join(kept)
