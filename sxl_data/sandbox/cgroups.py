"""A control group for one box: the kernel's own totals of memory and processes. Standard library only.

In: what may be used. Out: a group that a process joins, or None where none can be had: then `watch` counts. A
group is had where this process may write below its own (delegated by a container or by ``systemd-run -p Delegate=yes``,
as the launcher is started where a user's systemd answers), or as root. Both versions are known, since hosts
with the first one are still about.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

_BOTH = ("memory", "pids")


class Group:
    """One group: a folder of version 2, or one of each controller of version 1."""

    def __init__(self, folders: dict[str, str], version: int) -> None:
        self.folders, self.version = folders, version

    def limit(self, memory: int, processes: int) -> None:
        """Bytes of memory with what lies in scratch, and processes with threads."""
        first = self.version == 1
        _write(self.folders["memory"], "memory.limit_in_bytes" if first else "memory.max", memory)
        _write(self.folders["pids"], "pids.max", processes)
        with suppress(OSError):  # a kernel that does not count swap
            _write(
                self.folders["memory"],
                "memory.memsw.limit_in_bytes" if first else "memory.swap.max",
                memory if first else 0,
            )

    def join(self) -> None:
        """Put the calling process in; its children are born there."""
        for folder in set(self.folders.values()):
            _write(folder, "cgroup.procs", os.getpid())

    def ran_out(self) -> bool:
        """Whether the kernel ended a process for want of memory."""
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        with suppress(OSError, ValueError):
            for line in _read(self.folders["memory"], name).splitlines():
                if line.startswith("oom_kill ") and int(line.split()[1]):
                    return True
        return False

    def remove(self) -> None:
        """Remove the emptied group; a process that has ended may be counted for some milliseconds."""
        for folder in set(self.folders.values()):
            for _ in range(50):
                try:
                    os.rmdir(folder)
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.002)


def make(name: str, memory: int, processes: int) -> Group | None:
    """A new group called ``name`` with these totals; None where none can be had."""
    for candidate in _places():
        made: list[str] = []
        try:
            for folder in dict.fromkeys(candidate.folders.values()):
                os.mkdir(f"{folder}/{name}")
                made.append(f"{folder}/{name}")
            group = Group({key: f"{value}/{name}" for key, value in candidate.folders.items()}, candidate.version)
            group.limit(memory, processes)
            return group
        except OSError:
            for folder in made:
                with suppress(OSError):
                    os.rmdir(folder)
    return None


def delegate() -> None:
    """Move this process, alone in a group that was delegated to it, into a leaf: groups can then be made beside it."""
    folder = _places()[0].folders["memory"]
    os.mkdir(f"{folder}/launcher")
    _write(f"{folder}/launcher", "cgroup.procs", os.getpid())
    _write(folder, "cgroup.subtree_control", " ".join(f"+{name}" for name in _BOTH))


def _places() -> list[Group]:
    """Groups below which one could be made, best first: the own one and, of version 2, those above it."""
    mounts, own = _mounts(), _own()
    found: list[Group] = []
    if "2" in mounts and "2" in own:
        path = own["2"]
        while True:
            found.append(Group(dict.fromkeys(_BOTH, mounts["2"] + path.rstrip("/")), 2))
            if path in ("", "/"):
                break
            path = path.rpartition("/")[0]
    if all(name in mounts and name in own for name in _BOTH):
        found.append(Group({name: mounts[name] + own[name].rstrip("/") for name in _BOTH}, 1))
    return found


def _mounts() -> dict[str, str]:
    """Controller of version 1, or "2", → where it is mounted."""
    found: dict[str, str] = {}
    with suppress(OSError), open("/proc/self/mounts", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            _, place, kind, options = line.split()[:4]
            if kind == "cgroup2":
                found.setdefault("2", place)
            elif kind == "cgroup":
                found |= {name: place for name in options.split(",") if name in _BOTH and name not in found}
    return found


def _own() -> dict[str, str]:
    """Controller of version 1, or "2", → path of this process's group."""
    found: dict[str, str] = {}
    with suppress(OSError), open("/proc/self/cgroup", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            number, names, path = line.rstrip("\n").split(":", 2)
            for name in ("2",) if number == "0" and not names else names.split(","):
                found[name] = path
    return found


def _write(folder: str, name: str, value: object) -> None:
    with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
        file.write(str(value))


def _read(folder: str, name: str) -> str:
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        return file.read()
