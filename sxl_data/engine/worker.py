"""A worker process: jobs come in on stdin, answers go out on stdout, one at a time.

Started as its own program, not by `multiprocessing`: that would import the caller's main module again,
which runs a script without a main guard a second time. It ends when stdin closes, so a parent that was
killed leaves no worker behind.
"""

from __future__ import annotations

import os
import pickle
import queue
import struct
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, BinaryIO

_LENGTH = struct.Struct("<Q")

# The parent's import path goes along: a task function may live where only the parent can see it.
START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from sxl_data.engine.worker import main; main()"


def send(stream: BinaryIO, message: Any) -> None:
    """Write one pickled message."""
    data = pickle.dumps(message)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read one message. Raises `EOFError` when the other side is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def main() -> None:
    """Serve until stdin closes. The first message is (root of the store, path of the watch, memory)."""
    try:
        _serve()
    except Exception as problem:  # no thread or no memory to begin with: the pool says what it means
        os.write(2, f"worker: {type(problem).__name__}: {problem}\n".encode("utf-8", "backslashreplace"))
        os._exit(1)


def _serve() -> None:
    _die_with_parent()
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not write into our protocol
    root, watch_path, memory = receive(incoming)
    from sxl_data.contract.without_pandas import keep_arrow_from_pandas
    from sxl_data.engine.watch import NOWHERE, SharedWatch
    from sxl_data.engine.work import execute

    watch = SharedWatch(Path(watch_path))
    jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read_jobs, args=(incoming, jobs), daemon=True).start()
    while True:
        job = jobs.get()
        watch.at(NOWHERE)  # starting this program is not part of the task's time
        _limit_memory(memory and memory[0 if job.task.timed else 1])
        try:
            keep_arrow_from_pandas()  # within the limit, as Arrow's allocator reserves what it may when it begins
            answer: Any = execute(job, root, watch)
        except BaseException as problem:
            answer = portable(problem)
        send(outgoing, answer)


def portable(problem: BaseException) -> BaseException:
    """``problem`` with its traceback as a note, or a plain error that says the same where it cannot travel."""
    problem.add_note("in a worker:\n" + "".join(traceback.format_exception(problem)))
    try:
        pickle.loads(pickle.dumps(problem))
    except Exception:
        return RuntimeError("".join(traceback.format_exception(problem)))
    return problem


def _read_jobs(incoming: BinaryIO, jobs: queue.SimpleQueue[Any]) -> None:
    while True:
        try:
            jobs.put(receive(incoming))
        except (EOFError, OSError):
            os._exit(1)  # at once, also from the middle of a task: its commit is atomic


def _die_with_parent() -> None:
    """On Linux the kernel ends this process with its parent, even while a parser holds the interpreter."""
    if sys.platform == "linux":
        import ctypes
        import signal

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _limit_memory(limit: int | None) -> None:
    """Cap what this process may allocate, where the system can: beyond it Python raises `MemoryError`."""
    if limit and sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)  # somebody else's limit is not ours to raise
        resource.setrlimit(resource.RLIMIT_DATA, (limit if most < 0 else min(limit, most), most))
