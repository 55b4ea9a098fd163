"""Numbers of JSON with the literals that a source wrote: 1.10 stays 1.10, 1e3 stays 1e3.

In: JSON. Out: values whose numbers are Python's, and JSON in which each is written as it was read. A decoder gives
1.1 for 1.10, which are other tokens to a model. Most literals are what an encoder would write; only others are kept,
as floats that know theirs. Integers are exact at any size; that ``-0`` was written so no decoder tells, so it is looked
for before one is asked.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.contract import patterns

_SIMPLE = msgspec.json.Encoder()


class Number(float):
    """A number whose literal is not what the encoder would write. In all else it is the number."""

    __slots__ = ("literal",)
    literal: str

    def __repr__(self) -> str:
        return self.literal

    def __reduce__(self) -> tuple[Any, ...]:
        return number, (self.literal,)


class Zero(int):
    """The integer 0, written ``-0``."""

    __slots__ = ()
    literal = "-0"

    def __repr__(self) -> str:
        return self.literal


def number(literal: str) -> float:
    """The number that JSON writes as ``literal``; beyond what a float can hold it is infinite, and known by it."""
    if literal == _AS_FLOAT:
        return Zero()
    value = float(literal)
    if (value.__repr__() == literal and "e" not in literal) or _SIMPLE.encode(value) == literal.encode("ascii"):
        return value
    kept = Number(value)
    kept.literal = literal
    return kept


_AS_FLOAT = "-0e-0000000"
"""What stands for ``-0`` while it is decoded, since only floats come with their literals."""
_SIGNS = tuple(b"-0" + after for after in (b",", b"]", b"}", b" ", b"\n", b"\r", b"\t"))
_PARTS = patterns.compile(rb'(?s)"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*')


class Decoder:
    """Decodes JSON with the literals of its numbers; raises what msgspec raises."""

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(float_hook=number)

    def decode(self, data: bytes | str) -> Any:
        """The value of ``data``."""
        value = self._decoder.decode(data)
        if (b"-0" in data) if isinstance(data, bytes) else ("-0" in data):
            raw = data if isinstance(data, bytes) else data.encode("utf-8")
            if raw.endswith(b"-0") or any(sign in raw for sign in _SIGNS):
                return self._decoder.decode(_PARTS.sub(_as_float, raw))
        return value


def _as_float(found: patterns.Match[bytes]) -> bytes:
    part: bytes = found[0]
    return _AS_FLOAT.encode("ascii") if part == b"-0" else part


def _written(value: Any) -> msgspec.Raw:
    if isinstance(value, (Number, Zero)):
        return msgspec.Raw(value.literal.encode("ascii"))
    raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")


ENCODER = msgspec.json.Encoder(enc_hook=_written)
DECODER = Decoder()
PLAIN = msgspec.json.Decoder(float_hook=float)
"""For who asks of the values alone, such as a checker of schemas: infinite is no error of theirs."""


def encode_json(value: Any) -> bytes:
    """``value`` as compact JSON."""
    return ENCODER.encode(value)


def spaced(value: Any) -> str:
    """``value`` as JSON on one line, with a space after each comma and colon, as `json.dumps` writes it."""
    return msgspec.json.format(ENCODER.encode(value), indent=0).decode("utf-8")
