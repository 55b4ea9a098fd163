"""The processes of one training run with what torchrun tells each, out of a process that has loaded everything already.

A launcher and its processes import torch and transformers anew each, which takes longer than a tiny run.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
from pathlib import Path

LOADED = ["sxl_train.recipe", "sxl_train.tune.step", "sxl_train.tune.trainer"]


def find_port() -> str:
    """One that nobody uses, also where another run of these tests goes on beside this one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def launch(folder: Path, processes: int, words: list[str], kill_in: int = 0) -> tuple[list[int | None], str]:
    """(exit codes, what was said) of ``sxl-train recipe`` in so many processes, which end themselves in step ``kill_in``."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    said = folder / "said.txt"
    said.unlink(missing_ok=True)
    shared = {"WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes)}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": find_port()}
    started = []
    for rank in range(processes):
        given = shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)} if processes > 1 else {}
        started.append(context.Process(target=run_one, args=(given, str(said), words, kill_in)))
        started[-1].start()
    for process in started:
        process.join(900)
    for process in started:
        if process.exitcode is None:
            process.kill()
            process.join()
    return [process.exitcode for process in started], said.read_text(encoding="utf-8")


def run_one(environment: dict[str, str], said: str, words: list[str], kill_in: int) -> None:
    os.environ |= environment
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    from sxl_train import recipe

    if kill_in:
        die_in(kill_in)
    sys.exit(recipe.main(words))


def die_in(step: int) -> None:
    """This process ends itself, as a machine does that is switched off, at the end of this step."""
    from sxl_train.run import log

    go_on = log.Log.on_step_end

    def on_step_end(self, args, state, control, **_):  # type: ignore[no-untyped-def]
        go_on(self, args, state, control)
        if state.global_step == step:
            os.kill(os.getpid(), signal.SIGKILL)

    log.Log.on_step_end = on_step_end  # type: ignore[method-assign]
