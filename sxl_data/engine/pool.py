"""Worker processes that may die: one job at a time each, killed when they stand still, started again.

Why not `ProcessPoolExecutor`: one dead worker breaks the whole pool and takes the jobs of all others with
it, and a job that never returns cannot be ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sxl_data.engine.commit import TEMPORARY, writing
from sxl_data.engine.task import Job
from sxl_data.engine.watch import NOWHERE, SharedWatch
from sxl_data.engine.worker import START, receive, send

_TICK_S = 0.1


class Death(Exception):
    """A worker ended before it answered: why, and the item it was at (`NOWHERE` when it did not say)."""

    def __init__(self, reason: str, item: int) -> None:
        super().__init__(reason)
        self.reason, self.item = reason, item


class _Worker:
    """One process and the thread that talks to it."""

    def __init__(self, root: Path, memory: tuple[int, int] | None) -> None:
        self.root, self.memory = root, memory
        self.process: subprocess.Popen[bytes] | None = None
        self.watch: SharedWatch | None = None
        self.busy_since: float | None = None
        self.killed_for: str | None = None
        self._path = root / f"{TEMPORARY}watch-{secrets.token_hex(4)}"
        self._seen = (0, 0.0)

    def start(self) -> None:
        with writing(self._path):
            SharedWatch.create(self._path)
        self.watch = SharedWatch(self._path)
        own_group: dict[str, Any] = (  # Ctrl-C is for the parent alone, which ends its workers in order
            {"process_group": 0} if os.name == "posix" else {"creationflags": 0x200}
        )
        path = json.dumps([entry or os.getcwd() for entry in sys.path])  # noqa: PTH109  (as import does)
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **own_group
        )
        assert self.process.stdin is not None
        send(self.process.stdin, (str(self.root), str(self._path), self.memory))  # type: ignore[arg-type]

    def call(self, job: Job) -> Any:
        """The answer to ``job``: a receipt or an exception. Raises `Death`."""
        self.killed_for = None
        if self.process is None:
            self.start()
        try:
            assert self.process and self.process.stdin and self.process.stdout and self.watch
            self.watch.at(NOWHERE)
            self._seen = (self.watch.read()[0], time.monotonic())
            self.busy_since = time.monotonic()
            send(self.process.stdin, job)  # type: ignore[arg-type]
            answer = receive(self.process.stdout)  # type: ignore[arg-type]
        except (EOFError, OSError):
            raise self._buried() from None
        else:
            if isinstance(answer, MemoryError):
                self.kill("out of memory")  # what it holds is not coming back in pieces
                raise self._buried()
            return answer
        finally:
            self.busy_since = None

    def _buried(self) -> Death:
        assert self.process is not None and self.watch is not None
        code = self.process.wait()
        item = self.watch.read()[1]
        reason = self.killed_for or (f"killed by signal {-code}" if code < 0 else f"ended with code {code}")
        if code == -9 and not self.killed_for:
            reason += " (out of memory?)"
        self.stop()
        return Death(reason, item)

    def still_for(self) -> float:
        """Seconds since the job began or last gave a sign of life."""
        if self.busy_since is None or self.watch is None:
            return 0.0
        life, now = self.watch.read()[0], time.monotonic()
        if life != self._seen[0]:
            self._seen = (life, now)
        return now - self._seen[1]

    def kill(self, reason: str) -> None:
        self.killed_for = reason
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        """End the process and remove what it needed."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
            self.process = None
        if self.watch is not None:
            self.watch.close()
            self.watch = None
            self._path.unlink(missing_ok=True)


class Pool:
    """``workers`` processes that run jobs on the store at ``root``.

    ``still_seconds``: a timed job without a sign of life for so long is killed. ``memory``: bytes that one
    worker may allocate for a timed task, and for another.
    """

    def __init__(self, root: Path, workers: int, still_seconds: float, memory: tuple[int, int] | None = None) -> None:
        self.still_seconds = still_seconds
        self._inbox: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._outbox: queue.Queue[tuple[Job, Any]] = queue.Queue()
        self._workers = [_Worker(root, memory) for _ in range(workers)]
        self._doing: dict[int, Job] = {}
        self._threads = [
            threading.Thread(target=self._serve, args=(i, worker), daemon=True)
            for i, worker in enumerate(self._workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        """Queue ``job``."""
        self._inbox.put(job)

    def answers(self) -> Iterator[tuple[Job, Any]]:
        """Finished jobs for ever, with a `Receipt` or an exception; a lost worker is a `Death`."""
        while True:
            try:
                yield self._outbox.get(timeout=_TICK_S)
            except queue.Empty:
                for number, worker in enumerate(self._workers):
                    job = self._doing.get(number)
                    if job is not None and job.task.timed and worker.still_for() > self.still_seconds:
                        worker.kill(f"no sign of life for {self.still_seconds:g} s")

    def pids(self) -> Sequence[int]:
        """Process ids of the workers that live."""
        return [worker.process.pid for worker in self._workers if worker.process is not None]

    def _serve(self, number: int, worker: _Worker) -> None:
        while (job := self._inbox.get()) is not None:
            self._doing[number] = job
            answer: Any
            try:
                answer = worker.call(job)
            except BaseException as problem:
                answer = problem
            self._doing.pop(number, None)
            self._outbox.put((job, answer))
        worker.stop()

    def close(self) -> None:
        """Kill all workers and wait for their threads; a job that ran leaves nothing but a temporary file."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._inbox.get_nowait()
        for _ in self._workers:
            self._inbox.put(None)
        for thread, worker in zip(self._threads, self._workers):
            while thread.is_alive():  # it may just be starting a process
                worker.kill("the build was stopped")
                thread.join(timeout=_TICK_S)
