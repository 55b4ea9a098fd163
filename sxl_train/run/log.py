"""The training log: one JSON object a step in ``log.jsonl``, and a line or a live panel for the person watching.

After a kill the log continues where the checkpoint stands: lines behind it are removed, so that no step is there
twice.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from transformers import TrainerCallback

from sxl_data.contract.console import format_seconds, is_live, say
from sxl_data.contract.errors import error
from sxl_train.run.objects import Object
from sxl_train.run.panel import Panel, list_speed

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments

PEAK_FLOPS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12, "4090": 165e12}
"""Dense bf16, from the makers' data sheets."""


class Log(TrainerCallback):  # type: ignore[misc]
    """Writes the log; stops the run with T112 when the loss is no number."""

    def __init__(self, path: Path, flops_per_token: float) -> None:
        self.path, self.flops = path, flops_per_token
        self.tokens = 0
        self.started = self.marked = time.monotonic()
        self.counted = 0
        self.panel: Panel | None = None
        self.kept: list[Object] = []

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        if self.path.exists() and state.is_world_process_zero:
            lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= state.global_step]
            self.path.write_text("".join(kept), encoding="utf-8", newline="\n")
            self.kept = [json.loads(line) for line in kept]
        self.started = self.marked = time.monotonic()
        self.first = state.global_step
        if is_live() and state.is_world_process_zero:
            self.panel = Panel(state.max_steps, self.kept)
            self.panel.move(state.global_step)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        if self.panel is not None:
            self.panel.move(state.global_step)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the live panel, however the run ended."""
        if self.panel is not None:
            self.panel.close()
            self.panel = None

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        logs = dict(logs or {})
        if not state.is_world_process_zero or "train_runtime" in logs:
            return
        loss = logs.get("loss", logs.get("eval_loss"))
        if loss is not None and loss != loss:
            raise error("T112", file=str(self.path), line=state.global_step, found="loss is not a number")
        entry = {"step": state.global_step, "epoch": round(float(state.epoch or 0), 4)}
        entry |= {key: value for key, value in logs.items() if isinstance(value, int | float)}
        if "loss" in logs:
            self.tokens = int(logs.get("num_tokens", self.tokens))  # SFTTrainer's own count, on the plain path
            entry |= self._measure(state, args.world_size)
        with self.path.open("a", encoding="utf-8", newline="\n") as lines:
            lines.write(json.dumps(entry) + "\n")
        if self.panel is not None:
            self.panel.add(entry)
        elif "eval_loss" in logs or state.global_step % max(1, state.max_steps // 10) == 0:
            say(_line(entry, state.max_steps))

    def _measure(self, state: TrainerState, processes: int) -> Object:
        """Tokens of all processes in a second; memory and MFU of this one."""
        now = time.monotonic()
        rate = (self.tokens - self.counted) / max(now - self.marked, 1e-9)
        self.marked, self.counted = now, self.tokens
        done = state.global_step - self.first
        left = (now - self.started) / max(done, 1) * (state.max_steps - state.global_step)
        found: Object = {"tokens_per_s": round(rate, 1), "left_s": round(left, 1)}
        import torch

        if torch.cuda.is_available():
            found["memory_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
            name = torch.cuda.get_device_name()
            peak = next((flops for key, flops in PEAK_FLOPS.items() if key in name), None)
            if peak:
                found["mfu"] = round(rate / processes * self.flops / peak, 4)
        else:
            import psutil

            found["memory_gb"] = round(psutil.Process().memory_info().rss / 1e9, 2)
        return found


def read_first_loss(path: Path) -> float | None:
    """The validation loss before the first step, where a run that was cut off has logged it."""
    if not path.exists():
        return None
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        entry = json.loads(line) if line.endswith("\n") else {}
        if entry.get("step") == 0 and "eval_loss" in entry:
            return float(entry["eval_loss"])
    return None


def _line(entry: Object, steps: int) -> str:
    if "eval_loss" in entry:
        place = f"{entry['step']}/{steps}" if steps else "before"  # the steps are counted when training begins
        return f"tune       {place}  validation loss {entry['eval_loss']:.4f}"
    speed = list_speed(entry, ("tokens_per_s", "memory_gb", "mfu"))
    place = f"tune       {entry['step']}/{steps}  loss {entry['loss']:.4f}"
    return "  ".join([place, *speed, f"{format_seconds(entry['left_s'])} left"])
