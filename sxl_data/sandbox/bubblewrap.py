"""The first tier: bubblewrap, with name spaces of its own and nothing mounted but what a program needs.

In: a box's folder and a command inside. Out: the command line outside. The root, /dev and everything of the system
are read-only; /work, /tmp and /dev/shm lie in the box's one scratch space, so one size bounds all three. The limits
of address space and processes are set inside, where the count of processes is that of this run alone and
other runs of the same user change nothing. Source: bwrap(1).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sxl_data.sandbox.confine import FILTER_FD, STATUS_FD
from sxl_data.sandbox.interpreter import Interpreter, system_folders, system_links
from sxl_data.sandbox.limits import Limits

AROUND = 4
"""Processes that are not the program's own: bubblewrap's two, and room for its start."""
ENVIRONMENT = {
    "HOME": "/work",
    "TMPDIR": "/tmp",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "USER": "sandbox",
    "LOGNAME": "sandbox",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTHONPATH": "/work",
}

_SPACES = (
    "--unshare-user",
    "--unshare-ipc",
    "--unshare-pid",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--disable-userns",
    "--cap-drop",
    "ALL",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    "--uid",
    "1000",
    "--gid",
    "1000",
    "--hostname",
    "sandbox",
)
_SECRETS = ("keys", "key-users")
OWN = {"/work": "work", "/tmp": "tmp", "/dev/shm": "shm", "/program": "program"}
"""Where a box's own folders stand inside; they cover what the machine has there."""
_SMALL = "65536"


def missing() -> str | None:
    """Which tool is not installed; None where all are."""
    absent = [tool for tool in ("bwrap", "prlimit") if shutil.which(tool, path="/usr/local/bin:/usr/bin:/bin") is None]
    return f"{' and '.join(absent)} not installed" if absent else None


def wrap(command: list[str], folder: str, limits: Limits, python: Interpreter, exact: bool, alone: bool) -> list[str]:
    """``command`` inside of bubblewrap; ``exact``: the kernel counts processes per user space; ``alone``: the box has
    an empty network already."""
    mounts: list[str] = []
    links = system_links()
    late = covered(python)
    elsewhere = [path for path in python.own if not any(path in paths for paths in late.values())]
    for path in (*system_folders(), *elsewhere):
        mounts += ["--symlink", links[path], path] if path in links else ["--ro-bind", path, path]
    inner = [word for outer, paths in late.items() for word in _read_only(outer, paths)]
    for path in python.hidden:
        inner += ["--size", _SMALL, "--tmpfs", path, "--remount-ro", path]
    devices = ["--proc", "/proc", "--dev", "/dev", "--bind", f"{folder}/shm", "/dev/shm", "--remount-ro", "/dev"]
    for name in (f"/proc/{name}" for name in _SECRETS):
        devices += ["--ro-bind", "/dev/null", name] if Path(name).exists() else []
    own = [
        "--bind",
        f"{folder}/work",
        "/work",
        "--bind",
        f"{folder}/tmp",
        "/tmp",
        "--ro-bind",
        f"{folder}/program",
        "/program",
        "--chdir",
        "/work",
    ]
    environment = [word for name, value in ENVIRONMENT.items() for word in ("--setenv", name, value)]
    inside = [f"--nproc={limits.processes + 2}"] if exact else []
    return [
        tool("bwrap"),
        *_SPACES,
        *([] if alone else ["--unshare-net"]),
        *mounts,
        *devices,
        *own,
        *inner,
        "--remount-ro",
        "/",
        *environment,
        "--seccomp",
        str(FILTER_FD),
        "--json-status-fd",
        str(STATUS_FD),
        "--",
        tool("prlimit"),
        f"--as={limits.memory}",
        *inside,
        "--",
        *command,
    ]


def covered(python: Interpreter) -> dict[str, list[str]]:
    """What of an interpreter the box's own folders would cover: outermost folder below them (or file) → paths in it.

    They are mounted after those folders, each outermost one on a place that must be there before a program runs."""
    found: dict[str, list[str]] = {}
    for path in python.own:
        for top in OWN:
            if path.startswith(f"{top}/"):
                outer = path.removeprefix(f"{top}/").partition("/")[0]
                found.setdefault(f"{top}/{outer}", []).append(path)
    return found


def place(outer: str) -> tuple[str, str]:
    """(folder of the box, name in it) of one of `covered`."""
    top, _, name = outer.rpartition("/")
    return OWN[top], name


def _read_only(outer: str, paths: list[str]) -> list[str]:
    """Mounts of ``paths`` under ``outer``, where a program can then leave nothing for the next one."""
    if outer in paths:
        return ["--ro-bind", outer, outer]
    binds = [word for path in paths for word in ("--ro-bind", path, path)]
    return ["--size", _SMALL, "--tmpfs", outer, *binds, "--remount-ro", outer]


def tool(name: str) -> str:
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
    assert found is not None, f"{name} was there when it was looked for"
    return found
