"""A part of what a chunk holds, evenly spread over it, to foresee from it what the whole would be.

In: items, one after the other, however many. Out: some of them, and how many there were. That needs no second pass and
no guess of their number: every item is kept until there are too many, then every second, and so on.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from sxl_data.read.documents import Read, Unread
from sxl_data.read.passed import Passed
from sxl_data.trace.format import Reading, Unit

Item = TypeVar("Item")
Numbered = tuple[int, Read | Unread | Passed | None]
"""What was found in a chunk, behind its number."""
OPENED = 8
"""Documents that are opened for a row that is kept."""


class Evenly(Generic[Item]):
    """At most ``most`` items of all that are added, at least half as many, at equal distances from the first on."""

    def __init__(self, most: int) -> None:
        self.most, self.step, self.seen = most, 1, 0
        self.kept: list[Item] = []

    def add(self, item: Item) -> None:
        """One more."""
        if self.seen % self.step == 0:
            self.kept.append(item)
            if len(self.kept) > self.most:
                self.kept, self.step = self.kept[::2], 2 * self.step
        self.seen += 1


class Sampled:
    """A part of the documents of a chunk, and of the rows that these give about ``most``."""

    def __init__(self, most: int, unit: Unit) -> None:
        # Documents give rows unevenly, and opening one costs little beside what is done with its rows; a row that is
        # made costs its making.
        self._documents: Evenly[Numbered] = Evenly(max(1, most // 2) if unit == "made" else OPENED * most)
        self.rows: Evenly[tuple[Reading, list[str] | None]] = Evenly(most)
        self._decoding = self._opening = 0.0

    def choose(self, items: Iterable[Numbered]) -> Iterator[Numbered]:
        """Some of the documents in ``items``, after all were decoded, and whatever else is among them."""
        others: list[Numbered] = []
        started = time.monotonic()
        for numbered in items:
            if isinstance(numbered[1], Read):
                self._documents.add(numbered)
            else:
                others.append(numbered)
        self._decoding = time.monotonic() - started
        taken = []
        for numbered in sorted([*self._documents.kept, *others], key=lambda numbered: numbered[0]):
            started = time.monotonic()
            yield numbered
            taken.append(time.monotonic() - started)
        more = taken[1:] or taken  # the first one also loads code
        self._opening = sum(more) / max(len(more), 1) * len(taken)

    def add(self, readings: Sequence[Reading], stated: list[str] | None) -> None:
        """The ``readings`` of one of the documents that were chosen."""
        for reading in readings:
            self.rows.add((reading, stated))

    def counters(self) -> dict[str, int]:
        """The rows that are foreseen, documents that were opened and that were not, and the microseconds of decoding
        all documents and of opening these."""
        opened = len(self._documents.kept)
        return {
            "foreseen": round(self.rows.seen * self._documents.seen / max(opened, 1)),
            "opened": opened,
            "unopened": self._documents.seen - opened,
            "decoding_us": round(1e6 * self._decoding),
            "opening_us": round(1e6 * self._opening),
        }
