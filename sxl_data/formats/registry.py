"""Finds a format by name or by looking at a sample.

Formats are discovered from the modules of `sxl_data.formats` and, when the build asks, of
`sxl_data.read.adapters`: a module that defines ``FORMAT`` (or ``FORMATS``) is found by its place alone, so adding
a source is adding a file.
"""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from sxl_data.contract.errors import error
from sxl_data.trace.format import Format

CONVERTERS = "sxl_data.formats"


@cache
def formats(*packages: str) -> dict[str, Format]:
    """All formats of ``packages`` by name, in the order of their names."""
    found: dict[str, Format] = {}
    for package in packages or (CONVERTERS,):
        for module in pkgutil.iter_modules(import_module(package).__path__):
            loaded = import_module(f"{package}.{module.name}")
            candidates = getattr(loaded, "FORMATS", None) or [getattr(loaded, "FORMAT", None)]
            for item in candidates:
                if item is not None:
                    assert item.name not in found, f"format {item.name} is defined twice"
                    found[item.name] = item
    return dict(sorted(found.items()))


def get(name: str, known: dict[str, Format], *, file: str | None = None) -> Format:
    """The format called ``name``; raises `UserError` U202 with the nearest name."""
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    expected = f"{near[0]}?" if near else "one of " + ", ".join(known)
    raise error("U202", file=file, found=name, expected=expected)


def detect(records: list[Any], known: Iterable[Format], *, file: str | None = None) -> tuple[Format, str]:
    """The one format that recognises ``records`` (the first of a file) and why.

    Formats whose unit is a whole file see the list, the others its first record. Raises `UserError`:
    U202 when none does, U207 when several do.
    """
    matches: list[tuple[Format, str]] = []
    for item in known:
        reason = item.detect(records if item.unit == "file" else records[0] if records else None)
        if reason:
            matches.append((item, reason))
    if len(matches) == 1:
        return matches[0]
    first = records[0] if records else None
    shown = ", ".join(first) if isinstance(first, dict) else type(first).__name__
    if not matches:
        raise error("U202", file=file, found=f"a record with {shown}", expected="a format that sxl reads")
    names = "; ".join(f"{item.name} ({reason})" for item, reason in matches)
    raise error("U207", file=file, found=names, expected="one format")
