"""Runs one task: the same code in this process, in a worker and on a cluster."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from sxl_data.engine.store import Store
from sxl_data.engine.task import Output, Receipt, Task, resolve


def execute(task: Task, root: str) -> Receipt:
    """Run ``task`` unless its receipt exists; commit its files, then its receipt; return the receipt.

    Raises whatever the task function raises; nothing is committed then.
    """
    store = Store(Path(root))
    done = store.find(task)
    if done is not None:
        return done
    started = time.monotonic()
    inputs = {name: [store.verified(info) for info in infos] for name, infos in task.inputs.items()}
    output: Output = resolve(task.function)(task.params, inputs)
    files = {
        name: store.put_table(f"{task.stem}.{name}.parquet", table)
        for name, table in output.tables.items()
    }
    for name, blob in output.blobs.items():
        files[name] = store.put_bytes(f"{task.stem}.{name}", blob)
    receipt = Receipt(
        stage=task.stage, part=task.part, key=task.key(), files=files, counters=output.counters,
        seconds=round(time.monotonic() - started, 3),
    )  # fmt: skip
    store.put_bytes(f"{task.stem}.json", msgspec.json.encode(receipt))
    return receipt
