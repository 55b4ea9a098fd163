"""Runners on this machine: `InlineRunner` in this process, `ProcessRunner` in spawned workers.

Processes, not threads: tree-sitter holds the interpreter lock while it parses, and only a process can
be killed when a parser hangs. Workers are spawned, never forked, so that the same code runs on every
system and no lock of a parent thread is inherited.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from sxl_data.contract.errors import Bug
from sxl_data.engine.store import Store
from sxl_data.engine.task import Receipt, Runner, Task
from sxl_data.engine.work import execute

MAX_ATTEMPTS = 3


class InlineRunner:
    """One task after the other, here."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, tasks: Iterable[Task]) -> Iterator[Receipt]:
        for task in tasks:
            yield execute(task, str(self.root))

    def close(self) -> None:
        pass


class ProcessRunner:
    """Tasks in ``workers`` processes; a worker that dies costs a retry of the tasks it held."""

    def __init__(self, root: Path, workers: int) -> None:
        self.root, self.workers = root, workers
        self._pool: ProcessPoolExecutor | None = None

    def run(self, tasks: Iterable[Task]) -> Iterator[Receipt]:
        store = Store(self.root)
        todo: list[Task] = []
        for task in tasks:
            done = store.find(task)
            if done is not None:
                yield done
            else:
                todo.append(task)
        if len(todo) == 1:
            # A single task gains nothing from a worker and pays for its start.
            yield execute(todo[0], str(self.root))
            return
        attempts: dict[str, int] = {}
        while todo:
            lost: list[Task] = []
            waiting: dict[Future[Receipt], Task] = {
                self._executor().submit(execute, task, str(self.root)): task for task in todo
            }
            while waiting:
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    task = waiting.pop(future)
                    try:
                        yield future.result()
                    except BrokenProcessPool:
                        lost.append(task)
            if lost:
                self.close()
            for task in lost:
                attempts[task.stem] = attempts.get(task.stem, 0) + 1
                if attempts[task.stem] >= MAX_ATTEMPTS:
                    raise Bug(f"{task.stem}: its worker died {MAX_ATTEMPTS} times (out of memory?)")
            todo = lost

    def _executor(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_quiet)
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _quiet() -> None:
    """Workers leave Ctrl-C to the parent, which stops them in order."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def make_runner(root: Path, engine: str, workers: int | None) -> Runner:
    """The runner called ``engine``; ``process`` with one worker is ``inline``."""
    count = workers or os.cpu_count() or 1
    return InlineRunner(root) if engine == "inline" or count == 1 else ProcessRunner(root, count)
