"""Threads that run foreign programs, each in sandboxes of its own: what graders share."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self

from sxl_data.sandbox.box import Box
from sxl_data.sandbox.limits import Limits, Result, Tier
from sxl_data.sandbox.run import open_box, require


class Seat:
    """A box that is replaced when it is not as new."""

    def __init__(self, limits: Limits, packages: str | None = None, tier: Tier | None = None) -> None:
        self.limits, self.packages, self.tier = limits, packages, tier
        self.box: Box | None = None

    def run(self, program: str, stdin: bytes, limits: Limits) -> Result:
        """Run ``program`` in a box that nothing was left in."""
        if self.box is None or not self.box.untouched():
            self.close()
            self.box = open_box({}, self.limits, packages=self.packages, tier=self.tier)
        return self.box.run(program, stdin=stdin, limits=limits)

    def close(self) -> None:
        """Give the box back."""
        if self.box is not None:
            self.box.close()
            self.box = None


class Seats:
    """Use as a context manager: ``workers`` threads (as many as processors), whose boxes are given back at the end.

    ``limits`` hold for a box, ``packages`` is a folder of packages that programs may import, ``tier`` asks for less
    than the best sandbox of the machine, for tests."""

    def __init__(
        self, limits: Limits, workers: int | None = None, packages: str | None = None, tier: Tier | None = None
    ) -> None:
        """Raises `UserError` U403 where this machine has no sandbox."""
        self.limits, self.packages, self.tier = limits, packages, tier or require()
        self.pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
        self._here = threading.local()
        self._all: list[Seat] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.shutdown(cancel_futures=True)
        for seat in self._all:
            with suppress(OSError):
                seat.close()

    def seat(self, number: int = 0) -> Seat:
        """This thread's seat of that number."""
        if not hasattr(self._here, "own"):
            self._here.own = {}
        own: dict[int, Seat] = self._here.own
        if number not in own:
            own[number] = Seat(self.limits, self.packages, self.tier)
            self._all.append(own[number])
        return own[number]
