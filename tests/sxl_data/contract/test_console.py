"""Results on a narrow terminal."""

from __future__ import annotations

import os
import shlex

import pytest

from sxl_data.contract.console import fit, terminal_width, word


def test_long_lines_go_on_below_their_last_field():
    line = "  fix       give the result the id of the call it answers, or remove the step"
    assert fit(line, 60).split("\n") == [
        "  fix       give the result the id of the call it answers,",
        "            or remove the step",
    ]
    assert fit("P101  error    call-id-repeated-in-act  Two calls of one act have the same id", 64).split("\n") == [
        "P101  error    call-id-repeated-in-act  Two calls of one act",
        " " * 40 + "have the same id",
    ]


def test_paths_stay_whole_and_files_are_not_wrapped():
    path = "/home/somebody/" + "x" * 90
    assert path in fit(f"  {path} line 3", 60).split("\n")[0] + fit(f"  {path} line 3", 60).split("\n")[1]
    assert fit(path, None) == path
    assert terminal_width() is None  # a test's output is no terminal


def test_a_name_with_a_space_is_one_word_of_the_command_that_is_shown(monkeypatch: pytest.MonkeyPatch):
    assert ["sxl-data", "report", "my out"] == shlex.split(f"sxl-data report {word('my out')}")
    assert word("out") == "out"
    monkeypatch.setattr(os, "name", "nt")
    assert (word(r"my out\x"), word(r"out\x")) == ('"my out\\x"', r"out\x")
