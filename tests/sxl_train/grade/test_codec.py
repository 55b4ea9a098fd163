"""Values cross the border between two boxes as they are, or not at all."""

from __future__ import annotations

import datetime
import json
import math
from collections import Counter, OrderedDict, deque, namedtuple
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sxl_train.grade.codec import Opaque, Unspeakable, decode, encode, encode_or_opaque

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
        | st.sets(st.integers() | st.text(), max_size=4)
        | st.frozensets(st.integers(), max_size=4)
    ),
    max_leaves=20,
)


def through(value):
    return decode(json.loads(json.dumps(encode(value))))


@given(plain)
def test_plain_values_come_back_equal_and_of_their_type(value):
    back = through(value)
    assert back == value and type(back) is type(value)
    assert repr(back) == repr(value) or isinstance(value, set | frozenset | dict | list | tuple)


@pytest.mark.parametrize(
    "value",
    [
        range(3, 9, 2),
        Decimal("1.10"),
        Fraction(3, 7),
        deque([1, 2]),
        datetime.date(2024, 2, 29),
        datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
        datetime.timedelta(days=-1, seconds=5),
        10**400,
        -0.0,
        bytearray(b"a"),
    ],
)
def test_values_of_the_standard_library_come_back(value):
    assert through(value) == value and type(through(value)) is type(value)


def test_subclasses_become_what_they_derive_from():
    point = namedtuple("point", "x y")(1, 2)
    assert [through(value) for value in (Counter("aab"), OrderedDict(a=1), point)] == [
        {"a": 2, "b": 1},
        {"a": 1},
        (1, 2),
    ]

    class Sly(str):
        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    assert through(Sly("x")) == "x" and through(Sly("x")) != "y"


def test_iterators_and_views_are_themselves_and_no_lists():
    back = through(iter([1, 2]))
    assert back != [1, 2] and list(back) == [1, 2]
    assert through({"a": 1}.keys()) == {"a"} and list(through({"a": 1}.values())) == [1]
    assert math.isnan(through(math.nan))


def test_what_has_no_plain_form_is_opaque_and_equals_nothing():
    class Thing:
        def __eq__(self, other):
            return True

    with pytest.raises(Unspeakable):
        encode(Thing())
    back = decode(encode_or_opaque(Thing(), 4))
    assert isinstance(back, Opaque) and back != 1 and bool(back) and back.call == 4
    assert decode(encode(back), held=[0, 0, 0, 0, "it"]) == "it"


@pytest.mark.parametrize("bad", [{"q": 1, "r": 2}, {}, {"?": 1}, {"s": [[1]]}, {"d": [[1]]}, {"i": "zz"}, {"h": 3}])
def test_other_json_is_refused_by_an_error(bad):
    with pytest.raises((ValueError, TypeError, KeyError, IndexError)):
        decode(bad)
