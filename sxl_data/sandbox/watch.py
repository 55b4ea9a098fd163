"""What a tree of processes uses, and ending it. Standard library only.

The kernel's totals (`cgroups`, a file system of fixed size, a process limit of the program's own user space) are
exact; where one is missing, `Watch` counts every few milliseconds, and what goes over between two looks is bounded by
the limits of each process.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def descendants(root: int) -> list[int]:
    """Processes below ``root``, itself not among them."""
    found: list[int] = []
    open_ones = [root]
    while open_ones:
        parent = open_ones.pop()
        children: list[int] = []
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{parent}/task"):
                with suppress(OSError), open(f"/proc/{parent}/task/{thread}/children", "rb") as file:
                    children += [int(word) for word in file.read().split()]
        found += children
        open_ones += children
    return found


def end(uid: int | None) -> None:
    """Kill every descendant of this process, which must be the one that adopts orphans, and wait for them.

    ``uid`` is a user that only they run as, where there is one: a bomb cannot outrun one signal to all of it.
    """
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        if uid is not None:
            _kill_user(uid)
        _stop(until)
        for pid in descendants(os.getpid()):
            _signal(pid, signal.SIGKILL)
        time.sleep(0.0005)


def _stop(until: float) -> None:
    """Stop every descendant, again until a look finds no new one: what is stopped forks no more and still counts
    for its limit, so a bomb that would outrun one kill after the other fills its own way."""
    stopped: set[int] = set()
    while time.monotonic() < until and (fresh := set(descendants(os.getpid())) - stopped):
        for pid in fresh:
            _signal(pid, signal.SIGSTOP)
        stopped |= fresh


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _kill_user(uid: int) -> None:
    child = os.fork()
    if child == 0:
        try:
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


class Watch:
    """Counts what the kernel does not bound of this process's descendants; each limit is None where it does."""

    def __init__(self, memory: int | None, processes: int | None, scratch: tuple[str, int, int] | None) -> None:
        self.memory, self.processes, self.scratch = memory, processes, scratch

    def needed(self) -> bool:
        return any(limit is not None for limit in (self.memory, self.processes, self.scratch))

    def over(self) -> str | None:
        """The total that is overrun now: memory, processes or scratch."""
        tree = descendants(os.getpid())
        if self.processes is not None and sum(map(_threads, tree)) > self.processes:
            return "processes"
        # Shared pages count again in every process; only where that matters is the dear, exact count made.
        if self.memory is not None and sum(map(_resident, tree)) > self.memory:
            if sum(map(_proportional, tree)) > self.memory:
                return "memory"
        if self.scratch is not None and _holds_more(*self.scratch, tree):
            return "scratch"
        return None


def _threads(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            return 1024 * sum(int(line.split()[1]) for line in file if line.startswith((b"Pss:", b"SwapPss:")))
    except (OSError, IndexError):
        return _resident(pid)


def _holds_more(folder: str, size: int, entries: int, tree: list[int]) -> bool:
    """Whether ``folder``, with files that were removed and are still open, holds more than that. Gives up
    counting at the limit, so a look costs no more than the limit allows."""
    used = count = 0
    open_ones = [folder]
    while open_ones:
        try:
            with os.scandir(open_ones.pop()) as items:
                for item in items:
                    try:
                        used += item.stat(follow_symlinks=False).st_blocks * 512
                    except FileNotFoundError:
                        continue
                    count += 1
                    if item.is_dir(follow_symlinks=False):
                        open_ones.append(item.path)
                    if used > size or count > entries:
                        return True
        except FileNotFoundError:
            continue
        except OSError:
            return True  # too deep for a path, or closed to its owner: what cannot be counted is over
    seen: set[tuple[int, int]] = set()
    for pid in tree:
        with suppress(OSError):
            for number in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    held = os.stat(f"/proc/{pid}/fd/{number}")
                    if held.st_nlink == 0 and (held.st_dev, held.st_ino) not in seen:
                        seen.add((held.st_dev, held.st_ino))
                        used += held.st_blocks * 512
    return used > size


def remove(folder: str) -> None:
    """Remove ``folder`` whatever a program left there: folders without permissions, thousands deep.

    Folders are moved up to the top as they are met, so no path grows and nothing recurses. Nothing may
    write there any more.
    """
    number = 0
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        with suppress(OSError):
            os.chmod(place, 0o700)
            with os.scandir(place) as items:
                inner = [(item.path, item.is_dir(follow_symlinks=False)) for item in items]
            for path, is_folder in inner:
                with suppress(OSError):
                    if not is_folder:
                        os.unlink(path)
                    elif place == folder:
                        waiting.append(path)
                    else:
                        number += 1
                        up = f"{folder}/{number}.up"
                        os.chmod(path, 0o700)  # a folder must be writable to be moved: its ".." changes
                        os.rename(path, up)
                        waiting.append(up)
            if place != folder:
                os.rmdir(place)
    with suppress(OSError):
        os.rmdir(folder)
