"""Runners on this machine: `InlineRunner` in this process, `ProcessRunner` in worker processes.

Processes, not threads: tree-sitter holds the interpreter lock while it parses, and only a process can
be killed when a parser hangs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from sxl_data.contract.errors import error
from sxl_data.engine.memory import worker_limits
from sxl_data.engine.pool import Death, Pool
from sxl_data.engine.store import Store
from sxl_data.engine.task import Job, Receipt, Task
from sxl_data.engine.watch import NOWHERE
from sxl_data.engine.work import execute

# Runs of one task that end without an answer, beside those that found a culprit; then it is hopeless.
MAX_ATTEMPTS = 5
MAX_SKIPPED = 100


class InlineRunner:
    """One task after the other, here; nothing protects this process from a parser that crashes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, tasks: Iterable[Task]) -> Iterator[Receipt]:
        for task in tasks:
            yield execute(task.job(), str(self.root))

    def close(self) -> None:
        pass


class ProcessRunner:
    """Tasks in ``workers`` processes; a worker that dies or stands still costs its task a retry.

    Two deaths in a row at the same item cost that item: it is skipped from then on and the stage records
    it. Where no item is known the third run goes item by item to find it. ``memory``: bytes that one worker may
    allocate, by default its share of the machine's.
    """

    def __init__(self, root: Path, workers: int, still_seconds: float = 600, memory: int | None = None) -> None:
        self.root, self.workers = root, workers
        self.still_seconds = still_seconds
        self.memory = worker_limits(workers) if memory is None else (memory, memory)
        self._pool: Pool | None = None

    def run(self, tasks: Iterable[Task]) -> Iterator[Receipt]:
        store = Store(self.root)
        todo: list[Job] = []
        yield from store.reused(tasks, todo)
        if not todo:
            return
        pool = self.pool()
        for job in todo:
            pool.submit(job)
        deaths: dict[str, int] = {}
        open_jobs = len(todo)
        finished = False
        try:
            for job, answer in pool.answers():
                if isinstance(answer, Receipt):
                    yield answer
                    open_jobs -= 1
                    if not open_jobs:
                        break
                elif isinstance(answer, Death):
                    deaths[job.stem] = deaths.get(job.stem, 0) + 1
                    pool.submit(after_death(job, answer, deaths[job.stem]))
                else:
                    raise answer
            finished = True
        finally:
            if not finished:
                self.close()  # other jobs of this run must not answer the next one

    def pool(self) -> Pool:
        """The workers, started when first needed."""
        if self._pool is None:
            self._pool = Pool(self.root, self.workers, self.still_seconds, self.memory)
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None


def after_death(job: Job, death: Death, deaths: int) -> Job:
    """What to run instead of ``job``, which lost its worker for the ``deaths``-th time. Raises U309."""
    if death.item != NOWHERE and death.item == job.suspect and len(job.skipped) < MAX_SKIPPED:
        return msgspec.structs.replace(job, skipped={**job.skipped, death.item: death.reason}, suspect=NOWHERE)
    if deaths >= MAX_ATTEMPTS + 2 * len(job.skipped):
        raise error(
            "U309",
            file=f"{job.task.stage}, part {job.task.part}",
            found=death.reason,
            expected=f"an end within {MAX_ATTEMPTS} attempts",
        )
    return msgspec.structs.replace(job, suspect=death.item, careful=deaths >= 2)


def count_cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
