"""Records that are read ahead of who checks them, so that what is asked of their bytes is asked of many at once.

In: records of a large file. Out: the same, each with the letters of the looks that its bytes ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sxl_data.contract.errors import UserError
from sxl_data.files.record import Raw, Record
from sxl_data.rules import private

_BYTES = 256 << 10
"""Of all records that are held."""

Looked = tuple[Raw | Record, str]


def looked(items: Iterable[Raw | Record]) -> Iterator[Looked]:
    """``items``, each with what `rules.private.looks` says of its bytes."""
    held: list[Raw | Record] = []
    size = 0
    try:
        for item in items:
            held.append(item)
            size += len(item.data) if type(item) is Raw else _BYTES >> 4  # a row of a table, which may be large
            if size >= _BYTES:
                yield from _asked(held)
                held, size = [], 0
    except UserError:  # of what comes behind those that are held
        yield from _asked(held)
        raise
    yield from _asked(held)


def _asked(items: list[Raw | Record]) -> Iterator[Looked]:
    return zip(items, private.looks_of([item.data if type(item) is Raw else b"" for item in items]), strict=True)
