"""The entries of `signatures`, `sets`, `bands` and `exact`, and the working arrays that they need."""

from __future__ import annotations

import numpy as np

from sxl_data.contract.errors import error
from sxl_data.native.loader import Kernel, load

KERNELS = ("kernels.signatures", "kernels.sets", "kernels.bands", "kernels.exact")
SOURCES = (*KERNELS, "kernels.tokens", "kernels.token_intrinsics", "kernels.intrinsics", "shingles", "exact")


def entries() -> dict[str, Kernel]:
    """Every kernel entry by name; compiled or loaded when first asked for. Raises U402 where numba or llvmlite cannot
    be loaded, naming the backend that needs neither: it is never taken without being asked for."""
    try:
        return load("sxl_data.dedup", KERNELS, SOURCES)
    except (ImportError, OSError) as problem:
        raise error(
            "U402",
            found=f"the compiled kernels cannot be loaded: {problem}",
            expected="numba and llvmlite that work here",
            why="`dedup.backend: native` is compiled by numba",
            fix="pip install --force-reinstall numba llvmlite, or pip install 'sheikh-sxl[datasketch]' and say "
            "`dedup.backend: datasketch` (of the command `dedup`: --backend datasketch), which is slower",
        ) from problem


ROOM = 1024 + 64 + 64 + 32  # that of `tokens`, which only a compiler imports


def workspace() -> tuple[np.ndarray, np.ndarray]:
    """The working arrays of one call: u32 (4, ROOM) and u64 (2 · ROOM,)."""
    return np.empty((4, ROOM), dtype=np.uint32), np.empty(2 * ROOM, dtype=np.uint64)


def table(count: int) -> np.ndarray:
    """A hash table with room for `count` values, at the start of a cache line."""
    room = 16
    while room < 2 * count:
        room *= 2
    raw = np.empty(room + 16, dtype=np.uint32)
    skip = -raw.ctypes.data % 64 // 4
    return raw[skip : skip + room]
