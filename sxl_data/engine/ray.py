"""Tasks on a Ray cluster: Ray places them, runs them again when a node is lost, and nothing more.

Rows never enter Ray's object store: tasks exchange files below the output folder, which all nodes share.
Ray Data's own shuffles hung or failed when a worker was killed in the reduce; tasks that exchange through
files completed with identical results. The installed package must be on every node (`UserError` U308
where its version differs).
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_data.engine.local import after_death
from sxl_data.engine.pool import Death
from sxl_data.engine.store import Store
from sxl_data.engine.task import Job, Receipt, Task
from sxl_data.engine.watch import NOWHERE

# Tasks handed to Ray at once for each processor: enough to keep it busy, few enough to time them.
AHEAD = 2


def run_job(job: Job, root: str) -> Receipt | BaseException:
    """What runs on a node. An error is returned, not raised: Ray would wrap it into a type of its own."""
    from sxl_data.engine.work import execute
    from sxl_data.engine.worker import portable

    if not Path(root).is_dir():
        return error("U302", file=root, found="a node that does not see it", expected="a folder shared by all nodes")
    try:
        return execute(job, root)
    except Exception as problem:
        return portable(problem)


class RayRunner:
    """Tasks on the cluster at ``address``; None starts one on this machine with ``workers`` processors."""

    def __init__(self, root: Path, address: str | None, workers: int | None, still_seconds: float) -> None:
        self.root, self.still_seconds = root.resolve(), still_seconds
        self.ray = _import(private=address is None)
        self._own = not self.ray.is_initialized()
        if self._own:
            self._connect(address, workers)
        # A crashed worker or lost node is a death of ours to count, so that a deadly row is found.
        self._remote = self.ray.remote(max_retries=0, num_cpus=1)(run_job)

    def _connect(self, address: str | None, workers: int | None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        if address is None:
            self.ray.init(
                address="local",
                num_cpus=workers,
                include_dashboard=False,
                log_to_driver=False,
                _node_ip_address="127.0.0.1",
                configure_logging=False,
            )
            return
        self.ray.init(address=address, log_to_driver=False, configure_logging=False)
        # Ray sets this itself when it found a token to use.
        if os.environ.get("RAY_AUTH_MODE", "").lower() != "token":
            say(
                "warning: this Ray cluster takes work from anyone who can reach its ports; "
                "set RAY_AUTH_MODE=token on every node, or keep the ports private"
            )

    def run(self, tasks: Iterable[Task]) -> Iterator[Receipt]:
        store = Store(self.root)
        todo: deque[Job] = deque()
        yield from store.reused(tasks, todo)
        running: dict[Any, tuple[Job, float]] = {}
        deaths: dict[str, int] = {}
        try:
            while todo or running:
                while todo and len(running) < AHEAD * self._processors():
                    job = todo.popleft()
                    running[self._submit(job)] = (job, time.monotonic())
                done_refs, _ = self.ray.wait(list(running), num_returns=1, timeout=1.0)
                for ref in done_refs or self._stalled(running):
                    job, _ = running.pop(ref)
                    answer = self._answer(ref)
                    if isinstance(answer, Receipt):
                        yield answer
                    elif isinstance(answer, Death):
                        deaths[job.stem] = deaths.get(job.stem, 0) + 1
                        todo.append(after_death(job, answer, deaths[job.stem]))
                    else:
                        raise answer
        finally:
            for ref in running:
                self.ray.cancel(ref, force=True)

    def _submit(self, job: Job) -> Any:
        return self._remote.remote(job, str(self.root))

    def _answer(self, ref: Any) -> Any:
        errors = self.ray.exceptions
        try:
            return self.ray.get(ref)
        except (
            errors.WorkerCrashedError,
            errors.OutOfMemoryError,
            errors.NodeDiedError,
            errors.ObjectLostError,
            errors.TaskCancelledError,
            errors.RaySystemError,
            errors.LocalRayletDiedError,
            errors.OwnerDiedError,
        ) as problem:
            return Death(f"{type(problem).__name__} on the cluster", NOWHERE)

    def _stalled(self, running: dict[Any, tuple[Job, float]]) -> list[Any]:
        """Tasks over their time, ended by force. The time includes waiting for a processor."""
        limit = self.still_seconds * AHEAD
        late = [ref for ref, (job, since) in running.items() if job.task.timed and time.monotonic() - since > limit]
        for ref in late:
            self.ray.cancel(ref, force=True)
        return late

    def _processors(self) -> int:
        return max(1, int(self.ray.cluster_resources().get("CPU", 1)))

    def close(self) -> None:
        if self._own:
            self.ray.shutdown()
            self._own = False


def _import(private: bool) -> Any:
    """Ray; a ``private`` cluster gets a token of its own, because its ports are open to the network and Ray
    would otherwise write a token into the user's home folder."""
    if private and "ray" not in sys.modules and "RAY_AUTH_MODE" not in os.environ:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        import ray
    except ImportError:
        raise error("U402", found="no package ray", expected="pip install 'sheikh-sxl[ray]'") from None
    return ray
