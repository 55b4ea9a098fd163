"""SIGTERM or Ctrl-C in; a checkpoint of the step that was under way, and the end of the run, out.

A spot instance gets half a minute's notice, a person presses a key: both lose nothing. A second signal ends the run at
once, and then it goes on from the checkpoint before. With several processes the signal does not reach all of them in
the same step, so it ends them as it always did.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from transformers import TrainerCallback

from sxl_data.contract.console import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from transformers import TrainerControl, TrainerState, TrainingArguments

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Notes that a signal came, and leaves the next one to whoever had them before; `came` says so."""

    def __init__(self) -> None:
        self.came = False
        self.before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def open(self) -> None:
        """Take the signals; only the main thread may ask for them."""
        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.signal(number, self._note) for number in SIGNALS}

    def close(self) -> None:
        """Give the signals back to whoever had them."""
        for number, handler in self.before.items():
            signal.signal(number, handler)
        self.before = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        self.close()
        say("stopping after this step; once more to stop at once")


class Interrupt(Signals, TrainerCallback):  # type: ignore[misc]
    """Saves and stops after the step in which a signal came."""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        if args.world_size == 1:
            self.open()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        if self.came:
            control.should_save = control.should_training_stop = True
            control.should_evaluate = False
