"""How many packed sequences fit in one forward and backward pass.

On a GPU: as many of the longest as are wanted are run beside room for the optimiser, and half of them where that is too
much. accelerate's `find_executable_batch_size` takes a tenth off each time, and each size is compiled anew. On a CPU
more tokens at once gain nothing beyond a few thousand.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_train.config import Tune
from sxl_train.data.collate import Flatten
from sxl_train.data.packing import Packed

CPU_TOKENS = 4096
LARGEST = 64
FEWEST_STEPS = 50
STATE_BYTES = 14
"""For each trained weight: its gradient, and an exact copy and two moments in the optimiser."""


def find_batch(
    model: torch.nn.Module,
    sequences: Sequence[Packed],
    tune: Tune,
    capacity: int,
    collator: Flatten | None,
    processes: int = 1,
) -> int:
    """The largest batch of a process that fits and still leaves `FEWEST_STEPS` optimiser steps in the run."""
    gpu = torch.cuda.is_available() and collator is not None
    wanted = want(len(sequences), tune, capacity, processes, gpu)
    if not gpu or collator is None:
        return wanted
    fits = halve(model, sequences, collator, wanted)
    say(f"tune       batch of {fits} × {capacity} tokens")
    return fits


def want(sequences: int, tune: Tune, capacity: int, processes: int, gpu: bool) -> int:
    """The batch of a process where memory is no matter."""
    wanted = max(1, int(sequences * tune.epochs / tune.accumulate / processes / FEWEST_STEPS))
    return max(1, min(wanted, LARGEST, sequences if gpu else min(sequences, CPU_TOKENS // capacity)))


def halve(model: torch.nn.Module, sequences: Sequence[Packed], collator: Flatten, wanted: int) -> int:
    """``wanted``, or the first of its halves that fits. Raises `UserError` T111 where not one sequence does."""
    longest = sorted(sequences, key=lambda row: -len(row["input_ids"]))
    device = next(model.parameters()).device
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    model.train()
    size = wanted
    while size:
        rows = (longest * size)[:size]
        batch = {k: v.to(device) if isinstance(v, torch.Tensor) else v for k, v in collator(rows).items()}
        try:
            later = torch.empty(STATE_BYTES * trained, dtype=torch.uint8, device=device)
            model(**batch)["loss"].backward()
            del later
            return size
        except torch.OutOfMemoryError:
            size //= 2
        finally:
            model.zero_grad(set_to_none=True)
    raise error("T111", found="out of memory with one sequence", expected="room for one sequence") from None
