"""The one way into a command: its work in, an exit code out, whatever happens inside.

Standard output and error are UTF-8 here, on a terminal or in a log of any code page, with an escape for what even
UTF-8 cannot say. Whatever the work raises becomes one message and an exit code: 0 fine · 1 findings or a missed gate ·
2 the user's input, disk or installation · 70 our bug · 130 interrupted. No traceback is shown; SXL_TRACEBACK=1 adds it.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from sxl_data.contract.console import say

CONTINUES = "interrupted: finished parts are kept, run the same command again to go on"
LAST_WORDS = b"""error U315 out-of-memory
  found     no memory left, not even for the reason
  expected  memory for the work
  fix       raise the limit (ulimit -v) or close other programs
"""
LEAST_MEMORY = 400_000_000
"""Bytes of address space below which the libraries under us end the process while they are loaded."""
Work = Callable[[], int | None]


def answer(work: Work, interrupted: str = CONTINUES) -> int:
    """Do ``work`` and return the exit code of the process; SystemExit passes."""
    open_streams()
    try:
        code = int(work() or 0)
        sys.stdout.flush()  # a full disk behind `> file` is met here or by nobody
        return code
    except BrokenPipeError:  # the reader of stdout has gone (`| head`)
        _silence()
        return 0
    except KeyboardInterrupt:
        say(interrupted)
        return 130
    except SystemExit:
        raise
    except BaseException as problem:
        try:
            if os.environ.get("SXL_TRACEBACK"):
                say("".join(traceback.format_exception(problem)))
            return _say_why(problem)
        except (MemoryError, ImportError, OSError):  # even saying why takes some
            _write(LAST_WORDS)
            return 2


def open_streams() -> None:
    """UTF-8 out, whatever the code page is, and an escape for half a character or a byte of a file name."""
    if sys.stdout is None or sys.stderr is None:  # closed by the caller (`>&-`)
        nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def require_memory() -> None:
    """Refuse to begin where a limit (``ulimit -v``) leaves no room for the libraries: OpenBLAS, for one, ends the
    process by itself, with a code that would stand for findings. Raises `UserError` U315."""
    if sys.platform != "win32":
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY and limit < LEAST_MEMORY:
            from sxl_data.contract.errors import error

            raise error("U315", found=f"a limit of {limit:,} bytes (ulimit -v)", expected=f"at least {LEAST_MEMORY:,}")


def _write(words: bytes) -> None:
    with contextlib.suppress(OSError):
        os.write(2, words)


def _say_why(problem: BaseException) -> int:
    from sxl_data.contract.errors import Bug, render, shorten
    from sxl_data.contract.failures import explain, is_full

    if isinstance(problem, OSError) and is_full(problem):
        _silence()  # it may be stdout itself that is full, and would complain once more at exit
    known = explain(problem)
    if known is not None:
        say("\n".join(render(item) for item in known.findings))
        return known.exit_code
    last = (str(problem).strip().splitlines() or [""])[-1]
    say(f"this is a bug in sxl, please report it: {type(problem).__name__}: {shorten(last)} ({_place(problem)})")
    return Bug.exit_code


def _place(problem: BaseException) -> str:
    """The last of our own lines that it went through."""
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).as_posix().find("/sxl_") >= 0] or frames
    return f"{Path(ours[-1].filename).name} line {ours[-1].lineno}" if ours else "no place"


def _silence() -> None:
    """Nothing more goes to stdout, and nothing fails at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        sys.stdout = io.StringIO()
