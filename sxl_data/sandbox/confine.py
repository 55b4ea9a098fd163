"""How a fork of the launcher turns into a program: everything is given up, step by step, then exec.

In: what the caller asked of one run, descriptors, and as whom it runs. Out: nothing; the process becomes bubblewrap,
which becomes the program, or with Landlock the program itself. Standard library only: the launcher imports it.
"""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn

from sxl_data.sandbox import cgroups, kernel

FILTER_FD, STATUS_FD = 10, 11
"""Where bubblewrap finds the filter of system calls, and where it writes how the program ended."""


class User(NamedTuple):
    """As whom programs run."""

    uid: int
    gid: int
    from_root: bool
    """Whether the launcher is root and becomes this user for each program."""
    alone: bool
    """Whether the kernel's count of this user's processes is one of this box alone."""


def become(
    run: dict[str, Any], fds: list[int], told: int, folder: str, user: User, group: cgroups.Group | None
) -> NoReturn:
    """Turn into the program of ``run``; the descriptors are those of filter, input, output and errors.

    Where a step cannot be taken nothing runs: what it was is written to ``told``, and the process ends.
    """
    try:
        os.setsid()
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if group is not None:
            group.join()
        call_filter = os.pread(fds[0], 1 << 20, 0)
        _arrange([*fds[1:4], fds[0], told])
        told = STATUS_FD
        with suppress(OSError):  # in a container that forbids keyrings; the filter keeps programs from them anyway
            kernel.new_session_keyring()
        os.umask(0o022)
        for name, value in run["rlimits"].items():
            _lower(name, value)
        if not run["counted"]:
            _limit_processes(run["limits"]["processes"] + run["around"], user)
        if user.from_root:
            os.setgroups([])
            os.setresgid(user.gid, user.gid, user.gid)
            os.setresuid(user.uid, user.uid, user.uid)
        kernel.die_with_parent(signal.SIGKILL)  # after the change of user, which would undo it
        os.chdir("/")
        if run["rules"] is not None:
            os.chdir(f"{folder}/work")
            os.set_inheritable(FILTER_FD, False)
            os.set_inheritable(STATUS_FD, False)
            kernel.restrict([(path, rights) for path, rights in run["rules"]], run["landlock"])
            kernel.filter_calls(call_filter)
        os.execve(run["command"][0], run["command"], run["environment"])
    except BaseException as problem:
        os.write(told, json.dumps({"problem": f"{type(problem).__name__}: {problem}"}).encode())
    finally:
        os._exit(127)


def _arrange(fds: list[int]) -> None:
    """Put input, output, errors, filter and status where they are looked for; close everything else."""
    high = [os.dup2(fd, 100 + place, False) for place, fd in enumerate(fds)]  # above all that is overwritten below
    for place, fd in zip((0, 1, 2, FILTER_FD, STATUS_FD), high):
        os.dup2(fd, place)
    os.closerange(3, FILTER_FD)
    os.closerange(STATUS_FD + 1, 4096)


def _limit_processes(allowed: int, user: User) -> None:
    """Where the count is the box's own, the limit is exact; elsewhere it also counts what the user runs beside, so it
    is only a far end for a bomb, and `watch` holds the limit itself."""
    if user.alone:
        allowed += 1  # the box
    else:
        allowed += 512 + 2 * sum(1 for name in os.listdir("/proc") if name.isdigit() and _owner(name) == user.uid)
    _lower("RLIMIT_NPROC", allowed)


def _lower(name: str, value: int) -> None:
    import resource  # which Windows lacks, where this module is imported and never used

    limit: int = getattr(resource, name)
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def _owner(pid: str) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return -1
