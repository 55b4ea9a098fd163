"""The compiled pass of `files.scan`, loaded without numba where `native.loader` can.

In: the bytes of one record that decodes. Out: its flags, see `files.scan`. Loading takes a tenth of a second instead
of the second that importing numba takes, which every process that shares a file would pay. Without it `validate` takes
2.7 times the CPU time (2,500 sound traces of 9 kB, medians of five paired rounds).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

HIDES, THINK, CALL, SPECIAL, BASE64, CUT = 1, 2, 4, 8, 16, 32
MAX_DEPTH = 500  # as in `decode`
BLOCK = 1 << 14
"""Bytes that are looked at in one go."""
ROOM = 2048
"""Numbers that the pass needs for its books, at least `trace.scan.ROOM`."""
_FIRST = 1 << 16
_MARGIN = 16


def load_scan() -> Callable[[bytes], int]:
    """A function from bytes to flags, for one thread."""
    from sxl_data.native.loader import load

    scan = load("sxl_data.files", ("scan",), ("scan", "scanning"))["scan"]
    room = array("q", bytes(8 * ROOM))
    seen = bytearray(BLOCK + 8)
    run, into, most = None, memoryview(b""), 0

    def flags(data: bytes) -> int:
        nonlocal run, into, most
        size = len(data)
        if run is None or size > most:
            # One buffer for all records: what the kernel is called with stays the same, which is most of a call.
            most = max(_FIRST, 1 << size.bit_length())
            held = bytearray(most + _MARGIN)
            run, into = scan.prepare(held, room, seen), memoryview(held)
        into[:size] = data
        room[0] = size
        run()
        return room[0]

    return flags
