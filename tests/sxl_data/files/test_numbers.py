"""The literals of numbers go through reading and writing as they are."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.files.decode import decode
from sxl_data.files.json_text import dump, load, load_plain
from sxl_data.files.numbers import Number, encode_json, number, spaced

LITERALS = [
    "1.10",
    "1e3",
    "-0.0",
    "-0",
    "-0e0",
    "1.0",
    "12345678901234567890",
    "1E400",
    "-1e999",
    "0.1e1",
    "1e-06",
    "1e-6",
    "0.00001",
]
LITERALS += ["1" + "0" * 40, "3.14159265358979323846", "2.50", "1E5", "1e16", "123456789012345680.0"]


@pytest.mark.parametrize("literal", LITERALS)
def test_a_literal_is_written_as_it_was_read(literal: str) -> None:
    text = f'{{"a":[{literal},{{"b":{literal}}}]}}'
    assert dump(load(text)) == text
    found = decode(text.encode())
    assert encode_json(found.value).decode() == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_an_encoder_wrote_is_a_plain_one(value: float) -> None:
    read = load(dump(value))
    assert type(read) is float and read == value
    assert type(number(repr(value))) is float or "e" in repr(value)


def test_a_number_with_a_literal_is_the_number_in_all_else() -> None:
    price = load("1.10")
    assert isinstance(price, Number)
    assert (price, repr(price), price + 1, float(price)) == (1.1, "1.10", 2.1, 1.1)
    assert type(float(price)) is float and dump(pickle.loads(pickle.dumps(price))) == "1.10"


def test_values_alone_are_plain_and_infinite_where_no_float_holds_them() -> None:
    assert type(load_plain("1.10")) is float
    assert load_plain("1E400") == float("inf")


def test_spaced_text_is_that_of_the_library_but_for_the_literals() -> None:
    value = {"a": [1.5, "é\u2028\x01</"], "b": {}, "c": []}
    assert spaced(value) == json.dumps(value, ensure_ascii=False)
    assert spaced(load('{"p":1.10}')) == '{"p": 1.10}'


@pytest.mark.parametrize(
    "text", ["-0", "[-0]", '{"a":-0}', '{"a":[-0,0,-0.0,"-0, x \\"-0, "],"b-0,":" -0 "}', "[1,-0]", '"-0"']
)
def test_a_zero_that_is_written_with_a_sign_keeps_it(text: str) -> None:
    assert dump(load(text)) == text
    assert decode(text.encode()).value == json.loads(text)
    assert load(text) == json.loads(text) and dump(pickle.loads(pickle.dumps(load(text)))) == text


def test_a_zero_with_a_sign_is_an_integer_wherever_it_stands() -> None:
    (value, *_) = load("[ -0 , -0\t]")
    assert type(value).__mro__[1] is int and value == 0
    with pytest.raises(ValueError, match="byte 6"):
        load("[-0, -]")
