"""Calls made again and again: how a run that goes round in circles is found out.

In: each call before it is made, and its result. Out: whether it was made before with nothing changed since, which is
the last call once more, or any that failed since something went well. A failure that passes (a busy service) is none.
"""

from __future__ import annotations

from copy import copy
from typing import TypeAlias

from sxl_data.trace.types import Result
from sxl_train.agent.results import PASSING

Key: TypeAlias = tuple[str, str]
"""Name and arguments of a call."""
MOST = 3
"""The call of that number, one like the other, ends a run."""
NONE: Key = ("", "")


class Repeats:
    """What was called in one run. ``broken``: whether such calls are answered from memory; made or not, the third call
    in a row that is like the one before it is the last."""

    def __init__(self, broken: bool) -> None:
        self.broken = broken
        self._last, self._failed, self._again, self._passing = NONE, frozenset[Key](), 0, False

    def copied(self) -> Repeats:
        """As it is now: what is tried in place of a call does not count."""
        return copy(self)

    def find(self, key: Key) -> str:
        """Why ``key`` need not be made again, in words for the model; empty where it is to be made."""
        just, failed = key == self._last, self.broken and key in self._failed
        self._again = self._again + 1 if just or failed else 0
        self._last = key
        if self._passing or not self.broken:
            return ""
        if just:
            return "this very call was just made; its result stands above. Do the next step."
        return "this very call failed before, and nothing has changed since. Do something else." if failed else ""

    def note(self, key: Key, result: Result) -> None:
        """``key`` was made, or held back."""
        self._passing = result.error_type in PASSING
        if result.status == "ok":
            self._failed = frozenset()
        elif not self._passing and result.error_type != "harness":
            self._failed |= {key}

    @property
    def endless(self) -> bool:
        """Whether it is enough."""
        return self._again >= MOST - 1
