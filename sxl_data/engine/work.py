"""Runs one task: the same code in this process, in a worker and on a cluster."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Iterator
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_data.engine.store import Store
from sxl_data.engine.task import Job, Output, Receipt, code_version, resolve
from sxl_data.engine.watch import WATCH, Watch


def execute(job: Job, root: str, watch: Watch | None = None) -> Receipt:
    """Run ``job`` unless its receipt exists; commit its files, then its receipt; return the receipt.

    Raises whatever the task function raises; nothing is committed then. Raises `UserError` U308 when the
    sources of the package here are not those that the key was made from.
    """
    store, task = Store(Path(root)), job.task
    done = store.find(job)
    if done is not None:
        return done
    if code_version(task.function) != job.origin["code"]:
        raise error(
            "U308",
            file=task.function,
            found=f"code {code_version(task.function)}",
            expected=f"code {job.origin['code']}",
        )
    started = time.monotonic()
    inputs = {
        name: [store.path(info) if name in task.looked_up else store.verified(info) for info in infos]
        for name, infos in task.inputs.items()
    }
    watch = watch or Watch()
    watch.skipped, watch.careful = job.skipped, job.careful
    token = WATCH.set(watch)
    try:
        with _without_collector():
            output: Output = resolve(task.function)(task.params | task.costs, inputs)
    finally:
        WATCH.reset(token)
    files = {name: store.put_table(f"{job.stem}.{name}.parquet", table) for name, table in output.tables.items()}
    for name, blob in output.blobs.items():
        files[name] = store.put_bytes(f"{job.stem}.{name}", blob)
    receipt = Receipt(
        stage=task.stage,
        part=task.part,
        key=job.key,
        origin=job.origin,
        files=files,
        counters=output.counters,
        seconds=round(time.monotonic() - started, 3),
    )
    store.put_receipt(receipt)
    return receipt


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Python's search for cycles is off: it walks all objects again and again while a task makes hundreds of
    thousands that hold none, and takes up to half of the time. What a task leaves in cycles goes afterwards."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
