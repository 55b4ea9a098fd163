"""One variant of training in this process: plain TRL or ours, by the method and switches that it names."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import profiles
from peers import PEERS, Run, make_peer
from turns import ROUNDS, end_turn, wait_for_turn

VARIANTS: dict[str, dict[str, Any]] = {
    "ours-eager": {"compile": "never"},
    "ours": {"compile": "always"},
    # Pieces left off one at a time.
    "ours-no-graphs": {"compile": "always", "plain": ("graphs",)},
    "ours-no-loss": {"compile": "always", "plain": ("loss",)},
    "ours-no-weights": {"compile": "always", "plain": ("graphs", "weights")},
    "ours-rows": {"compile": "always", "markers": "all"},
    "ours-kept": {"compile": "always", "recompute": 0.0},
    "ours-leaner": {"compile": "always", "recompute": 0.4},
    "ours-2x4": {"compile": "always", "accumulate": 2},
    "ours-checkpointing": {"compile": "always", "checkpointing": True},
    "ours-each": {"compile": "never", "dequantise": "each"},
}
LOGGED = 10
"""Steps that a logged loss is the mean of, which is also how many warm up."""
PROFILED = 3
"""Steps that ``--profile`` looks at, after warm-up; the median of the others is what is reported."""


def run_variant(
    method: str,
    variant: str,
    folder: Path,
    rows: list[dict[str, Any]],
    steps: int,
    warm: int,
    profile: bool,
    length: int,
    batch: int,
    turns: str,
    shape: str,
) -> dict[str, Any]:
    """One variant in this process, which measures in the turns that it is given by files in the folder ``turns``."""
    import torch
    from transformers import AutoTokenizer, TrainerCallback

    from sxl_train.run.quiet import hush

    hush()
    gpu = torch.cuda.is_available()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    out = Path(tempfile.mkdtemp())
    gates = {warm + turn * (steps - warm) // ROUNDS: turn for turn in range(ROUNDS)}
    begun: dict[int, Any] = {}
    ended: dict[int, Any] = {}
    ready: list[float] = []
    losses: list[float] = []
    sizes = [sum(row["seq_lengths"]) for row in rows]
    profiler = profiles.make_profiler() if profile else None
    looked: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step in gates:
                ready.append(time.perf_counter())
                wait_for_turn(Path(turns), gates[state.global_step])
                begun[state.global_step + 1] = mark(gpu)
            if profiler is not None and state.global_step == warm:
                torch.cuda.synchronize()
                profiler.__enter__()
                looked.append(time.perf_counter())

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if profiler is not None and state.global_step == warm + PROFILED:
                torch.cuda.synchronize()
                looked.append(time.perf_counter())
                profiler.__exit__(None, None, None)
            begun[state.global_step + 1] = ended[state.global_step] = mark(gpu)
            if state.global_step in gates or state.global_step == steps:
                if gpu:
                    torch.cuda.synchronize()
                end_turn(Path(turns), gates.get(state.global_step, ROUNDS) - 1)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                losses.append(float(logs["loss"]))

    make = make_peer if variant in PEERS else make_ours
    trainer = make(Run(method, variant, folder, tokenizer, rows, steps, out, length, batch))
    trainer.add_callback(Clock())
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    trainer.train()
    total = time.perf_counter() - started
    skipped = warm + (PROFILED if profile else 0)
    times = [between(begun[step], ended[step]) for step in range(skipped + 1, steps + 1)]
    step = statistics.fmean(times)
    tokens = batch * sum(sizes) / len(sizes) / step
    model = trainer.accelerator.unwrap_model(trainer.model)
    weights = sum(p.numel() for n, p in model.named_parameters() if "lora_" not in n and "trainable_tokens" not in n)
    found = {
        "shape": shape,
        "method": method,
        "variant": variant,
        "batch": batch,
        "step_ms": round(1000 * step, 2),
        "tokens_per_s": round(tokens),
        "losses": losses,
        "seconds": round(total, 1),
        "ready_s": round(ready[0] - started, 1),
        "steps": len(times),
        "quartiles_ms": [round(1000 * value, 1) for value in statistics.quantiles(times, n=4)],
    }
    if gpu:
        found["peak_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
        # 8-bit storage hides the count of 4-bit weights; the shape's own count is right for each method.
        found["device"] = torch.cuda.get_device_name()
    if profiler is not None:
        found["profile"] = profiles.summarise(profiler, PROFILED, looked[1] - looked[0])
    found["weights"] = weights
    return found


def mark(gpu: bool) -> Any:
    """This moment: of the GPU, when it comes to here, or of the host."""
    if not gpu:
        return time.perf_counter()
    import torch

    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def between(before: Any, after: Any) -> float:
    """Seconds from one `mark` to another."""
    return float(after - before) if isinstance(before, float) else before.elapsed_time(after) / 1000


def make_ours(run: Run) -> Any:
    """The trainer that `sxl-train recipe` uses."""
    import torch

    from sxl_train.config import Tune
    from sxl_train.data.mask import Template
    from sxl_train.tune import adapt
    from sxl_train.tune.trainer import make_trainer

    method, variant, folder, tokenizer, rows, steps, out, length, batch = run
    options = VARIANTS[variant]
    accumulate = options.get("accumulate", 1)
    settings = Tune(
        max_steps=steps,
        batch=batch // accumulate,
        max_length=length,
        lr=1e-4,
        lr_floor=3e-5,
        warmup=3 / steps,
        save_every=10**6,
        **({"markers": "none"} | options),
    )
    model = adapt.load(str(folder), method, settings)
    torch.manual_seed(0)
    model = adapt.adapt(model, method, settings, tokenizer, Template(""), [])
    trainer = make_trainer(model, tokenizer, rows, [], settings, 0, out, length)
    trainer.args.logging_steps = trainer.state.logging_steps = LOGGED
    return trainer
