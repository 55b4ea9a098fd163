"""JSON values as text inside a trace: in, a parsed value; out, compact text that keeps key order.

msgspec is used because it keeps integers of any size and tells 1 from 1.0, and floats keep their literals (see
`numbers`): all of them change the tokens that a model is trained on.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.files.numbers import DECODER, ENCODER, PLAIN, Decoder

MAX_DEPTH = 500  # of our own, since Python's limit on recursion differs from version to version
_NAMES, _NAME = 6, 30  # keys that are named, and their length


def dump(value: Any) -> str:
    """``value`` as compact JSON text, keys in their own order."""
    return ENCODER.encode(value).decode("utf-8")


def load(text: str) -> Any:
    """The value of ``text``; raises ValueError where it is no JSON or nests beyond `MAX_DEPTH`."""
    return _loaded(DECODER, text)


def load_plain(text: str) -> Any:
    """As `load`, with numbers that are Python's own and forget their literals."""
    return _loaded(PLAIN, text)


def _loaded(decoder: Decoder | msgspec.json.Decoder[Any], text: str) -> Any:
    try:
        value = decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError) as problem:
        raise ValueError(str(problem)) from None
    if len(text) > 2 * MAX_DEPTH and is_deep(value):
        raise ValueError(f"more than {MAX_DEPTH} levels")
    return value


def is_deep(value: Any, most: int = MAX_DEPTH) -> bool:
    """Whether ``value`` nests beyond ``most`` levels; level by level, without recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        level = [
            inner
            for held in level
            for inner in (held.values() if type(held) is dict else held if type(held) is list else ())
            if type(inner) is dict or type(inner) is list
        ]
        if depth > most:
            return True
    return False


def load_object(text: str | None) -> dict[str, Any] | None:
    """The object that ``text`` holds, or None where it is no JSON object."""
    if not text:
        return None
    try:
        value = load(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def given(arguments: Any) -> dict[str, Any]:
    """Arguments as `Builder.call` takes them: text that is text already stays what it is."""
    if isinstance(arguments, str):
        return {"arguments_json": arguments, "form": "string"}
    return {"arguments_json": dump(arguments), "form": "object"}


def counts(found: dict[str, Any]) -> dict[str, Any]:
    """Those of ``found`` that are whole numbers, as token counts must be."""
    return {key: value for key, value in found.items() if type(value) is int}


def open_text(value: Any) -> Any:
    """``value``, or what it holds where it is JSON text, as tables and spans have lists."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return load(value)
        except ValueError:
            return value
    return value


def shape(value: Any, wanted: str = "") -> str:
    """What ``value`` is instead of an object with ``wanted``: its type, the type of what it has there, or its keys."""
    if not isinstance(value, dict):
        return type(value).__name__
    if wanted in value:
        return f"`{wanted}` of type {type(value[wanted]).__name__}"
    names = [str(key) for key in list(value)[:_NAMES] if len(str(key)) <= _NAME]
    more = ", …" if len(value) > len(names) else ""
    return f"an object with {', '.join(names)}{more}" if names else "an object"
