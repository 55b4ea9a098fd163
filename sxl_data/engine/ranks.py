"""Job arrays: N processes build one folder together without knowing of each other.

Rank I runs every N-th task of a stage, then waits until the receipts of the others are on the shared
folder. A rank that waited in vain runs what is missing itself: tasks commit the same bytes whoever runs
them, so a lost rank costs time and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_data.engine.store import Store
from sxl_data.engine.task import Job, Receipt, Runner, Task

_POLL_S, _TELL_S = 0.5, 5.0


class RankRunner:
    """The share of ``rank`` of ``of`` on the runner ``inner``; after ``patience`` seconds without a new
    receipt of another rank its tasks are run here, one at a time."""

    def __init__(self, inner: Runner, root: Path, rank: int, of: int, patience: float) -> None:
        if not 0 <= rank < of:
            raise error("U307", found=f"rank {rank} of {of}", expected=f"a rank from 0 to {of - 1}")
        self.inner, self.root, self.rank, self.of, self.patience = inner, root, rank, of, patience
        self.told = False

    def run(self, tasks: Iterable[Task]) -> Iterator[Receipt]:
        every = list(tasks)
        mine = [task for i, task in enumerate(every) if i % self.of == self.rank]
        yield from self.inner.run(mine)
        store = Store(self.root)
        waiting: dict[str, tuple[Job, Task]] = {}
        for i, task in enumerate(every):
            if i % self.of != self.rank:
                job = task.job()
                waiting[job.stem] = (job, task)
        since = time.monotonic()
        while waiting:
            arrived = [stem for stem in waiting if (self.root / f"{stem}.json").exists()]
            for stem in arrived:
                receipt = store.find(waiting[stem][0])
                if receipt is not None:
                    del waiting[stem]
                    since = time.monotonic()
                    yield receipt
            if waiting and time.monotonic() - since > self.patience:
                stem, (_, task) = next(iter(waiting.items()))
                say(f"rank {self.rank}: nothing from the others for {self.patience:g} s, running {stem} here")
                del waiting[stem]
                yield from self.inner.run([task])
            elif waiting and not arrived:
                if not self.told and time.monotonic() - since > min(_TELL_S, self.patience / 2):
                    self.told = True
                    say(
                        f"rank {self.rank}: waiting for the other processes of --of {self.of}, {len(waiting)} parts "
                        f"are theirs; what does not come within {self.patience:g} s is done here"
                    )
                time.sleep(_POLL_S)

    def close(self) -> None:
        self.inner.close()
