"""The entries of `kernel.py`, `bands_kernel.py` and `exact_kernel.py`, and the working arrays that they need."""

from __future__ import annotations

import numpy as np

from sxl_data.contract.native import Kernel, load

KERNELS = ("kernel", "bands_kernel", "exact_kernel")
SOURCES = (*KERNELS, "vectors", "shingles", "exact")


def entries() -> dict[str, Kernel]:
    """Every kernel entry by name; compiled or loaded when first asked for."""
    return load("sxl_data.dedup", KERNELS, SOURCES)


def workspace() -> np.ndarray:
    """The working arrays of one call: u32 (4, ROOM) of `kernel.py`."""
    return np.empty((4, 1024 + 64 + 32 + 8), dtype=np.uint32)


def table(count: int) -> np.ndarray:
    """A hash table with room for `count` values, at the start of a cache line."""
    room = 16
    while room < 2 * count:
        room *= 2
    raw = np.empty(room + 16, dtype=np.uint32)
    skip = -raw.ctypes.data % 64 // 4
    return raw[skip : skip + room]
