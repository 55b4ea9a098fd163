from __future__ import annotations

from collections.abc import Iterator

from sxl_data.trace.check import Fault
from sxl_data.trace.types import Trace


def check(trace: Trace) -> Iterator[Fault]:
    yield from ()
