"""A place for programs that they cannot leave, and the runs in it.

In: files, then programs with their input and limits. Out: a `Result` for each, whatever the program is or does: NUL
bytes, megabytes, bombs. The program goes in as a file; its two outputs come back through pipes and are cut; how it
ended is said by the launcher, over a socket that the program does not have. `run` picks the tier.
"""

from __future__ import annotations

import math
import os
import platform
import socket
import stat
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Literal, Self

import msgspec

from sxl_data.sandbox import bubblewrap, kernel, landlock, seccomp, service
from sxl_data.sandbox.interpreter import Interpreter, describe, find, with_packages
from sxl_data.sandbox.limits import DEFAULT, Limits, Result, Status, Tier
from sxl_data.sandbox.outputs import Outputs

Language = Literal["python", "bash"]
ENTRIES = 20_000
"""Files and folders that a box holds at most."""
GRACE_SECONDS = 15.0
"""After its time a run is ended by the launcher; this long after, the caller no longer waits for the word of it."""
_XCPU = 128 + 24


class Refused(Exception):
    """The box cannot do this; the message says why."""


class Box:
    """A folder for the runs of one task, and the runs in it, one after the other; files stay from one to the next.

    Used as a context manager; closing it ends and removes everything. Not for several threads at a time: each
    takes a box of its own. ``python`` is an interpreter other than the one that runs this, ``packages`` a folder of
    packages that programs may read and must put on their path themselves. ``watched`` counts memory,
    processes and scratch from here, as where the kernel gives no totals, though it may. Raises `Refused` for names
    of ``files`` that leave the box, and where none can be had.
    """

    def __init__(
        self,
        tier: Tier,
        limits: Limits = DEFAULT,
        files: Mapping[str, str | bytes] | None = None,
        *,
        python: str | None = None,
        packages: str | None = None,
        watched: bool = False,
    ) -> None:
        found = find() if python is None else describe(python)
        found = with_packages(found, packages) if packages and isinstance(found, Interpreter) else found
        if not isinstance(found, Interpreter):
            raise Refused(found)
        self.tier, self.limits, self.python = tier, limits, found
        self.channel: socket.socket | None = None
        try:
            self.channel, said, self.place = service.box(
                {"scratch": limits.scratch, "entries": ENTRIES, "watched": watched}
            )
        except service.Unavailable as problem:
            raise Refused(str(problem)) from None
        self.folder, self.mounted, self.uid, self.gid = (said["folder"], said["mounted"], said["uid"], said["gid"])
        self.grouped: bool | None = None
        """Whether the last run had a control group; None before the first."""
        self.runs = 0
        try:
            for name, content in (files or {}).items():
                self._write("work", name, content)
            if tier == "bubblewrap":
                for outer in bubblewrap.covered(found):
                    self._place(*bubblewrap.place(outer), Path(outer).is_dir())
        except (OSError, Refused, ValueError) as problem:
            self.close()
            raise Refused(f"{type(problem).__name__}: {problem}") from None
        self._fresh = self._look()

    def run(
        self,
        program: str | bytes,
        language: Language = "python",
        *,
        stdin: str | bytes = b"",
        limits: Limits | None = None,
    ) -> Result:
        """Run ``program`` in this box and wait for its end; ``limits`` other than the box's, but for scratch."""
        limits = limits or self.limits
        self.runs += 1
        name = f"{self.runs}.{'py' if language == 'python' else 'sh'}"
        try:
            self._write("program", name, program)
            return self._exchange(self._ask(name, language, limits), _bytes(stdin), limits)
        except (OSError, ValueError, Refused) as problem:
            if isinstance(problem, OSError) and problem.errno == 28:
                return self._ended("scratch", detail="the programs and files of this box fill it")
            return self._ended("refused", detail=f"{type(problem).__name__}: {problem}")
        finally:
            with suppress(OSError):
                os.unlink(f"program/{name}", dir_fd=self.place)

    def read(self, name: str, size: int = 16_000_000) -> bytes:
        """At most ``size`` bytes of a plain file in the box's folder of work. Follows no link on the way; raises
        OSError where there is no such file, `Refused` where the name leaves the box."""
        with ExitStack() as stack:
            folder, last = self._folder("work", name, stack, make=False)
            # Without O_NONBLOCK a named pipe in the place of a file would hold the caller for ever.
            fd = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            with os.fdopen(fd, "rb") as file:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise OSError(f"{name} is no plain file")
                return file.read(size)

    def untouched(self) -> bool:
        """Whether the folders that programs can write to are as they were made, by their times too: then no program
        can have left anything for the next one, and the box is as good as a new one."""
        try:
            return self.channel is not None and self._look() == self._fresh
        except OSError:
            return False

    def _look(self) -> list[tuple[int, ...]]:
        found = (os.stat(name, dir_fd=self.place, follow_symlinks=False) for name in ("work", "tmp", "shm"))
        return [(each.st_ino, each.st_mode, each.st_uid, each.st_nlink, each.st_ctime_ns) for each in found]

    def close(self) -> None:
        """End and remove everything; waits until that is done."""
        if self.channel is not None:
            with suppress(OSError):
                self.channel.shutdown(socket.SHUT_WR)
                self.channel.settimeout(GRACE_SECONDS)
                self.channel.recv(1)
            self.channel.close()
            os.close(self.place)
            self.channel = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, top: str, name: str, content: str | bytes) -> None:
        """Write a file that is not there yet; only into folders that no program has had its hands on, or
        cannot write."""
        with ExitStack() as stack:
            folder, last = self._folder(top, name, stack, make=True)
            fd = os.open(last, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder)
            with os.fdopen(fd, "wb") as file:
                self._give(last, folder)
                file.write(_bytes(content))

    def _place(self, top: str, name: str, folder: bool) -> None:
        """Make what a folder or a file of the machine is mounted on, in a folder of the box."""
        if not folder:
            self._write(top, name, b"")
            return
        with ExitStack() as stack:
            above, last = self._folder(top, name, stack, make=False)
            os.mkdir(last, 0o755, dir_fd=above)

    def _folder(self, top: str, name: str, stack: ExitStack, *, make: bool) -> tuple[int, str]:
        """(descriptor of the folder of ``name`` below ``top``, last part of the name); follows no link."""
        *above, last = _parts(name)
        folder = service.opened(top, self.place, stack)
        for part in above:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=folder)
                    self._give(part, folder)
            folder = service.opened(part, folder, stack)
        return folder, last

    def _give(self, name: str, folder: int) -> None:
        if os.geteuid() == 0:
            os.chown(name, self.uid, self.gid, dir_fd=folder, follow_symlinks=False)

    def _ask(self, name: str, language: Language, limits: Limits) -> dict[str, Any]:
        """What the launcher is told of one run."""
        processor = math.ceil(limits.seconds) + 1
        rlimits = {
            "RLIMIT_CPU": processor,
            "RLIMIT_FSIZE": limits.file,
            "RLIMIT_NOFILE": 256,
            "RLIMIT_CORE": 0,
            "RLIMIT_MEMLOCK": 65536,
        }
        start = [self.python.path] if language == "python" else ["/bin/bash"]
        ask = {"limits": msgspec.structs.asdict(limits), "rlimits": rlimits}
        if self.tier == "bubblewrap":
            exact = kernel.counts_processes_per_space()
            command = bubblewrap.wrap(
                [*start, f"/program/{name}"], self.folder, limits, self.python, exact, self.mounted
            )
            return ask | {
                "command": command,
                "environment": {},
                "rules": None,
                "landlock": 0,
                "counted": exact,
                "around": bubblewrap.AROUND,
            }
        rlimits["RLIMIT_AS"] = limits.memory
        return ask | {
            "command": [*start, f"{self.folder}/program/{name}"],
            "environment": landlock.environment(self.folder),
            "rules": landlock.rules(self.folder, self.python),
            "landlock": kernel.landlock_version(),
            "counted": False,
            "around": landlock.AROUND,
        }

    def _exchange(self, ask: dict[str, Any], stdin: bytes, limits: Limits) -> Result:
        """Hand the run over, take its outputs in, hear how it ended."""
        if self.channel is None:
            raise Refused("the box is closed")
        scoped = self.tier == "bubblewrap" or os.geteuid() == 0 or ask["landlock"] >= landlock.SCOPED
        call_filter = seccomp.program(platform.machine(), mounted=self.tier == "bubblewrap", scoped=scoped)
        given = [service.memory_file(call_filter), service.memory_file(stdin)]
        outputs = [os.pipe(), os.pipe()]
        try:
            for _, end in outputs:
                if os.geteuid() == 0:  # so that `> /dev/stderr` opens it again
                    os.fchown(end, self.uid, self.gid)
            service.send(self.channel, ask, [*given, *(end for _, end in outputs)])
        except OSError:
            for read, _ in outputs:
                os.close(read)
            raise
        finally:
            for fd in (*given, *(end for _, end in outputs)):
                os.close(fd)
        taken = Outputs([read for read, _ in outputs], limits)
        try:
            answer = taken.until_answered(self.channel, limits.seconds + GRACE_SECONDS)
        finally:
            taken.close()
        if answer is None:
            self.close()
            return self._ended("refused", taken, detail="the launcher gave no answer")
        self.grouped = bool(answer["group"])
        return self._judge(answer, taken)

    def _judge(self, answer: dict[str, Any], taken: Outputs) -> Result:
        code, reason, words = answer["code"], answer["reason"], answer["words"]
        milliseconds = 1000 * answer["seconds"]
        if reason is not None:
            return self._ended(reason, taken, milliseconds)
        started = '"exit-code"' in words if self.tier == "bubblewrap" else '"problem"' not in words
        if not started:
            return self._ended("refused", taken, milliseconds, detail=f"not started: {words} {taken.text(1)}"[:500])
        code = 128 - code if code < 0 else code
        if code == _XCPU:
            return self._ended("timeout", taken, milliseconds)
        return self._ended("ok" if code == 0 else "failed", taken, milliseconds, code=code)

    def _ended(
        self,
        status: Status,
        taken: Outputs | None = None,
        milliseconds: float = 0.0,
        *,
        code: int | None = None,
        detail: str | None = None,
    ) -> Result:
        out, err = (taken.text(0), taken.text(1)) if taken else ("", "")
        return Result(
            status=status,
            exit_code=code,
            stdout=out,
            stderr=err,
            duration_ms=round(milliseconds, 1),
            tier=self.tier,
            truncated=taken is not None and taken.truncated(),
            detail=detail,
        )


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def _parts(name: str) -> list[str]:
    """The parts of a relative name that stays below where it starts."""
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in name:
        raise Refused(f"{name!r} is no name of a file in a box")
    return list(path.parts)
