"""Runs a program that nobody has read, so that it can harm nothing.

In: a command, a scratch folder, limits. Out: what it printed, its exit code and its duration. The tier is
bubblewrap: own user, process, network, IPC and host-name spaces, no capabilities, a read-only system, a
scratch folder and a small /tmp as the only places to write; `prlimit` bounds memory, processor time, file
size and processes. As root the program runs as nobody, since process limits do not bind root. Where
bubblewrap is missing nothing runs: limits alone keep no program from reading the user's files.
A program that overruns its time is killed with all its children, which end with their process space.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec

from sxl_data.contract.errors import error

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc/alternatives", "/etc/ld.so.cache")
_NOBODY = 65534


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one run may use."""

    seconds: float = 10.0
    """Wall-clock seconds; processor time is limited to the next whole second above."""
    memory: int = 1_000_000_000
    """Bytes of address space of each process."""
    file: int = 16_000_000
    """Bytes of the largest file, standard output included."""
    processes: int = 64
    """Processes and threads at a time."""
    output: int = 20_000
    """Characters of standard output and standard error that are kept, each."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run. ``exit_code`` is None when the time was up."""

    stdout: str
    stderr: str
    exit_code: int | None
    duration_ms: float
    truncated: bool


@cache
def missing() -> str | None:
    """Why programs cannot be run safely here; None when they can."""
    if sys.platform != "linux":
        return f"bubblewrap needs Linux, this is {sys.platform}"
    for tool in ("bwrap", "prlimit", *(("setpriv",) if sys.platform == "linux" and os.geteuid() == 0 else ())):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    with tempfile.TemporaryDirectory(prefix="sxl-probe-") as folder:
        if os.geteuid() == 0:
            _give_to_nobody(Path(folder))
        done = subprocess.run(
            _wrap(["/bin/sh", "-c", "exit 7"], Path(folder), Limits(), ()), capture_output=True, text=True, timeout=30
        )
    return None if done.returncode == 7 else f"bubblewrap does not work: {done.stderr.strip()[:200]}"


def require() -> None:
    """Raise `UserError` U403 where programs cannot be run safely."""
    reason = missing()
    if reason is not None:
        raise error("U403", found=reason, expected="bubblewrap (package `bubblewrap`) on Linux")


@cache
def python() -> str:
    """Path of the interpreter for sandboxed programs: ours, or the system's where nobody may read ours.

    Root's home is closed to others, and an interpreter in it is out of reach of the user nobody. Raises
    `UserError` U403 when there is no other.
    """
    own = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o005 == 0o005 for folder in own.parents):
        return str(own)
    for name in ("/usr/bin/python3", "/usr/local/bin/python3"):
        if Path(name).is_file():
            return str(Path(name).resolve())
    raise error(
        "U403",
        found=f"no interpreter but {own}, which the user nobody cannot read",
        expected="a Python outside of closed folders, or another user than root",
    )


def run(command: list[str], scratch: Path, limits: Limits, *, stdin: str = "", readable: tuple[Path, ...] = ()) -> Run:
    """Run ``command`` in ``scratch`` (its home and working directory, writable); ``readable`` folders are
    mounted read-only at their own paths. Raises `UserError` U403 where there is no sandbox."""
    require()
    if os.geteuid() == 0:
        _give_to_nobody(scratch)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        given.write(stdin.encode("utf-8", "surrogatepass"))
        given.seek(0)
        start = time.perf_counter()
        process = subprocess.Popen(
            _wrap(command, scratch, limits, readable),
            stdin=given,
            stdout=out,
            stderr=err,
            start_new_session=True,
            env={"PATH": "/usr/bin:/bin"},
        )
        try:
            code: int | None = process.wait(timeout=limits.seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _kill(process)
        duration = (time.perf_counter() - start) * 1000
        # Bytes first, so that a flood of output is never held whole.
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read(4 * limits.output + 1).decode("utf-8", "replace"))
    return Run(
        stdout=texts[0][: limits.output],
        stderr=texts[1][: limits.output],
        exit_code=code,
        duration_ms=round(duration, 1),
        truncated=any(len(text) > limits.output for text in texts),
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the whole session; --die-with-parent and the process space take care of who left it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _give_to_nobody(folder: Path) -> None:
    """Let the user nobody, as whom the program runs, write what root made."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)


def _wrap(command: list[str], scratch: Path, limits: Limits, readable: tuple[Path, ...]) -> list[str]:
    bound = [
        f"--as={limits.memory}",
        f"--cpu={int(limits.seconds) + 1}",
        f"--fsize={limits.file}",
        f"--nproc={limits.processes}",
        "--nofile=256",
        "--core=0",
    ]
    binds: list[str] = []
    for path in _SYSTEM:
        if Path(path).exists():
            binds += ["--ro-bind", path, path]
    program = Path(command[0])
    if program.is_absolute() and not program.is_relative_to("/usr") and not program.is_relative_to("/bin"):
        binds += ["--ro-bind", str(program.parents[1]), str(program.parents[1])]
    for folder in readable:
        binds += ["--ro-bind", str(folder), str(folder)]
    lower = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    return [
        *lower,
        "prlimit",
        *bound,
        "bwrap",
        "--unshare-user",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--disable-userns",
        "--cap-drop",
        "ALL",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        *binds,
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--size",
        "16000000",
        "--tmpfs",
        "/tmp",
        "--bind",
        str(scratch),
        "/work",
        "--chdir",
        "/work",
        "--hostname",
        "sandbox",
        "--setenv",
        "HOME",
        "/work",
        "--setenv",
        "PATH",
        "/usr/local/bin:/usr/bin:/bin",
        "--setenv",
        "LANG",
        "C.UTF-8",
        "--setenv",
        "TZ",
        "UTC",
        "--setenv",
        "PYTHONHASHSEED",
        "0",
        "--setenv",
        "PYTHONDONTWRITEBYTECODE",
        "1",
        "--",
        *command,
    ]
