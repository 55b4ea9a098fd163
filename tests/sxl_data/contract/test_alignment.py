"""Differences by line: difflib's, until they cost too much."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.contract import alignment
from sxl_data.contract.alignment import align, unified

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "é\n"]), max_size=30)


@given(one=LINES, two=LINES)
def test_the_opcodes_and_diffs_are_those_of_difflib(one: list[str], two: list[str]):
    assert difflib.SequenceMatcher(None, one, two).get_opcodes() == align(one, two)
    assert list(difflib.unified_diff(one, two, "a/x", "b/x")) == list(unified(one, two, "a/x", "b/x"))


@given(one=LINES, two=LINES)
def test_the_plain_answer_turns_one_into_the_other(one: list[str], two: list[str]):
    codes = alignment._plain(one, two)
    made: list[str] = []
    for action, a, b, c, d in codes:
        assert (action == "equal") == (one[a:b] == two[c:d])
        made += one[a:b] if action == "equal" else two[c:d]
    assert two == made


@pytest.mark.parametrize("lines", [12_000])
def test_texts_made_to_be_costly_get_the_plain_answer(lines: int):
    one = [str(k % 20) for k in range(lines)]
    two = [str(k * 7 % 21) for k in range(lines)]
    assert [("equal", 0, 1, 0, 1), ("replace", 1, lines, 1, lines)] == align(one, two, autojunk=False)
