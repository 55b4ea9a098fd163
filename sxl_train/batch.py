"""How many packed sequences fit in one forward and backward pass.

On a GPU: one sequence is run and its memory read off, two tell what each further one costs, and the rest is
arithmetic with a tenth in reserve. On a CPU more tokens at once gain nothing beyond a few thousand.
"""

from __future__ import annotations

from typing import Any

from sxl_data.contract.console import say
from sxl_train.config import Tune

CPU_TOKENS = 4096
LARGEST = 64
FEWEST_STEPS = 50


def find_batch(model: Any, sequences: list[Any], tune: Tune, capacity: int, collator: Any) -> int:
    """The largest batch that fits and still leaves `FEWEST_STEPS` optimiser steps in the run."""
    import torch

    wanted = max(1, int(len(sequences) * tune.epochs / tune.accumulate / FEWEST_STEPS))
    wanted = min(wanted, LARGEST, max(1, len(sequences)))
    if not torch.cuda.is_available() or collator is None:
        return max(1, min(wanted, CPU_TOKENS // capacity))
    fits = probe(model, sequences, collator, wanted)
    say(f"tune       batch of {fits} × {capacity} tokens")
    return fits


def probe(model: Any, sequences: list[Any], collator: Any, wanted: int) -> int:
    """Run one and two of the longest sequences; how many fit in what is left."""
    import torch

    longest = sorted(sequences, key=lambda row: -len(row["input_ids"]))
    device = next(model.parameters()).device
    peaks = []
    model.train()
    for count in (1, 2):
        torch.cuda.reset_peak_memory_stats()
        rows = (longest * 2)[:count]
        batch = {k: v.to(device) if hasattr(v, "to") else v for k, v in collator(rows).items()}
        loss = model(**batch)["loss"]
        loss.backward()
        peaks.append(torch.cuda.max_memory_allocated())
        model.zero_grad(set_to_none=True)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    free, _ = torch.cuda.mem_get_info()
    room = 0.9 * (free + torch.cuda.memory_reserved()) - peaks[0] - 12 * trained  # the optimiser comes later
    each = max(1, peaks[1] - peaks[0])
    return int(max(1, min(wanted, 1 + room // each)))
