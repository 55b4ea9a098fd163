"""When another round is needed, what it is asked for, and when it is enough. Handles are words here."""

from __future__ import annotations

from typing import Any

import pytest

from sxl_data.dedup.config import MARGIN
from sxl_data.dedup.parts.rounds import LINK_FAN, Survivors, search


class Told:
    """Steps that find what they are told: for each round the rows of buckets cut, and how many rows are left."""

    def __init__(self, *rounds: tuple[list[str], int]) -> None:
        self.rounds = rounds
        self.asked: list[tuple[Any, ...]] = []
        self.settled: list[tuple[Any, ...]] = []

    def find_pairs(
        self, turn: int, threshold: float, fan: int, floor: float, again: Survivors[str] | None, near: str | None
    ) -> tuple[list[str], list[str]]:
        self.asked.append((turn, threshold, fan, floor, again and again.again, near))
        return [f"pairs {turn}"], self.rounds[len(self.asked) - 1][0]

    def choose_survivors(
        self, turn: int, threshold: float, pairs: list[str], first_cut: list[str], cut: list[str], before: str | None
    ) -> Survivors[str]:
        self.settled.append((turn, threshold, tuple(pairs), tuple(first_cut), tuple(cut), before))
        return Survivors(f"near {turn}", f"again {turn}", self.rounds[turn][1])


def test_one_round_is_enough_where_every_bucket_was_compared_whole() -> None:
    steps = Told(([], 0))
    assert ("near 0", ["pairs 0"], True) == search(steps, 0.7)
    assert [(0, 0.7, 1, 0.7 - MARGIN, None, None)] == steps.asked
    assert [(0, 0.7, ("pairs 0",), (), (), None)] == steps.settled


def test_another_round_asks_for_the_rows_that_are_left_with_four_times_the_stars() -> None:
    steps = Told((["a"], 9), (["b"], 4), ([], 0))
    assert ("near 2", ["pairs 0", "pairs 1", "pairs 2"], True) == search(steps, 0.7)
    assert [
        (0, 0.7, 1, 0.7 - MARGIN, None, None),
        (1, 0.7, 4, 0.7 - MARGIN, "again 0", None),
        (2, 0.7, 16, 0.7 - MARGIN, "again 1", None),
    ] == steps.asked


def test_survivors_follow_from_all_pairs_the_first_cut_and_this_one_and_who_fell_before() -> None:
    steps = Told((["a"], 9), (["b"], 4), ([], 0))
    search(steps, 0.7)
    assert [
        (0, 0.7, ("pairs 0",), ("a",), ("a",), None),
        (1, 0.7, ("pairs 0", "pairs 1"), ("a",), ("b",), "near 0"),
        (2, 0.7, ("pairs 0", "pairs 1", "pairs 2"), ("a",), (), "near 1"),
    ] == [(*call[:2], call[2][: call[0] + 1], *call[3:]) for call in steps.settled]


def test_six_rounds_are_the_most_and_then_the_answer_says_that_something_was_cut() -> None:
    steps = Told(*[(["a"], 1)] * 6)
    found = search(steps, 0.7)
    assert [1, 4, 16, 64, 256, 1024] == [fan for _, _, fan, *_ in steps.asked]
    assert ("near 5", False) == (found.near, found.complete)


@pytest.mark.parametrize(("cut", "complete"), [([], True), (["a"], False)])
def test_looser_pairs_of_kept_rows_are_looked_for_once_at_the_end(cut: list[str], complete: bool) -> None:
    steps = Told((["a"], 9), ([], 0), (cut, 0))
    assert ("near 1", ["pairs 0", "pairs 1", "pairs 6"], complete) == search(steps, 0.7, 0.5)
    assert (6, 0.5, LINK_FAN, 0.5, None, "near 1") == steps.asked[-1]
    assert 2 == len(steps.settled)


@pytest.mark.parametrize("pairs_at", [None, 0.7, 0.9])
def test_pairs_no_looser_than_the_threshold_were_found_already(pairs_at: float | None) -> None:
    steps = Told(([], 0))
    search(steps, 0.7, pairs_at)
    assert 1 == len(steps.asked)


def test_a_last_round_that_was_cut_is_not_made_whole_by_looser_pairs() -> None:
    steps = Told(*[(["a"], 1)] * 6, ([], 0))
    assert not search(steps, 0.7, 0.5).complete
