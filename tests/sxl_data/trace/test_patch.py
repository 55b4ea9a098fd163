"""Exact differences of JSON values."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sxl_data.trace.patch import apply, diff, paths, rest, restore, same

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab$=.["), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "$", "="]), VALUES, max_size=4)


@given(VALUES, VALUES)
def test_applying_a_difference_gives_the_target_type_for_type(base: object, target: object) -> None:
    made = apply(base, diff(base, target))
    assert json.dumps(target, sort_keys=True) == json.dumps(made, sort_keys=True)


@given(OBJECTS, OBJECTS)
def test_what_is_said_and_the_rest_give_the_source_back(said: dict, source: dict) -> None:
    left = rest(said, source)
    assert json.dumps(source, sort_keys=True) == json.dumps(restore(said, left), sort_keys=True)


def test_one_is_not_one_point_zero() -> None:
    assert {"=": 1.0} == diff(1, 1.0)
    assert not same(True, 1)


def test_an_insertion_into_a_long_list_stays_small() -> None:
    base = list(range(1000))
    assert {"+": [500, 0, [-1]]} == diff(base, [*base[:500], -1, *base[500:]])


def test_a_patch_for_another_shape_is_left_out() -> None:
    assert [1] == apply([1], {".": {"a": {"=": 2}}})


def test_touched_places_are_listed_without_positions() -> None:
    assert {"/a/*/b": 2, "/c": 1} == paths(diff({"a": [{"b": 1}, {"b": 1}], "c": 0}, {"a": [{"b": 2}, {"b": 2}]}))


def test_a_document_nested_beyond_the_stack_is_replaced_whole() -> None:
    deep: object = 0
    for _ in range(350):
        deep = [deep]
    assert same(deep, apply([[1]], diff([[1]], deep)))


def test_a_small_edit_of_a_long_text_stays_small_and_is_left_out_when_the_text_changed() -> None:
    base = "x" * 500 + "abc" + "y" * 500
    patch = diff(base, base.replace("b", "B"))
    assert {"~": [501, 1, "B", 1003]} == patch
    assert "redacted" == apply("redacted", patch)
