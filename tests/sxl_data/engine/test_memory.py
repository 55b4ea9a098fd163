"""What a worker may take follows from the machine, and is the limit that its process runs under."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sxl_data.engine.local import ProcessRunner
from sxl_data.engine.memory import SHARE, machine_bytes, worker_limits


def test_the_workers_share_what_the_machine_has():
    found = machine_bytes()
    assert found is not None and found > 100_000_000
    one, whole = worker_limits(1)
    assert one == whole == max(2_000_000_000, int(SHARE * found))
    many, whole_again = worker_limits(4)
    assert (max(2_000_000_000, whole // 4), whole) == (many, whole_again)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_worker_runs_under_its_share_and_alone_under_the_whole(toy: Callable, tmp_path: Path):
    runner = ProcessRunner(tmp_path, workers=4)
    tasks = [msgspec.structs.replace(toy("limit", k, k=k), timed=k == 0) for k in (0, 1)]
    try:
        found = {receipt.part: receipt.counters["limit"] for receipt in runner.run(tasks)}
    finally:
        runner.close()
    assert dict(enumerate(worker_limits(4))) == found


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_stated_limit_holds_for_every_task(toy: Callable, tmp_path: Path):
    runner = ProcessRunner(tmp_path, workers=1, memory=3_000_000_000)
    tasks = [msgspec.structs.replace(toy("limit", k, k=k), timed=k == 0) for k in (0, 1)]
    try:
        assert {3_000_000_000} == {receipt.counters["limit"] for receipt in runner.run(tasks)}
    finally:
        runner.close()
