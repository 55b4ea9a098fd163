"""Numbers of arguments that no document has.

In: arguments that equal no object of a document as they are, and the document. Out: those in which a number stands that
the document neither has under that key nor writes in any of its texts. Formats put such arguments together from
a markup, from a line of code or from parts of an event; their strings are looked for as all strings are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sxl_data.contract import patterns
from sxl_data.files.json_text import dump, load

_DIGITS = frozenset("0123456789")
_NUMBER = patterns.compile(r"-?[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|-?\.[0-9]+(?:[eE][+-]?[0-9]+)?")


def with_numbers(arguments: Iterable[str], value: Any) -> list[str]:
    """Those of ``arguments``, texts of JSON, that hold a number which is not of ``value``."""
    asked = {text: pairs for text in arguments if not _DIGITS.isdisjoint(text) and (pairs := _pairs(text))}
    if not asked:
        return []
    known = set(_numbers(value))
    left = {text: pairs - known for text, pairs in asked.items() if not pairs <= known}
    if not left:
        return []
    written = {literal for text in _texts(value) for literal in _literals(text)}
    return [
        text
        for text, pairs in left.items()
        if not all(literal in written or literal.removeprefix("-") in written for _, literal in pairs)
    ]


def _pairs(text: str) -> set[tuple[str, str]]:
    try:
        return set(_numbers(load(text)))
    except ValueError:
        return set()  # is the text of the document or none of it, as any text


def _numbers(value: Any) -> Iterator[tuple[str, str]]:
    """(key, literal) of each number below ``value``; items of a list have the key of the list."""
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        key, item = stack.pop()
        if isinstance(item, dict):
            stack += item.items()
        elif isinstance(item, list):
            stack += [(key, inner) for inner in item]
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            yield key, dump(item)


def _texts(value: Any) -> Iterator[str]:
    """Texts of ``value`` with a digit in them, and those of its keys."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack += item.values()
            yield from item
        elif isinstance(item, list):
            stack += item
        elif isinstance(item, str):
            yield item


def _literals(text: str) -> Iterator[str]:
    if not _DIGITS.isdisjoint(text):
        for found in _NUMBER.finditer(text):
            yield found[0]
