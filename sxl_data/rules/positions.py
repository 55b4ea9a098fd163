"""Where in a trace calls and results stand, looked up instead of searched for.

In: a trace. Out: answers to "which result, which call comes next with this id" and "what stands between these steps".
A fault sends a check looking through the steps that follow; where every step has one, that would take the square of
the trace's length. Built when first asked, since traces in order ask nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate

from sxl_data.trace.types import Act, Iterate, Observe, Step, Trace


class Positions:
    """The calls and results of one trace by id, and running counts of its steps."""

    def __init__(self, trace: Trace) -> None:
        self.steps = trace.steps

    @cached_property
    def _results(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for i, step in enumerate(self.steps):
            for result in step.results if type(step) is Iterate else ():
                found.setdefault(result.call_id, []).append(i)
        return found

    @cached_property
    def _calls(self) -> dict[str, list[tuple[int, int]]]:
        found: dict[str, list[tuple[int, int]]] = {}
        for i, step in enumerate(self.steps):
            for k, call in enumerate(step.calls if type(step) is Act else ()):
                found.setdefault(call.call_id, []).append((i, k))
        return found

    @cached_property
    def _users(self) -> list[int]:
        said = (type(step) is Observe and step.origin == "user" for step in self.steps)
        return list(accumulate(said, initial=0))

    @cached_property
    def _callers(self) -> list[int]:
        return list(accumulate((type(step) is Act and bool(step.calls) for step in self.steps), initial=0))

    def next_result(self, ids: Iterable[str], after: int) -> int | None:
        """The first step behind ``after`` with a result of one of ``ids``."""
        found = []
        for identity in ids:
            places = self._results.get(identity, [])
            at = bisect_right(places, after)
            found += places[at : at + 1]
        return min(found, default=None)

    def next_call(self, identity: str, after: int) -> tuple[int, int] | None:
        """(step, call) of the first call of ``identity`` behind step ``after``."""
        places = self._calls.get(identity, [])
        at = bisect_left(places, (after + 1, 0))
        return places[at] if at < len(places) else None

    def user_between(self, first: int, last: int) -> bool:
        """Whether the user speaks in the steps from ``first`` to before ``last``."""
        return self._users[last] > self._users[first]

    def calls_between(self, first: int, last: int) -> bool:
        """Whether an act with calls is among the steps from ``first`` to before ``last``."""
        return self._callers[last] > self._callers[first]


def in_order(steps: Sequence[Step]) -> bool:
    """Whether each act's results follow it at once, in the order of its calls, under ids that no other call has: then
    nothing is wrong, and most traces are so."""
    asked: list[str] = []
    known: list[str] = []
    for step in steps:
        kind = type(step)
        if kind is Iterate:
            if asked != [result.call_id for result in step.results]:  # type: ignore[union-attr]
                return False
            known += asked
            asked = []
        elif asked:
            return False
        elif kind is Act:
            asked = [call.call_id for call in step.calls]  # type: ignore[union-attr]
    used = set(known)
    return not asked and len(used) == len(known) and "" not in used
