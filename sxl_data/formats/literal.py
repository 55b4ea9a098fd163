"""Values written as JSON or as Python, inside text that people and models wrote.

In: text and a position. Out: the value and where it ends. What ends a value is its own brackets and quotes, never a
tag that one of its strings happens to hold. Python literals are read with `ast.literal_eval` and nothing else.
"""

from __future__ import annotations

import ast
import json
from typing import Any

from sxl_data.files.json_text import MAX_DEPTH, is_deep, load

_LITERAL_LIMIT = 200_000
_WINDOW = 4096


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


# Line ends inside strings, which models write, are read; only places are taken from it, so that numbers stay as given.
_SCANNER = json.JSONDecoder(strict=False, parse_constant=_refuse)


def json_end(text: str, at: int) -> int:
    """Where the JSON object or list that begins at ``at`` ends; -1 where none does. It looks no further than a few
    times as far as the first character that cannot belong to one, so that asking at each of many places stays cheap."""
    window = _WINDOW
    while True:
        shown = text[at : at + window]
        try:
            return at + _SCANNER.raw_decode(shown)[1]
        except json.JSONDecodeError as problem:
            cut = problem.msg.startswith("Unterminated") or problem.pos > len(shown) - 16
            if not cut or at + window >= len(text):
                return -1
        except (ValueError, RecursionError):
            return -1
        window *= 8


def value_of(text: str) -> Any:
    """The value of ``text`` as JSON or else as a Python literal; raises ValueError when it is neither."""
    try:
        return load(text)
    except ValueError:
        pass
    if len(text) > _LITERAL_LIMIT:
        raise ValueError("too long for a literal")
    try:
        value = _SCANNER.decode(text) if "\n" in text or "\t" in text else _refuse("a literal of one line")
    except (ValueError, RecursionError):
        pass
    else:
        if is_deep(value):
            raise ValueError(f"more than {MAX_DEPTH} levels")
        return value
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as problem:
        raise ValueError(str(problem)) from None
    return _jsonable(value)


def _jsonable(value: Any, depth: int = 0) -> Any:
    if depth > 50 or not isinstance(value, (dict, list, tuple, str, int, float, bool, type(None))):
        raise ValueError(f"{type(value).__name__} has no JSON form")
    if isinstance(value, dict):
        return {k if isinstance(k, str) else str(k): _jsonable(v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(v, depth + 1) for v in value]
    return value
