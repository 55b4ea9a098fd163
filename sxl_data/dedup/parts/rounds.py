"""Rounds of candidates, exact checks and survivors: when another one is needed, and when it is enough.

In: steps that do the work, on handles of rows and pairs that they alone understand (files of a build, or arrays in
memory). Out: who is dropped for whom, every verified pair, and whether all buckets were compared whole.

One round is exact unless a bucket was cut to stars. Then the next round asks only for the rows that survived, whose
buckets are far smaller, with four times the stars. Survivors are always recomputed from all pairs known, so a row
dropped for a twin that later falls itself comes back and is compared again.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, Protocol, TypeVar

from sxl_data.dedup.config import MARGIN

ROUNDS = 6
"""Most rounds: stars per large bucket 1, 4, 16, 64, 256, 1024."""
LINK_FAN = 16
"""Stars per large bucket when pairs are only wanted for grouping."""

H = TypeVar("H")


class Survivors(NamedTuple, Generic[H]):
    """``near``: the rows dropped for a kept one that they resemble. ``again``: ``left`` rows that another round must
    compare; none if every bucket of the survivors was compared whole."""

    near: H
    again: H
    left: int


class Steps(Protocol[H]):
    """The work of a round. Rows of ``duplicates`` and ``near`` take no part; ``again`` limits a round to its rows."""

    def find_pairs(
        self, turn: int, threshold: float, fan: int, floor: float, again: Survivors[H] | None, near: H | None
    ) -> tuple[list[H], list[H]]:
        """Verified pairs from ``floor`` on, and the rows of buckets that were cut."""

    def choose_survivors(
        self, turn: int, threshold: float, pairs: list[H], first_cut: list[H], cut: list[H], before: H | None
    ) -> Survivors[H]:
        """Survivors at ``threshold`` of all ``pairs``. ``cut`` are the rows of buckets cut in this round,
        ``first_cut`` in the first one, ``before`` the rows dropped after the round before."""


class Searched(NamedTuple, Generic[H]):
    """``pairs``: all that were verified. ``complete``: every bucket was compared whole."""

    near: H
    pairs: list[H]
    complete: bool


def search(steps: Steps[H], threshold: float, pairs_at: float | None = None) -> Searched[H]:
    """Compare rows until every bucket of the survivors at ``threshold`` was compared whole, in at most `ROUNDS`; then
    look for pairs of kept rows that reach ``pairs_at``, where that is lower."""
    pairs: list[H] = []
    first_cut: list[H] = []
    survivors: Survivors[H] | None = None
    for turn in range(ROUNDS):
        found, cut = steps.find_pairs(turn, threshold, 4**turn, threshold - MARGIN, survivors, None)
        pairs += found
        first_cut = first_cut or cut
        survivors = steps.choose_survivors(
            turn, threshold, pairs, first_cut, cut, survivors.near if survivors else None
        )
        if not survivors.left:
            break
    assert survivors is not None
    complete = not survivors.left
    if pairs_at is not None and pairs_at < threshold:
        found, cut = steps.find_pairs(ROUNDS, pairs_at, LINK_FAN, pairs_at, None, survivors.near)
        pairs += found
        complete = complete and not cut
    return Searched(survivors.near, pairs, complete)
