"""Tables that fit where they go."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from sxl_data.contract.tables import format_table, wrap

ROWS = [["openai_chat:0123456789abcdef", "a b c " * 20, "12 480"], ["日本語" * 12, "x" * 150, "7"]]


@pytest.mark.parametrize("width", [40, 60, 61, 80, 132])
@pytest.mark.parametrize("columns", [1, 2, 3, 9])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(width: int, columns: int):
    rows = [(row * 3)[:columns] for row in ROWS]
    headers = ["trace_id", "what was found there", "lines"] * 3
    table = format_table(headers[:columns], rows, width)
    assert max(map(cell_len, table.split("\n"))) <= width
    written = "".join(table.split())
    for char in "0123456789abcdef":
        assert written.count(char) >= sum(cell.count(char) for row in rows for cell in row)


@pytest.mark.parametrize("width", range(1, 40))
def test_even_a_sliver_ends(width: int):
    table = format_table(["trace_id", "what"], [ROWS[0], ["日本語", "e\u0301" * 30]], width)
    assert "日" in table


def test_where_there_is_room_the_lines_are_whole():
    assert format_table(["name", "n"], [["a", 1], ["bb", 20]], 60) == format_table(
        ["name", "n"], [["a", 1], ["bb", 20]]
    )
    assert ["name   n", "────  ──", "a      1", "bb    20"] == format_table(
        ["name", "n"], [["a", 1], ["bb", 20]]
    ).split("\n")
    assert max(map(len, format_table(["name"], [["x" * 500]]).split("\n"))) == 500  # a file gets it whole


def test_a_cell_is_one_line_and_acts_on_nothing():
    table = format_table(["a\x1b"], [["x\ny\u202e\x9b"]])
    assert [r"a\x1b", r"x\ny\u202e\x9b"] == [line for line in table.split("\n") if "─" not in line]


def test_the_terminal_says_how_wide(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, format_table(["a", "b"], [["x " * 50, "y " * 50]]).split("\n"))) <= 60


def test_words_are_kept_where_they_fit():
    assert ["one two", "three", "1234567", "89"] == wrap("one two three 123456789", 7)
