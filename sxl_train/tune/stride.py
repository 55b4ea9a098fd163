"""Sequences in one optimiser step, the same for the whole run whatever the number of processes.

Noted beside the checkpoints when a run begins; a run that goes on with more or fewer processes cuts them anew into
passes, so that it takes the same steps over the same data.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_train.config import Tune

FILE = "stride.json"


def note(checkpoints: Path, sequences: int) -> None:
    """Write down how many sequences a step takes."""
    checkpoints.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"sequences": sequences}) + "\n"
    (checkpoints / FILE).write_text(text, encoding="utf-8", newline="\n")


def keep(tune: Tune, checkpoints: Path, batch: int, processes: int) -> Tune:
    """``tune`` with the batch and the accumulation that make a step what it was.

    ``batch``: sequences in a pass of a process when the checkpoint was written; no pass has more now. Raises
    `UserError` T115 where the step cannot be cut over so many ``processes``.
    """
    path = checkpoints / FILE
    if not path.is_file():
        return msgspec.structs.replace(tune, batch=batch)
    sequences = int(json.loads(path.read_text(encoding="utf-8"))["sequences"])
    size, passes = cut(sequences, processes, batch)
    if (size, passes) != (batch, tune.accumulate):
        say(f"tune       {sequences} sequences a step, as before: {processes} × {size} in {passes} passes")
    return msgspec.structs.replace(tune, batch=size, accumulate=passes)


def cut(sequences: int, processes: int, largest: int) -> tuple[int, int]:
    """(sequences in a pass of a process, passes in a step), with the fewest passes of at most ``largest``."""
    each, rest = divmod(sequences, processes)
    if rest or not each:
        fitting = ", ".join(str(n) for n in range(1, sequences + 1) if sequences % n == 0)
        raise error("T115", found=f"{processes} processes for {sequences} sequences in a step", expected=fitting)
    size = next(n for n in range(min(largest, each), 0, -1) if each % n == 0)
    return size, each // size
