"""One function in a child process, each call under a limit of computing time, memory and output.

In: the name of a function and JSON values. Out: its JSON answers. Somebody else's program that runs inside a library,
such as a model folder's chat template, can loop for ever or make a gigabyte of blanks, and only a process can be
stopped. The child lives from call to call, and no longer than the object that asks it or this process; one that was
stopped is started again, `STRIKES` times. What counts is the time that the child computes (``ITIMER_PROF``), so that a
busy machine stops nothing that an idle one answers; the clock on the wall ends only what waits. Answers are JSON and
never pickles: what the child says may be made up.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

import msgspec

STRIKES = 3
"""Calls that are stopped before the function is given up."""
_START_SECONDS = 120
_LENGTH = struct.Struct("<Q")
_CALL = struct.Struct("<d")  # seconds of computing, in front of what is asked
_TIMED = hasattr(signal, "setitimer")
_PATIENCE = 100
"""Seconds on the wall for each second of computing, so busy may a machine be; 1 where the system does not count."""
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]);"
    "from sxl_data.engine.confined import serve; serve(sys.argv[2], int(sys.argv[3]), sys.argv[4:])"
)


class Raised(Exception):
    """The function raised; the text says what."""


class Exceeded(Exception):
    """The call was stopped; the text says at which limit."""


class Confined:
    """Calls ``module:function`` with a JSON value at a time. ``seconds`` of computing are for a call, and one more for
    each megabyte that it is given; ``output`` and ``memory`` are bytes. ``libraries`` are loaded before the first call,
    outside its time. After ``strikes`` calls that were stopped the function is given up; None never does."""

    def __init__(
        self,
        function: str,
        seconds: float = 10,
        output: int = 64 << 20,
        memory: int = 4 << 30,
        libraries: tuple[str, ...] = (),
        strikes: int | None = STRIKES,
    ) -> None:
        self.libraries, self.most_strikes = libraries, strikes
        self.function, self.seconds, self.output, self.memory = function, seconds, output, memory
        self.strikes = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._owner = 0
        self._end: Callable[[], object] = list
        """Ends the child that there is."""
        self._lock = threading.Lock()

    def call(self, value: Any) -> Any:
        """The answer for ``value``. Raises `Raised` or `Exceeded`."""
        sent = msgspec.json.encode(value)
        with self._lock:
            if self.most_strikes is not None and self.strikes >= self.most_strikes:
                raise Exceeded(f"stopped {self.strikes} times before")
            if self._process is None or self._owner != os.getpid():  # a fork has no right to its parent's child
                self._start()
            data = self._ask(sent)
        answer = msgspec.json.decode(data)
        if "raised" in answer:
            raise Raised(str(answer["raised"]))
        return answer.get("value")

    def close(self) -> None:
        """End the child."""
        self._process = None
        self._end()

    def _ask(self, sent: bytes) -> bytes:
        assert self._process is not None and self._process.stdin is not None
        limit = self.seconds + len(sent) / 1e6
        asked = _CALL.pack(limit) + sent
        try:
            self._process.stdin.write(_LENGTH.pack(len(asked)) + asked)
            self._process.stdin.flush()
            data = self._answers.get(timeout=limit * (_PATIENCE if _TIMED else 1))
        except queue.Empty:
            raise self._stopped(f"no answer within {limit:.0f} s") from None
        except OSError:
            data = None
        if data is None:
            with suppress(subprocess.TimeoutExpired):
                if _TIMED and self._process.wait(_START_SECONDS) == -signal.SIGPROF:
                    raise self._stopped(f"no answer within {limit:.0f} s")
        if not data:
            raise self._stopped(f"more than {self.output >> 20} MB of output or {self.memory >> 20} MB of memory")
        return data

    def _stopped(self, reason: str) -> Exceeded:
        self.strikes += 1
        self.close()
        return Exceeded(reason)

    def _start(self) -> None:
        path = json.dumps([entry or os.getcwd() for entry in sys.path])  # noqa: PTH109  (as import does)
        self._owner = os.getpid()
        self._process = process = subprocess.Popen(
            [sys.executable, "-c", _START, path, self.function, str(self.memory), *self.libraries],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answers = queue.SimpleQueue()
        # Neither the thread nor what ends the child may hold this object, or it would never go.
        self._end = weakref.finalize(self, _end, process, self._owner)
        assert process.stdout is not None
        threading.Thread(target=_listen, args=(process.stdout, self.output, self._answers), daemon=True).start()
        try:
            ready = self._answers.get(timeout=_START_SECONDS)
        except queue.Empty:
            ready = None
        if not ready:
            self.close()
            raise RuntimeError(f"{self.function} cannot be loaded in a process of its own")


def _listen(stream: BinaryIO, most: int, answers: queue.SimpleQueue[bytes | None]) -> None:
    """Puts each answer into ``answers``, nothing where the child says too much, and None where it ended."""
    while True:
        try:
            data = _receive(stream, most)
        except OverflowError:
            answers.put(b"")
            return
        except (EOFError, OSError, ValueError):
            answers.put(None)
            return
        answers.put(data)


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """End a child that process ``owner`` started; a fork has no right to it."""
    if owner != os.getpid():
        return
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what it had not read yet goes nowhere
                pipe.close()


def _receive(stream: BinaryIO, most: int) -> bytes:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    size = _LENGTH.unpack(head)[0]
    if size > most:
        raise OverflowError
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _read_calls(incoming: BinaryIO, calls: queue.SimpleQueue[bytes]) -> None:
    while True:
        try:
            calls.put(_receive(incoming, 1 << 62))
        except (EOFError, OSError):
            os._exit(1)  # the caller is gone, also where the function never returns


def serve(name: str, memory: int, libraries: list[str]) -> None:
    """The child: answers until its input ends."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    module, _, function = name.partition(":")
    for library in libraries:
        importlib.import_module(library)
    answer = getattr(importlib.import_module(module), function)
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_calls, args=(incoming, calls), daemon=True).start()
    data = b"{}"
    while True:
        outgoing.write(_LENGTH.pack(len(data)) + data)
        outgoing.flush()
        asked = calls.get()
        try:
            with _counted(*_CALL.unpack_from(asked)):
                data = msgspec.json.encode({"value": answer(msgspec.json.decode(memoryview(asked)[_CALL.size :]))})
        except MemoryError:
            os._exit(1)
        except Exception as problem:  # the function may raise anything
            data = msgspec.json.encode({"raised": f"{type(problem).__name__}: {problem}"[:2_000]})


@contextmanager
def _counted(seconds: float) -> Iterator[None]:
    """The process ends where it computes longer, in whatever library: nobody handles the signal."""
    if _TIMED:
        signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        if _TIMED:
            signal.setitimer(signal.ITIMER_PROF, 0)
