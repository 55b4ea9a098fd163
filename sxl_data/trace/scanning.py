"""The compiled pass of `trace.scan`, loaded without numba where `contract.native` can.

In: the bytes of one record that decodes. Out: its flags, see `trace.scan`. Loading takes a tenth of a second instead
of the second that importing numba takes, which every process that shares a file would pay.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

HIDES, THINK, CALL, SPECIAL, BASE64, SECRET, HOME, CUT = 1, 2, 4, 8, 16, 32, 64, 128
ROOM = 2048
"""Numbers that the pass needs for its books, at least `trace.scan.ROOM`."""


def load_scan() -> Callable[[bytes], int]:
    """A function from bytes to flags, for one thread."""
    from sxl_data.contract.native import load

    scan = load("sxl_data.trace", ("scan",), ("scan", "scanning"))["scan"]
    room = np.zeros(ROOM, dtype=np.int64)

    def flags(data: bytes) -> int:
        # Eight bytes before and after, so that looking around a byte needs no check of the borders.
        scan(np.frombuffer(b"        " + data + b"        ", dtype=np.uint8), room)
        return int(room[0])

    return flags
