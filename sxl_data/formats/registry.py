"""Finds a format by name or by looking at a sample.

Formats are discovered from the modules of `sxl_data.formats` and, when the build asks, of
`sxl_data.read.adapters`: a module that defines ``FORMAT`` (or ``FORMATS``) is found by its place alone, so adding
a source is adding a file.
"""

from __future__ import annotations

import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import Any

from sxl_data.contract.errors import error
from sxl_data.contract.nearest import meant
from sxl_data.formats.nearest import told
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
    raise error("U202", file=file, found=name, expected=meant(name, known))


_WAYS = (
    "name it with `format:` or --format; say what a table's columns are for with --columns prompt=COLUMN,answer=COLUMN "
    "or `columns:`; or begin a reader of its own with `sxl-data init FOLDER --from FILE`"
)
# How many of a file's first records are looked at, one sample after the other, until its format is found: some
# sessions begin with hundreds of bookkeeping lines.
SAMPLES = (20, 200, 2000)


def detect(records: list[Any], known: Iterable[Format], *, file: str | None = None) -> tuple[Format, str]:
    """The one format that recognises ``records`` (the first of a file) and why.

    Formats whose unit is a whole file see the list, the others its first record, or where no format knows that one
    the record that most of them are like. Raises `UserError`: U202 when none does, U207 when several do.
    """
    return detect_growing(lambda _: records, known, file=file)


def detect_growing(
    take: Callable[[int], list[Any]], known: Iterable[Format], *, file: str | None = None
) -> tuple[Format, str]:
    """As `detect`, on ever more records until they are recognised; ``take(n)`` gives the first n of the file."""
    known = list(known)
    found, records = _recognise(take, known, file)
    if found is not None:
        return found
    first = records[0] if records else None
    shown = ", ".join(first) if isinstance(first, dict) else type(first).__name__
    near = told(records, known)
    expected = "a format that sxl reads" + (f"; nearest: {near}" if near else "")
    raise error("U202", file=file, found=f"a record with {shown}", expected=expected, fix=_WAYS)


def recognise_growing(
    take: Callable[[int], list[Any]], known: Iterable[Format], *, file: str | None = None
) -> tuple[Format, str] | None:
    """As `detect_growing`, but None where no format knows the records: to say which come nearest costs more than all
    else, and not everybody tells it."""
    return _recognise(take, list(known), file)[0]


def _recognise(
    take: Callable[[int], list[Any]], known: list[Format], file: str | None
) -> tuple[tuple[Format, str] | None, list[Any]]:
    """(the format and why, the records that were looked at). Raises `UserError` U207 where several know them."""
    records: list[Any] = []
    seen = -1
    for size in SAMPLES:
        records = take(size)
        if len(records) == seen:
            break
        seen = len(records)
        matches = _matches(records, known)
        if not matches and len(records) > 1:
            matches = _by_most(records[1:], [item for item in known if item.unit == "row"])
        if len(matches) == 1:
            return matches[0], records
        if matches:
            names = "; ".join(f"{item.name} ({reason})" for item, reason in matches)
            raise error("U207", file=file, found=names, expected="one format")
    return None, records


def _matches(records: list[Any], known: Iterable[Format]) -> list[tuple[Format, str]]:
    found = []
    for item in known:
        reason = item.detect(records if item.unit == "file" else records[0] if records else None)
        if reason:
            found.append((item, reason))
    return found


def _by_most(records: list[Any], rows: list[Format]) -> list[tuple[Format, str]]:
    """The format of more than half of ``records``, which come after a head of another kind."""
    counted: Counter[str] = Counter()
    found: dict[str, tuple[Format, str]] = {}
    for record in records:
        for item, reason in _matches([record], rows):
            counted[item.name] += 1
            found.setdefault(item.name, (item, reason))
    return [found[name] for name, count in counted.items() if 2 * count > len(records)]
