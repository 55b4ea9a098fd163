from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from sxl_data.contract.errors import UserError
from sxl_data.engine.local import InlineRunner, ProcessRunner
from sxl_data.engine.store import Store


def numbers(root: Path, receipt) -> list[int]:
    return pq.read_table(Store(root).path(receipt.files["out"]))["n"].to_pylist()


@pytest.fixture
def runner(tmp_path: Path):
    found = ProcessRunner(tmp_path / "work", workers=2)
    yield found
    found.close()


def test_processes_and_inline_commit_the_same_bytes(toy, tmp_path, runner):
    tasks = [toy("double", n, n=n) for n in range(5)]
    inline = InlineRunner(tmp_path / "inline")
    left = sorted((r.part, r.key, r.files["out"].sha256) for r in inline.run(tasks))
    assert left == sorted((r.part, r.key, r.files["out"].sha256) for r in runner.run(tasks))


def test_work_is_done_in_other_processes(toy, runner):
    assert os.getpid() not in {r.counters["pid"] for r in runner.run([toy("double", n, n=n) for n in range(4)])}


def test_a_worker_imports_no_pandas_and_keeps_no_task_from_it(toy, runner):
    pytest.importorskip("pandas")
    (receipt,) = runner.run([toy("frames")])
    assert {"before": 0, "rows": 2} == {name: receipt.counters[name] for name in ("before", "rows")}


@pytest.mark.parametrize("how", ["kill", "exit"])
def test_a_worker_that_dies_costs_a_retry(toy, tmp_path, runner, how):
    tasks = [toy("once", n, n=n, how=how, mark=str(tmp_path / f"{how}{n}")) for n in range(3)]
    receipts = sorted(runner.run(tasks), key=lambda r: r.part)
    assert [[0], [2], [4]] == [numbers(tmp_path / "work", r) for r in receipts]


def test_a_worker_that_stands_still_costs_a_retry(toy, tmp_path):
    runner, mark = ProcessRunner(tmp_path / "work", workers=1), tmp_path / "mark"
    watching = threading.Thread(target=give_up_once, args=(runner, mark), daemon=True)
    watching.start()
    try:
        (receipt,) = runner.run([toy("once", n=21, how="hang", mark=str(mark))])
        watching.join()
    finally:
        runner.close()
    assert [42] == numbers(tmp_path / "work", receipt)


def give_up_once(runner: ProcessRunner, mark: Path) -> None:
    """Patience ends when the task hangs, and not while a busy machine starts a worker; then there is as much as ever."""
    while not mark.exists():
        time.sleep(0.01)
    pool = runner.pool()
    hung, patience = list(pool.pids()), pool.still_seconds
    pool.still_seconds = 0.5
    while list(pool.pids()) == hung:
        time.sleep(0.01)
    pool.still_seconds = patience


def test_an_item_that_kills_twice_is_skipped_and_the_others_are_done(toy, tmp_path, runner):
    (receipt,) = runner.run([toy("items", deadly=[3, 7])])
    assert [0, 1, 2, 4, 5, 6, 8, 9] == numbers(tmp_path / "work", receipt)


def test_without_a_known_item_the_third_run_goes_item_by_item(toy, tmp_path, runner):
    (receipt,) = runner.run([toy("unmarked", deadly=[4])])
    assert [0, 1, 2, 3, 5, 6, 7, 8, 9] == numbers(tmp_path / "work", receipt)


def test_a_task_that_always_kills_is_an_error_with_its_name(toy, runner):
    with pytest.raises(UserError) as caught:
        list(runner.run([toy("always", 4)]))
    assert ("U309", "always, part 4", "ended with code 9") == (
        caught.value.findings[0].code,
        caught.value.findings[0].file,
        caught.value.findings[0].found,
    )


def test_errors_of_tasks_arrive_as_they_were_raised(toy, runner):
    with pytest.raises(UserError) as caught:
        list(runner.run([toy("refuse")]))
    assert "U208" == caught.value.findings[0].code


def test_a_runner_works_on_after_an_error(toy, tmp_path, runner):
    with pytest.raises(UserError):
        list(runner.run([toy("refuse"), *(toy("slow", n, n=5) for n in range(4))]))
    (receipt,) = runner.run([toy("double", n=21)])
    assert [42] == numbers(tmp_path / "work", receipt)


@pytest.mark.skipif(sys.platform == "win32", reason="no memory limit there")
def test_a_memory_limit_ends_a_greedy_task_and_not_the_build(toy, tmp_path):
    runner = ProcessRunner(tmp_path / "work", 1, memory=600_000_000)
    try:
        (fine,) = runner.run([toy("greedy", n=1_000_000)])
        assert 1_000_000 == fine.counters["size"]
        with pytest.raises(UserError, match="out of memory"):
            list(runner.run([toy("greedy", n=5_000_000_000)]))
    finally:
        runner.close()


def test_what_a_task_prints_does_not_break_the_protocol(toy, tmp_path, runner):
    (receipt,) = runner.run([toy("chatty", n=4)])
    assert [8] == numbers(tmp_path / "work", receipt)


def test_a_receipt_on_disk_is_reused_and_a_changed_parameter_is_not(toy, runner):
    assert [False] == [r.reused for r in runner.run([toy("double", n=1)])]
    assert [True] == [r.reused for r in runner.run([toy("double", n=1)])]
    assert [False] == [r.reused for r in runner.run([toy("double", n=2)])]


def test_close_leaves_no_process_and_no_file(toy, tmp_path):
    runner = ProcessRunner(tmp_path / "work", 2)
    list(runner.run([toy("double", n, n=n) for n in range(4)]))
    pids = runner.pool().pids()
    assert 1 <= len(pids) <= 2
    runner.close()
    assert [] == [pid for pid in pids if psutil.pid_exists(pid)]
    assert [] == list((tmp_path / "work").rglob(".part-*"))


def test_workers_end_with_a_parent_that_was_killed(toy, tmp_path):
    task = toy("slow", n=100)
    script = (
        "import sys, threading, time\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(tmp_path / 'toys')!r})\n"
        "from sxl_data.engine.local import ProcessRunner\nfrom sxl_data.engine.task import Task\n"
        f"runner = ProcessRunner(Path({str(tmp_path / 'work')!r}), 1)\n"
        f"task = Task(stage='slow', part=0, function={task.function!r}, params={{'n': 100}})\n"
        "threading.Thread(target=lambda: list(runner.run([task])), daemon=True).start()\n"
        "while not runner.pool().pids(): time.sleep(0.05)\n"
        "time.sleep(0.5)\nprint(runner.pool().pids()[0], flush=True)\ntime.sleep(100)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        assert worker.is_running()
        parent.kill()
    for _ in range(1200):
        with contextlib.suppress(psutil.NoSuchProcess):
            if worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.1)
                continue
        break
    else:
        pytest.fail("the worker outlived its parent")
