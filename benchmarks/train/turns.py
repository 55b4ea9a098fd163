"""Training runs that compile side by side and are measured one at a time.

Each run compiles in its own process for a minute or two; the machine's other processors can do the same for the other
runs meanwhile. Measured steps want the GPU alone, so each run stops before them and waits for its turn; turns go round
twice, so that a change of the machine falls on all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 2
WORKER = Path(__file__).with_name("gpu.py")


def wait_for_turn(folder: Path, turn: int) -> None:
    """Inside a run: say that it is ready, and go on when told to."""
    (folder / f"ready-{turn}").touch()
    while not (folder / f"go-{turn}").exists():
        time.sleep(0.02)


def end_turn(folder: Path, turn: int) -> None:
    """Inside a run: let the next one go."""
    (folder / f"done-{turn}").touch()


class Run:
    """A run in a process of its own; ``task`` is what `gpu.py` hands to `variants.run_variant`."""

    def __init__(self, task: dict[str, Any], scratch: Path) -> None:
        self.task, self.started = task, time.monotonic()
        self.folder = scratch / "-".join(str(task[key]) for key in ("shape", "method", "variant", "batch"))
        self.folder.mkdir()
        self.out = (self.folder / "out").open("w+", encoding="utf-8")
        words = json.dumps(task | {"turns": str(self.folder)})
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER), "--worker", words], stdout=self.out, env=dict(os.environ)
        )

    def reached(self, mark: str) -> bool:
        """Whether the run has come so far, or has ended."""
        return (self.folder / mark).exists() or self.process.poll() is not None

    def go(self, turn: int) -> None:
        """Let the run take its turn, and wait for its end."""
        (self.folder / f"go-{turn}").touch()
        wait(lambda: self.reached(f"done-{turn}"))

    def read(self) -> dict[str, Any] | None:
        """What the run found; None where it failed or was ended."""
        if self.process.wait() != 0:
            return None
        self.out.seek(0)
        return dict(json.loads(self.out.read().strip().splitlines()[-1]))


def wait(done: Callable[[], bool], until: float = float("inf")) -> None:
    """Until it is so, or the time has come."""
    while not done() and time.monotonic() < until:
        time.sleep(0.05)


def run_together(tasks: list[dict[str, Any]], scratch: Path, patience: float) -> list[dict[str, Any]]:
    """What those of ``tasks`` found that were ready within ``patience`` seconds; others are ended and named."""
    runs = [Run(task, scratch) for task in tasks]
    wait(lambda: all(run.reached("ready-0") for run in runs), time.monotonic() + patience)
    ready = [run for run in runs if (run.folder / "ready-0").exists() and run.process.poll() is None]
    for run in runs:
        took = time.monotonic() - run.started
        if run not in ready:
            state = "failed" if run.process.poll() is not None else "was not ready and is ended"
            print(f"{run.task['method']} {run.task['variant']}@{run.task['batch']}: {state} after {took:.0f} s")
            run.process.kill()
    for turn in range(ROUNDS):
        for run in ready:
            run.go(turn)
    return [found for run in ready if (found := run.read())]
