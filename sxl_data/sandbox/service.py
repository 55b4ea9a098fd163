"""The launcher as its caller sees it: started once per process, asked for boxes.

In: the wish for a box. Out: the socket to it, where it is and a descriptor of its folder. A process that was forked
from the caller starts a launcher of its own; one that has died is started anew.
"""

from __future__ import annotations

import array
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from sxl_data.sandbox.launcher import MESSAGE

START_SECONDS = 10.0
_ROOT = str(Path(__file__).parents[2])
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from sxl_data.sandbox.launcher import main; "
    "main(int(sys.argv[2]), sys.argv[3] == '1')"
)
_lock = threading.Lock()
if hasattr(os, "register_at_fork"):
    # A thread that held the lock is not there to give it back in a fork.
    os.register_at_fork(after_in_child=lambda: globals().update(_lock=threading.Lock()))
_held: dict[int, tuple[socket.socket, subprocess.Popen[bytes]]] = {}
"""Process id → the socket to its launcher, so that a fork does not take its parent's for its own."""
_known: dict[str, bool] = {}
"""What the first box found out of this machine, so that later ones need not try: whether scratch can be mounted,
and whether there can be a user of the box's own."""


class Unavailable(Exception):
    """No box could be had; the message says why."""


def box(wish: dict[str, Any]) -> tuple[socket.socket, dict[str, Any], int]:
    """(socket to a new box, what it says of itself, descriptor of its folder). Raises `Unavailable`."""
    problem: Exception | None = None
    for _ in range(2):  # the launcher may have died since it was last asked
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with _lock:
                _send(_door(), wish | {"known": _known}, [theirs.fileno()])
            theirs.close()
            mine.settimeout(START_SECONDS)
            hello, fds = receive(mine)
            if hello is not None and fds:
                if not wish["watched"]:
                    _known.update({name: hello[name] for name in ("mounted", "own_user")})
                return mine, hello, fds[0]
            problem = Unavailable("the launcher could not make a box")
        except (OSError, ValueError) as caught:
            problem = caught
        mine.close()
        theirs.close()
        _known.clear()
        _forget()
    raise Unavailable(f"{type(problem).__name__}: {problem}")


def _send(channel: socket.socket, value: dict[str, Any], fds: list[int]) -> None:
    channel.sendmsg([json.dumps(value).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


def send(channel: socket.socket, value: dict[str, Any], fds: list[int]) -> None:
    """Hand a box its next run. Raises OSError where it is gone."""
    _send(channel, value, fds)


def receive(channel: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """The next answer with its descriptors; None where the other side is gone."""
    message, fds, _, _ = socket.recv_fds(channel, MESSAGE, 8)
    return (json.loads(message) if message else None), fds


def _door() -> socket.socket:
    if os.getpid() not in _held:
        for door, launcher in _held.values():  # a fork's: the parent's launcher must not wait for this process
            door.close()
            launcher.returncode = 0  # it is not this process's to wait for
        _held.clear()
        _held[os.getpid()] = _start()
    return _held[os.getpid()][0]


def _forget() -> None:
    with _lock:
        held = _held.pop(os.getpid(), None)
        if held is not None:
            held[0].close()
            with suppress(subprocess.TimeoutExpired):
                held[1].wait(1)


def _start() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    for before in (_delegated(), []):
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [
                *before,
                sys.executable,
                "-I",
                "-S",
                "-c",
                _START,
                _ROOT,
                str(theirs.fileno()),
                str(int(bool(before))),
            ]
            # It has a session of its own, so that Ctrl-C reaches the caller alone, which then closes its boxes.
            launcher = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        mine.settimeout(START_SECONDS)
        with suppress(OSError):
            if mine.recv(16) == b"ready":
                mine.settimeout(None)
                return mine, launcher
        mine.close()
        launcher.kill()
        launcher.wait()
    raise OSError("the launcher of the sandbox did not start")


def _delegated() -> list[str]:
    """How to start with a control group to make others in: by the user's systemd, where there is one."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.geteuid() == 0 or not runtime or not Path(runtime, "systemd", "private").exists():
        return []
    found = shutil.which("systemd-run")
    return [found, "--user", "--scope", "--quiet", "--collect", "-p", "Delegate=yes", "--"] if found else []


def opened(name: str, folder: int, stack: ExitStack) -> int:
    """The descriptor of the folder ``name`` in another, until ``stack`` ends; follows no link."""
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    stack.callback(os.close, fd)
    return fd


def memory_file(content: bytes) -> int:
    """A file without a name that holds ``content``, to be handed over."""
    fd = os.memfd_create("sxl", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
