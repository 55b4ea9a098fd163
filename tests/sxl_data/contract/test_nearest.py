"""One notion of the nearest name, for flags, keys, codes, columns and suites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.contract.nearest import LONGEST, meant, nearest


@pytest.mark.parametrize(
    ("near", "found", "known"),
    [
        ("--dry-run", "--dryrun", ["--limit", "--dry-run"]),
        ("--max-length", "--MAX_LENGTH", ["--max-length", "--min-length"]),
        ("P105", "p105", ["P104", "P105"]),
        ("Name", "nmae", ["Name", "id"]),
        ("--to", "too", ["--to", "--from"]),
        ("humaneval", "human", ["mbpp", "humaneval"]),
        ("--by", "buy", ["--by"]),
        (None, "qqqq", ["--to", "build"]),
        (None, "x", ["xylophone"]),
        (None, "", ["a"]),
        (None, "build", []),
        (None, "build" * LONGEST, ["build"]),
    ],
)
def test_case_dashes_and_endings_are_no_difference(near: str | None, found: str, known: list[str]):
    assert near == nearest(found, known)


@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=6))
def test_what_is_near_is_one_of_the_known_as_it_is_written(found: str, known: list[str]):
    assert nearest(found, known) in [None, *known]


def test_where_nothing_is_near_all_are_named():
    assert "rows?" == meant("rws", ["rows", "ledger"])
    assert "a table: rows, ledger" == meant("qqq", ["rows", "ledger"], "a table: ")
