"""How many packed sequences fit in one forward and backward pass.

On a GPU: one sequence is run and its memory read off, two tell what each further one costs, and the rest is
arithmetic with a tenth in reserve. On a CPU more tokens at once gain nothing beyond a few thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sxl_data.contract.console import format_bytes, say
from sxl_data.contract.errors import error
from sxl_train.config import Tune

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CPU_TOKENS = 4096
LARGEST = 64
FEWEST_STEPS = 50
RESERVE = 0.9
"""Share of the memory that the forecast may fill."""


def find_batch(
    model: PreTrainedModel, sequences: list[Any], tune: Tune, capacity: int, collator: Any, processes: int = 1
) -> int:
    """The largest batch of a process that fits and still leaves `FEWEST_STEPS` optimiser steps in the run."""
    import torch

    wanted = max(1, int(len(sequences) * tune.epochs / tune.accumulate / processes / FEWEST_STEPS))
    wanted = min(wanted, LARGEST, max(1, len(sequences)))
    if not torch.cuda.is_available() or collator is None:
        return max(1, min(wanted, CPU_TOKENS // capacity))
    fits = probe(model, sequences, collator, wanted, Gpu())
    say(f"tune       batch of {fits} × {capacity} tokens")
    return fits


class Memory(Protocol):
    """What the probe asks of a device."""

    def reset(self) -> None:
        """Forget the peak."""

    def peak(self) -> int:
        """Bytes allocated at most since `reset`."""

    def total(self) -> int:
        """Bytes that this process may have."""


class Gpu:
    """The current CUDA device."""

    def reset(self) -> None:
        """Forget the peak."""
        import torch

        torch.cuda.reset_peak_memory_stats()

    def peak(self) -> int:
        """Bytes allocated at most since `reset`."""
        import torch

        return int(torch.cuda.max_memory_allocated())

    def total(self) -> int:
        """Bytes free, or already held by this process."""
        import torch

        return int(torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved())


def probe(model: PreTrainedModel, sequences: list[Any], collator: Any, wanted: int, memory: Memory) -> int:
    """Run one and two of the longest sequences; how many fit in what is left. Raises `UserError` T111."""
    import torch

    longest = sorted(sequences, key=lambda row: -len(row["input_ids"]))
    device = next(model.parameters()).device
    peaks: list[int] = []
    model.train()
    for count in (1, 2):
        memory.reset()
        rows = (longest * 2)[:count]
        batch = {k: v.to(device) if hasattr(v, "to") else v for k, v in collator(rows).items()}
        try:
            model(**batch)["loss"].backward()
        except torch.OutOfMemoryError:
            if peaks:
                return 1
            raise error(
                "T111", found=f"{format_bytes(memory.total())} of memory", expected="room for one sequence"
            ) from None
        finally:
            model.zero_grad(set_to_none=True)
        peaks.append(memory.peak())
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return fit(peaks[0], peaks[1], 12 * trained, memory.total(), wanted)


def fit(one: int, two: int, later: int, total: int, wanted: int) -> int:
    """Sequences that fit: peaks of one and of two, bytes that the optimiser will take, and the memory there is."""
    room = RESERVE * total - one - later
    return int(max(1, min(wanted, 1 + room // max(1, two - one))))
