"""The process that starts programs, apart from the caller. Standard library only, one thread, started once.

In: over a socket, the wish for a box, then its runs: a command, its limits, the descriptors of its program, input
and outputs. Out: how each run ended. A box is a process of its own, a fork of this one: it mounts the scratch space,
starts each program, watches it, ends the whole tree, and tells the caller over a socket that the program never
has. When the caller goes away, the box ends its tree and clears up. Why not from the caller: it has threads and
gigabytes, and between fork and exec a process with threads may do next to nothing.
"""

from __future__ import annotations

import array
import gc
import json
import math
import os
import select
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from typing import Any

from sxl_data.sandbox import cgroups, kernel
from sxl_data.sandbox.confine import User, become
from sxl_data.sandbox.watch import Watch, end, remove

MESSAGE = 1 << 18
ENOUGH = b"enough"
LOOK_SECONDS = 0.02
FOLDERS = ("work", "tmp", "shm", "program")
_NOBODY = 65534
_FIRST_OWN_USER = 1_610_612_736  # above what login, systemd and subordinate ids are given


def main(number: int, delegated: bool) -> None:
    """Serve wishes for boxes from the socket with this descriptor until it is closed."""
    door = socket.socket(fileno=number)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # boxes are not waited for
    if delegated:
        cgroups.delegate()
    gc.freeze()
    door.send(b"ready")
    while True:
        message, fds = receive(door)
        if not message:
            return
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            door.close()
            code = 1
            try:
                Box(socket.socket(fileno=fds[0]), json.loads(message)).serve()
                code = 0
            except BaseException as problem:
                print(f"sandbox: {type(problem).__name__}: {problem}", file=sys.stderr)
            finally:
                os._exit(code)
        for fd in fds:
            os.close(fd)


def receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """One message with its descriptors; empty when the other side is gone."""
    fds = array.array("i")
    try:
        message, ancillary, _, _ = channel.recvmsg(MESSAGE, socket.CMSG_SPACE(8 * fds.itemsize))
    except ConnectionResetError:
        return b"", []
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return message, list(fds)


class Box:
    """One place for programs, and the runs in it one after the other."""

    def __init__(self, channel: socket.socket, wish: dict[str, Any]) -> None:
        self.channel, self.wish, self.runs = channel, wish, 0
        kernel.adopt_orphans()
        self.known = wish["known"] or {}
        self.user = _user(self.known.get("own_user"))
        self.folder = tempfile.mkdtemp(prefix="sxl-box-", dir=_place(self.user))
        self.mounted = False
        try:
            self.mounted = self._mount()
            if self.mounted and not self.user.from_root and kernel.counts_processes_per_space():
                self.user = self.user._replace(alone=True)
            for name in FOLDERS:
                os.mkdir(f"{self.folder}/{name}", 0o700)
                os.chown(f"{self.folder}/{name}", self.user.uid, self.user.gid)
            os.chown(self.folder, self.user.uid, self.user.gid)
        except BaseException:
            self._remove()
            raise

    def _remove(self) -> None:
        if self.mounted:
            kernel.unmount(self.folder)
            os.rmdir(self.folder)
        else:
            remove(self.folder)

    def _mount(self) -> bool:
        """Mount the scratch space with its size, and leave the network for an empty one, which is dear to make and
        so is the box's and not each run's; False where a plain folder, which is watched, must do.

        An ordinary user needs a user space for it, and has process limits of its own in there.
        """
        if self.wish["watched"] or self.known.get("mounted") is False:
            return False
        if self.known.get("mounted"):
            self._enter()
            return True
        child = os.fork()
        if child == 0:  # try it in a child first: a user space that was made cannot be left again
            try:
                self._enter()
                os._exit(0)
            except OSError:
                os._exit(1)
        if os.waitpid(child, 0)[1] != 0:
            return False
        self._enter()
        return True

    def _enter(self) -> None:
        uid, gid = self.user.uid, self.user.gid
        if self.user.from_root:
            kernel.unshare(kernel.NEW_MOUNTS | kernel.NEW_NETWORK)
        else:
            kernel.unshare(kernel.NEW_USER | kernel.NEW_MOUNTS | kernel.NEW_NETWORK)
            for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
                with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                    file.write(text)
        with suppress(OSError):
            kernel.loopback_up()
        kernel.mount_scratch(self.folder, self.wish["scratch"], self.wish["entries"], uid, gid)

    def serve(self) -> None:
        """Answer with where the box is, then do its runs until the caller goes away."""
        try:
            place = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            hello = {"folder": self.folder, "mounted": self.mounted, "uid": self.user.uid, "gid": self.user.gid}
            hello["own_user"] = self.user.uid >= _FIRST_OWN_USER
            self._answer(hello, [place])
            os.close(place)
            while True:
                message, fds = receive(self.channel)
                if not message:
                    return
                if message == ENOUGH:  # the program of which this was said has ended meanwhile
                    continue
                self._answer(self._run(json.loads(message), fds))
        finally:
            end(self._only_theirs())
            self._remove()

    def _answer(self, value: dict[str, Any], fds: list[int] | None = None) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        with suppress(BrokenPipeError, ConnectionResetError):
            self.channel.sendmsg([json.dumps(value).encode()], rights)

    def _run(self, run: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        """Start one program, watch it, end all of it. The descriptors: filter, input, output, errors."""
        limits, self.runs = run["limits"], self.runs + 1
        group = None
        if not self.wish["watched"]:
            name, memory = f"sxl-box-{os.getpid()}-{self.runs}", limits["memory"] + self.wish["scratch"]
            group = cgroups.make(name, memory, limits["processes"] + run["around"])
        heard, told = os.pipe()
        start = time.monotonic()
        child = os.fork()
        if child == 0:
            become(run, fds, told, self.folder, self.user, group)
        for fd in (*fds, told):
            os.close(fd)
        bound = group is not None
        watch = Watch(
            None if bound else limits["memory"],
            None if bound or run["counted"] or self.user.alone else limits["processes"] + run["around"],
            None if self.mounted else (self.folder, self.wish["scratch"], self.wish["entries"]),
        )
        reason = self._wait(child, start + limits["seconds"], watch)
        duration = time.monotonic() - start
        code = None
        if reason is None:
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        end(self._only_theirs())
        words = _read_all(heard)
        if group is not None:
            if group.ran_out():
                reason = reason or "memory"
            group.remove()
        return {"reason": reason, "code": code, "words": words, "seconds": duration, "group": bound}

    def _wait(self, child: int, until: float, watch: Watch) -> str | None:
        """Why the program is to be ended; None when it has ended by itself."""
        poll, pause = select.poll(), LOOK_SECONDS if watch.needed() else math.inf
        ended = os.pidfd_open(child)
        try:
            poll.register(ended, select.POLLIN)
            poll.register(self.channel.fileno(), select.POLLIN | select.POLLHUP)
            while True:
                left = until - time.monotonic()
                if left <= 0:
                    return "timeout"
                ready = dict(poll.poll(1000 * min(left, pause) + 1))
                if ended in ready:
                    return None
                if ready:
                    self.channel.recv(1)  # a word during a run: the outputs are full, or the caller is gone
                    return "output"
                if pause < math.inf:
                    looked = time.monotonic()
                    if (reason := watch.over()) is not None:
                        return reason
                    # A look at thousands of files costs more, and may not take the machine from the program.
                    pause = max(LOOK_SECONDS, 3 * (time.monotonic() - looked))
        finally:
            os.close(ended)

    def _only_theirs(self) -> int | None:
        """The user that programs run as, where every process of that user is one of theirs."""
        return self.user.uid if self.user.from_root and self.user.alone else None


def _place(user: User) -> str:
    """Where boxes are made: where temporary files go or, if ``user`` cannot get there, one of the usual places."""
    for place in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        above = place
        while os.path.isdir(above) and (not user.from_root or os.stat(above).st_mode & 0o001):
            if above == "/":
                return place
            above = os.path.dirname(above)
    return "/tmp"


def _user(own_user: bool | None) -> User:
    """As whom programs run: as root a user of the box's own where there can be one, else nobody; ``own_user`` is
    whether there could before."""
    if os.geteuid() != 0:
        return User(os.geteuid(), os.getegid(), False, False)
    own = _FIRST_OWN_USER + os.getpid()
    if own_user is None:
        child = os.fork()
        if child == 0:
            try:
                os.setresuid(own, own, own)
                os._exit(0)
            except OSError:  # a container that maps fewer users
                os._exit(1)
        own_user = os.waitpid(child, 0)[1] == 0
    return User(own, own, True, True) if own_user else User(_NOBODY, _NOBODY, True, False)


def _read_all(fd: int) -> str:
    """What the wrapper said of the start and the end; at most some kilobytes, and nobody holds the pipe any more."""
    with open(fd, "rb") as file:
        return file.read(1 << 16).decode("utf-8", "replace")
