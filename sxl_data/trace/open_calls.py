"""Calls of an act that no result has answered yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sxl_data.trace.types import Call


class OpenCalls(Sequence[Call]):
    """Calls without those that are answered. Whether any is left and which is the first are asked after every result,
    so they are not looked for from the start."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = calls
        self.answered: set[str] = set()
        self._first = 0

    def __bool__(self) -> bool:
        while self._first < len(self.calls) and self.calls[self._first].call_id in self.answered:
            self._first += 1
        return self._first < len(self.calls)

    def __iter__(self) -> Iterator[Call]:
        if self:
            yield from (c for c in islice(self.calls, self._first, None) if c.call_id not in self.answered)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: Any) -> Any:
        return self.calls[self._first] if index == 0 and self else list(self)[index]
