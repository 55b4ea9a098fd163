"""Kill a build at random instants; run every task twice at once; flip a bit in every file.

The builds are forked from a process that has imported everything and started no thread, so that hundreds
of them take minutes. One run in ten is the real command with its worker processes, killed as a group.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from toy import digest, leftovers, load_what_a_build_loads, report

from sxl_data.build.recipe import read
from sxl_data.build.run import Run
from sxl_data.engine.pool import Pool
from sxl_data.engine.task import Receipt, Task
from sxl_data.pipeline import build, run_stages


def forked(recipe: Path, out: Path, kill_after: float | None = None) -> int:
    """Exit status of a build in a forked child, negative when it was killed."""
    pid = os.fork()
    if not pid:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            build(str(recipe), out)
            os._exit(0)
        except BaseException:
            os._exit(1)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kills(
    recipe: Path, folder: Path, trials: int, until: float = float("inf"), seed: int = 0
) -> list[dict[str, object]]:
    """SIGKILL at a uniform random instant of a build, then resume; no new trial after ``until``."""
    rng = random.Random(seed)
    load_what_a_build_loads(recipe, folder / "whole")
    expected = digest(folder / "whole")
    started = time.monotonic()
    forked(recipe, folder / "timed")
    length = time.monotonic() - started
    killed = same = dirty = done = 0
    for trial in range(trials):
        if time.monotonic() > until:
            break
        done += 1
        out = folder / f"kill-{trial}"
        killed += forked(recipe, out, rng.uniform(0, length)) == -signal.SIGKILL
        if rng.random() < 0.3:  # some are killed again while they resume
            killed += forked(recipe, out, rng.uniform(0, length)) == -signal.SIGKILL
        same += forked(recipe, out) == 0 and digest(out) == expected
        dirty += bool(leftovers(out))
    return [
        report(
            f"{killed} SIGKILLs at random instants: resumed builds with the same bytes",
            f"{done} of {done}",
            f"{same} of {done}",
            same == done,
        ),
        report("builds with leftover files after resuming", "0", dirty, dirty == 0),
    ]


def is_outlived(out: Path) -> bool:
    """Whether a worker for ``out`` is there long after its parent."""
    for _ in range(600):
        if subprocess.run(["pgrep", "-f", str(out.resolve())], capture_output=True).returncode:
            return False
        time.sleep(0.1)
    return True


def command_kills(recipe: Path, folder: Path, trials: int, seed: int = 1) -> list[dict[str, object]]:
    """The same with the command and its worker processes; only the parent is killed."""
    rng = random.Random(seed)
    command = [sys.executable, "-m", "sxl_data", "build", str(recipe), "engine.kind=process", "engine.workers=2"]
    started = time.monotonic()
    subprocess.run([*command, "-o", str(folder / "command")], check=True, capture_output=True)
    length, expected = time.monotonic() - started, digest(folder / "command")
    same = orphans = 0
    for trial in range(trials):
        out = folder / f"command-{trial}"
        with subprocess.Popen([*command, "-o", str(out)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as one:
            time.sleep(rng.uniform(0.3, 1) * length)
            one.kill()
        orphans += is_outlived(out)
        done = subprocess.run([*command, "-o", str(out)], capture_output=True)
        same += done.returncode == 0 and digest(out) == expected and not leftovers(out)
    return [
        report(
            "command killed with 2 workers: resumed builds with the same bytes",
            f"{trials} of {trials}",
            f"{same} of {trials}",
            same == trials,
        ),
        report("builds with orphan processes", "0", orphans, orphans == 0),
    ]


class TwiceRunner:
    """Every task is handed to two workers at the same time."""

    def __init__(self, root: Path) -> None:
        self.pool, self.doubled, self.differing = Pool(root, 2, 600), 0, 0

    def run(self, tasks: Iterable[Task]) -> Iterator[Receipt]:
        for task in tasks:
            job = task.job()
            self.pool.submit(job)
            self.pool.submit(job)
            answers = self.pool.answers()
            one, two = next(answers)[1], next(answers)[1]
            for answer in (one, two):
                if isinstance(answer, BaseException):
                    raise answer
            self.doubled += not (one.reused or two.reused)
            self.differing += one.files != two.files
            yield one

    def close(self) -> None:
        self.pool.close()


def twice(recipe: Path, folder: Path) -> list[dict[str, object]]:
    """Each task executed twice concurrently."""
    build(str(recipe), folder / "once")
    loaded, base = read(str(recipe))
    two = Run(loaded, base, folder / "twice")
    runner = TwiceRunner(two.store.root)
    two.runner = runner
    run_stages(two)
    same = digest(folder / "once") == digest(folder / "twice")
    return [
        report(
            f"{len(two.receipts)} tasks, each given to two workers at once, {runner.doubled} truly run by both: "
            "same bytes, no row doubled",
            "same",
            "same" if same else "different",
            same and runner.doubled > 0,
        ),
        report("tasks whose two runs committed different bytes", "0", runner.differing, runner.differing == 0),
    ]


def bits(recipe: Path, folder: Path) -> list[dict[str, object]]:
    """One bit flipped in each file of a build's store, one file at a time; then the build is run again."""
    out = folder / "bits"
    build(str(recipe), out)
    expected, rng = digest(out), random.Random(2)
    files = sorted(p for p in (out / ".work").rglob("*") if p.is_file() and p.stat().st_size)
    healed = 0
    for path in files:
        data = bytearray(path.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        build(str(recipe), out)
        healed += digest(out) == expected
    return [
        report(
            "one bit flipped in each file of the store: found and made anew",
            f"{len(files)} of {len(files)}",
            f"{healed} of {len(files)}",
            healed == len(files),
        )
    ]
