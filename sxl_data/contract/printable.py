"""Text from outside → text that a terminal, a log or a table can show: nothing in it acts.

Escape sequences colour, move the cursor or rename the window, bidi controls and invisible characters make a line read
as another one, and a lone surrogate (half a character, or a byte of a file name that is no UTF-8) ends the program
that prints it. All of them are written as escapes (``\\x1b``, ``\\u202e``); spaces of every width stay.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import msgspec


class _Escapes(dict[int, str]):
    """Code point → what stands for it, found out once for each."""

    def __init__(self, keep: str, escape: Any) -> None:
        super().__init__({ord(kept): kept for kept in keep})
        self._escape = escape

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = char.isprintable() or unicodedata.category(char) == "Zs"
        self[code] = found = char if plain else self._escape(char)
        return found


def _in_text(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


_LINE = _Escapes("", _in_text)
_TEXT = _Escapes("\n\t", _in_text)
_JSON = _Escapes("\n", lambda char: json.dumps(char)[1:-1])
_ENCODABLE = _Escapes("", lambda char: _in_text(char) if unicodedata.category(char) == "Cs" else char)


def printable(text: str) -> str:
    """``text`` with everything escaped that does not print; line breaks and tabs stay."""
    return text if text.isprintable() else text.translate(_TEXT)


def printable_line(text: str) -> str:
    """``text`` on one line, for a cell or a place in a message."""
    return text if text.isprintable() else text.translate(_LINE)


def encodable(text: str) -> str:
    """``text`` with lone surrogates escaped, which no encoder takes; all else stays as it is."""
    return text if text.isascii() else text.translate(_ENCODABLE)


def as_json(value: Any, indent: int = 2) -> str:
    """``value`` as JSON, on one line for an ``indent`` of 0. What does not print is written as ``\\uXXXX``, so a reader
    gets the same value and a terminal only what prints."""
    try:
        data = msgspec.json.encode(value, enc_hook=float)
        text = (msgspec.json.format(data, indent=indent) if indent else data).decode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate
        text = json.dumps(msgspec.to_builtins(value), indent=indent or None)
    return text if text.isascii() and "\x7f" not in text else text.translate(_JSON)
