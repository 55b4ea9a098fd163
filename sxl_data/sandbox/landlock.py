"""The second tier: Landlock and the filter of system calls, for machines without bubblewrap; needs no root.

In: a box's folder. Out: the rules, what a program may open and how. The program stays in the caller's name spaces, so
the filter refuses what Landlock does not mediate: sockets, and attributes by path. What remains visible is whether a
path exists, its size and times, and where a link points, which interpreters need to start. The list of processes
does not, since /proc cannot be opened. Source: the kernel's Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

from pathlib import Path

from sxl_data.sandbox import kernel
from sxl_data.sandbox.bubblewrap import ENVIRONMENT
from sxl_data.sandbox.interpreter import Interpreter, system_folders

AROUND = 1
ALL = (1 << 16) - 1
SCOPED = 6
"""The version since which signals stay inside."""

_READ = kernel.EXECUTE | kernel.READ | kernel.READ_FOLDER
_DEVICES = ("null", "zero", "full", "random", "urandom")


def missing() -> str | None:
    """Why there is no Landlock here; None where there is."""
    return None if kernel.landlock_version() else "the kernel has no Landlock, or it is switched off"


def rules(folder: str, python: Interpreter) -> list[tuple[str, int]]:
    """(path, rights) of everything that a program may open."""
    found = [(path, _READ) for path in system_folders()]
    for path in python.own:
        inner = [name for name in python.hidden if Path(name).is_relative_to(path)]
        if inner:
            found.append((path, kernel.READ_FOLDER))
            found += [(str(part), _READ) for part in sorted(Path(path).iterdir()) if str(part) not in inner]
        else:
            found.append((path, _READ))
    found += [(f"/dev/{name}", kernel.READ | kernel.WRITE) for name in _DEVICES]
    found += [(f"{folder}/{name}", ALL) for name in ("work", "tmp", "shm")]
    return [*found, (f"{folder}/program", _READ)]


def environment(folder: str) -> dict[str, str]:
    """The environment of a program; it has the box's real paths, for nothing is mounted over."""
    work = f"{folder}/work"
    return ENVIRONMENT | {"HOME": work, "PYTHONPATH": work, "TMPDIR": f"{folder}/tmp"}
