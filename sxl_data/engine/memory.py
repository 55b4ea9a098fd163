"""How much memory the machine has, and how much of it a worker may take.

In: the number of workers. Out: bytes. A container's limit counts where it is less than the machine's memory: its
kernel would end a process beyond it without a word, where a limit of our own raises `MemoryError` in one task.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

SHARE = 0.8
"""Of the machine's memory that all workers together may take."""
_LEAST = 2_000_000_000  # a worker needs as much to be of use, libraries and their threads included
_CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine_bytes() -> int | None:
    """Bytes of memory of this machine, or of the container around this process; None where the system does not say."""
    if sys.platform == "win32":
        return _windows()
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
    for name in _CONTAINER:
        try:
            text = Path(name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            found = min(found, int(text))
    return found if found > 0 else None


def worker_limits(workers: int) -> tuple[int, int] | None:
    """Bytes that a worker may take for a task among many, and for one that plans its memory itself; None where the
    machine's memory is not known."""
    found = machine_bytes()
    if found is None:
        return None
    whole = max(_LEAST, int(SHARE * found))
    return max(_LEAST, whole // workers), whole


def _windows() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("size", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *(
                (name, ctypes.c_ulonglong)
                for name in ("total", "free", "page", "page_free", "virtual", "virtual_free", "extended")
            ),
        )

    status = Status(size=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  (the attribute exists on Windows only)
    return int(status.total) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
