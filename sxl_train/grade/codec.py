"""Plain Python values ↔ JSON that keeps their types. Runs inside boxes: standard library only, imports nothing of ours.

What has no plain form (an object of a class of the program) becomes opaque: it equals nothing and keeps only its truth.
One that a call returned can be handed to a later call by the number of that call.
"""

from __future__ import annotations

import sys
from typing import Any

DEEPEST = 100
MOST = 2_000_000
"""Values in one answer; a longer one is opaque."""
_VIEWS = {"dict_keys": "K", "dict_values": "V", "dict_items": "M"}
_EXACT = 1 << 53


class Opaque:
    """A value that stays on the other side."""

    def __init__(self, call: int | None, truth: bool) -> None:
        self.call, self.truth = call, truth

    def __bool__(self) -> bool:
        return self.truth


class Unspeakable(ValueError):
    """A value that cannot be said to the other side."""


class Name:
    """Something of the program, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name


def encode(value: Any) -> Any:
    """``value`` as JSON. Raises `Unspeakable` for what has no plain form, or is too deep or too long."""
    return _encode(value, 0, [MOST])


def encode_or_opaque(value: Any, call: int) -> Any:
    """What call number ``call`` returned, as JSON."""
    try:
        return encode(value)
    except BaseException:  # a program may raise what it likes from its objects
        try:
            truth = bool(value)
        except BaseException:
            truth = False
        return {"h": [call, truth]}


def _encode(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if depth > DEEPEST or left[0] < 0:
        raise Unspeakable("too deep or too long")
    kind = type(value)
    if value is None or kind is bool:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value) if -_EXACT < int.__int__(value) < _EXACT else {"i": int.__format__(value, "x")}
    if isinstance(value, float):
        return {"f": float.hex(value)}
    if kind is complex:
        return {"c": [float.hex(value.real), float.hex(value.imag)]}
    if isinstance(value, bytes | bytearray):
        return {"b" if isinstance(value, bytes) else "a": bytes(value).hex()}
    return _encode_many(value, kind, depth + 1, left)


def _encode_many(value: Any, kind: type, depth: int, left: list[int]) -> Any:
    def each(values: Any) -> list[Any]:
        return [_encode(inner, depth, left) for inner in values]

    if isinstance(value, list):
        return each(list.__iter__(value))
    if isinstance(value, tuple):
        return {"t": each(tuple.__iter__(value))}
    if isinstance(value, set | frozenset):
        base: Any = set if isinstance(value, set) else frozenset
        return {"s" if base is set else "z": sorted(each(base.__iter__(value)), key=repr)}
    if isinstance(value, dict):
        return {"d": [[_encode(key, depth, left), _encode(inner, depth, left)] for key, inner in dict.items(value)]}
    if kind is range:
        return {"r": [value.start, value.stop, value.step]}
    if kind.__name__ in _VIEWS and kind.__module__ == "builtins":
        return {_VIEWS[kind.__name__]: each(value)}
    if isinstance(value, Opaque) and value.call is not None:
        return {"h": [value.call, value.truth]}
    if isinstance(value, Name):
        return {"n": value.name}
    if kind.__name__ in ("Decimal", "Fraction", "deque", "date", "time", "datetime", "timedelta"):
        found = _encode_library(value, kind, each)
        if found is not None:
            return found
    if hasattr(kind, "__next__") and kind.__module__ in ("builtins", "itertools"):
        return {"I": each(value)}
    raise Unspeakable(f"a {kind.__name__}")


def _encode_library(value: Any, kind: type, each: Any) -> Any:
    def real(module: str, name: str) -> bool:
        return kind is getattr(sys.modules.get(module), name, None)

    if real("decimal", "Decimal"):
        return {"D": str(value)}
    if real("fractions", "Fraction"):
        return {"F": [format(value.numerator, "x"), format(value.denominator, "x")]}
    if real("collections", "deque"):
        return {"q": each(value)}
    if real("datetime", "timedelta"):
        return {"e": [value.days, value.seconds, value.microseconds]}
    for name in ("datetime", "date", "time"):
        if real("datetime", name) and getattr(value, "tzinfo", None) is None:
            return {"w": [name, value.isoformat()]}
    return None


def decode(value: Any, held: list[Any] | None = None, names: dict[str, Any] | None = None) -> Any:
    """The value of JSON that `encode` wrote. ``held`` are the values that calls returned, ``names`` the program's;
    without them what is opaque stays so. Raises ValueError, TypeError, KeyError or IndexError for other JSON."""
    if isinstance(value, list):
        return [decode(inner, held, names) for inner in value]
    if not isinstance(value, dict):
        return value
    ((tag, inner),) = value.items()
    if tag == "h":
        return Opaque(inner[0], bool(inner[1])) if held is None else held[inner[0]]
    if tag == "n":
        return Name(inner) if names is None else names[inner]
    if tag in _MAKE_PLAIN:
        return _MAKE_PLAIN[tag](inner)
    return _MAKE[tag](decode(inner, held, names))


def _library(module: str, name: str) -> Any:
    return getattr(__import__(module), name)


_MAKE_PLAIN: dict[str, Any] = {
    "i": lambda text: int(text, 16),
    "f": float.fromhex,
    "c": lambda pair: complex(float.fromhex(pair[0]), float.fromhex(pair[1])),
    "b": bytes.fromhex,
    "a": bytearray.fromhex,
    "r": lambda parts: range(*parts),
    "D": lambda text: _library("decimal", "Decimal")(text),
    "F": lambda pair: _library("fractions", "Fraction")(int(pair[0], 16), int(pair[1], 16)),
    "e": lambda parts: _library("datetime", "timedelta")(*parts),
    "w": lambda pair: _library("datetime", {"date": "date", "time": "time"}.get(pair[0], "datetime")).fromisoformat(
        pair[1]
    ),
}
_MAKE: dict[str, Any] = {
    "t": tuple,
    "s": set,
    "z": frozenset,
    "d": dict,
    "K": lambda values: dict.fromkeys(values).keys(),
    "V": lambda values: dict(enumerate(values)).values(),
    "M": lambda values: dict(values).items(),
    "q": lambda values: _library("collections", "deque")(values),
    "I": iter,
}
