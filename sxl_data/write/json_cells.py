"""A JSON value as the text of a cell that every reader of `Json` columns can decode.

In: a parsed value. Out: its compact JSON text, and how many integers in it became strings. `datasets` decodes such
cells with a parser that stops at 64 bits and then refuses the whole dataset: an integer beyond stands as a string of
its digits, and the trace beside it keeps the literal.
"""

from __future__ import annotations

from typing import Any

from sxl_data.contract import patterns
from sxl_data.files.numbers import ENCODER

LEAST, MOST = -(2**63), 2**64 - 1
_LONG = patterns.compile(rb"[0-9]{19}")


def encode_cell(value: Any) -> tuple[str, int]:
    """The text of ``value``, and how many integers of it became strings."""
    data, changed = ENCODER.encode(value), 0
    if _LONG.search(data):
        value, changed = _readable(value)
        data = ENCODER.encode(value) if changed else data
    return data.decode(), changed


def _readable(value: Any) -> tuple[Any, int]:
    """``value`` with the integers that are too large as strings, and how many they are."""
    kind = type(value)
    if kind is int:
        return (value, 0) if LEAST <= value <= MOST else (str(value), 1)
    if kind is dict:
        found = {key: _readable(inner) for key, inner in value.items()}
        return {key: inner for key, (inner, _) in found.items()}, sum(n for _, n in found.values())
    if kind is list:
        items = [_readable(inner) for inner in value]
        return [inner for inner, _ in items], sum(n for _, n in items)
    return value, 0
