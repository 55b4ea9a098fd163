"""Numbers of JSON with the literals that a source wrote: 1.10 stays 1.10, 1e3 stays 1e3.

In: JSON. Out: values whose numbers are Python's, and JSON in which each is written as it was read. A decoder gives
1.1 for 1.10, which are other tokens to a model. Most literals are what an encoder would write; only others are kept,
as floats that know theirs. Integers are exact at any size; ``-0`` is 0.
"""

from __future__ import annotations

from typing import Any

import msgspec

_SIMPLE = msgspec.json.Encoder()


class Number(float):
    """A number whose literal is not what the encoder would write. In all else it is the number."""

    __slots__ = ("literal",)
    literal: str

    def __repr__(self) -> str:
        return self.literal

    def __reduce__(self) -> tuple[Any, ...]:
        return number, (self.literal,)


def number(literal: str) -> float:
    """The number that JSON writes as ``literal``; beyond what a float can hold it is infinite, and known by it."""
    value = float(literal)
    if (value.__repr__() == literal and "e" not in literal) or _SIMPLE.encode(value) == literal.encode("ascii"):
        return value
    kept = Number(value)
    kept.literal = literal
    return kept


def _written(value: Any) -> msgspec.Raw:
    if isinstance(value, Number):
        return msgspec.Raw(value.literal.encode("ascii"))
    raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")


ENCODER = msgspec.json.Encoder(enc_hook=_written)
DECODER = msgspec.json.Decoder(float_hook=number)
PLAIN = msgspec.json.Decoder(float_hook=float)
"""For who asks of the values alone, such as a checker of schemas: infinite is no error of theirs."""


def encode_json(value: Any) -> bytes:
    """``value`` as compact JSON."""
    return ENCODER.encode(value)


def spaced(value: Any) -> str:
    """``value`` as JSON on one line, with a space after each comma and colon, as `json.dumps` writes it."""
    return msgspec.json.format(ENCODER.encode(value), indent=0).decode("utf-8")
