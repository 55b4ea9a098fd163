"""A distillation's state ↔ a file beside the model, so that a stopped one goes on; and what a person sees meanwhile.

Written once a minute, and at once when a signal came (`interrupt.Signals`): weights, optimiser, the step and the losses
so far. The order of the batches follows from the seed, so that on a CPU the same command gives the same student, bit
for bit, however often it was stopped. The file is removed when the step is done.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.console import Progress, format_seconds, is_live, say
from sxl_train.run.objects import Object

if TYPE_CHECKING:
    from torch import Tensor

EVERY_S = 60.0
PRINT_S = 10.0


class Keeper:
    """Where a distillation stands, in ``path``; `saved` is what was found there, or None."""

    def __init__(self, path: Path, every_s: float = EVERY_S) -> None:
        self.path, self.every_s = Path(path), every_s
        self.marked = time.monotonic()
        self.saved = self._read()

    def take(self, attempt: int) -> Object | None:
        """The state to go on from in this ``attempt``, or None where it begins."""
        return self.saved if self.saved is not None and self.saved["attempt"] == attempt else None

    def is_over(self, attempt: int) -> bool:
        """Whether an earlier run has finished this ``attempt`` and found it no better."""
        return self.saved is not None and self.saved["attempt"] > attempt

    def is_due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self.marked >= self.every_s

    def save(self, state: Object) -> None:
        """Put ``state`` in place as a whole."""
        import torch

        partial = self.path.with_name(self.path.name + ".partial")
        torch.save(dict(state), partial)
        partial.replace(self.path)
        self.marked = time.monotonic()

    def remove(self) -> None:
        """The work is done."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> Object | None:
        import torch

        if not self.path.is_file():
            return None
        return dict(torch.load(self.path, map_location="cpu", weights_only=True))


class Lines:
    """Step, loss, speed and time left: a bar on a terminal; elsewhere a line every tenth of the way or ten seconds.

    The speed is that since the line before, so that a change shows at once.
    """

    def __init__(self, steps: int, done: int = 0) -> None:
        self.steps, self.done, self.printed = steps, done, done
        self.marked = time.monotonic()
        self.bar = Progress("distil", steps, "steps") if is_live() else None
        if self.bar is not None and done:
            self.bar.advance(done)

    def advance(self, losses: Sequence[Tensor | float]) -> None:
        """One more step is done; the mean of ``losses`` (the latest ones) is shown, which waits for the device."""
        self.done += 1
        if self.bar is not None:
            self.bar.advance()
            return
        now = time.monotonic()
        tenth = self.done % max(1, self.steps // 10) == 0
        if not (tenth or now - self.marked >= PRINT_S or self.done == self.steps):
            return
        mean = sum(float(loss) for loss in losses) / max(len(losses), 1)
        now = time.monotonic()
        rate = (self.done - self.printed) / max(now - self.marked, 1e-9)
        left = format_seconds((self.steps - self.done) / max(rate, 1e-9))
        say(f"distil     {self.done}/{self.steps}  loss {mean:.4f}  {rate:.2f} steps/s  {left} left")
        self.marked, self.printed = now, self.done

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()
