"""Two GPUs against one: our training step at the same global batch, copies (DDP) and shards (FSDP2).

    python benchmarks/train_gpus.py [--json FILE] [--steps 20] [--only NAME,…] [--deadline SECONDS]

The model and rows of `train_gpu.py`. One process accumulates two passes of 8 sequences, two processes do one pass
each, so that every optimiser step sees the same 16 sequences and the losses can be compared step by step. Each run is
a `torchrun` of its own. Reported: median step after warm-up, tokens a second, peak memory of the first GPU, the ratio
to one GPU with the same method, and the largest relative difference of a step's loss.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import train_gpu  # noqa: E402

RUNS = {
    "full-1": ("full", 1, False),
    "full-2-ddp": ("full", 2, False),
    "full-2-fsdp": ("full", 2, True),
    "lora-1": ("lora", 1, False),
    "lora-2-ddp": ("lora", 2, False),
}
"""Name → method, processes, whether weights are sharded."""
WARM = 5


def run_worker(task: dict[str, Any]) -> None:
    """One process of a run; the first writes what was measured."""
    import torch
    from transformers import AutoTokenizer, TrainerCallback

    from sxl_train.config import Tune
    from sxl_train.data.mask import Template
    from sxl_train.run.quiet import hush
    from sxl_train.tune import adapt
    from sxl_train.tune.trainer import make_trainer

    hush()
    gpu = torch.cuda.is_available()
    if gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    rows = json.loads(Path(task["rows"]).read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(task["folder"])
    settings = Tune(
        max_steps=task["steps"],
        batch=train_gpu.BATCH,
        accumulate=2 // task["processes"],
        max_length=task["length"],
        warmup=3 / task["steps"],
        save_every=10**6,
        markers="none",
        shard=task["shard"],
        compile="auto",
    )
    model = adapt.load(task["folder"], task["method"], settings)
    torch.manual_seed(0)
    model = adapt.adapt(model, task["method"], settings, tokenizer, Template(""), [])
    trainer = make_trainer(model, tokenizer, rows, [], settings, 0, Path(tempfile.mkdtemp()), task["length"])
    trainer.args.logging_steps = trainer.state.logging_steps = 1
    trainer.args.save_strategy = "no"
    marks: list[float] = []
    losses: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if gpu:
                torch.cuda.synchronize()
            marks.append(time.perf_counter())
            control.should_save = False

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                losses.append(float(logs["loss"]))

    trainer.add_callback(Clock())
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    trainer.train()
    step = statistics.median(after - before for before, after in zip(marks[WARM:], marks[WARM + 1 :]))
    tokens = 2 * train_gpu.BATCH * statistics.fmean(sum(row["seq_lengths"]) for row in rows)
    found = {
        "tokens_per_s": round(tokens / step),
        "step_ms": round(1000 * step, 2),
        "losses": losses,
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
        "sharded": trainer.is_fsdp_enabled,
        "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2) if gpu else 0.0,
        "device": torch.cuda.get_device_name() if gpu else "none",
    }
    if trainer.accelerator.is_main_process:
        Path(task["out"]).write_text(json.dumps(found), encoding="utf-8", newline="\n")


def main() -> int:
    """Run, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the measurements here")
    parser.add_argument("--steps", type=int, default=20, help="optimiser steps of each run")
    parser.add_argument("--only", default=",".join(RUNS), help="runs, separated by commas: " + ", ".join(RUNS))
    parser.add_argument("--deadline", type=float, default=1e9, help="start no run after so many seconds")
    parser.add_argument("--quick", action="store_true", help="12 steps")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        run_worker(json.loads(options.worker))
        return 0
    import torch

    gpu, started = torch.cuda.is_available(), time.monotonic()
    steps = 12 if options.quick else options.steps
    shape, length = (train_gpu.SHAPES["0.5b"], train_gpu.LENGTH) if gpu else (train_gpu.SHAPES["tiny"], 256)
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder, packed, out = Path(scratch) / "base", Path(scratch) / "rows.json", Path(scratch) / "out.json"
        train_gpu.make_base(folder, shape)
        rows = train_gpu.make_rows(2 * train_gpu.BATCH * steps, shape["vocab_size"], length)
        packed.write_text(json.dumps(rows), encoding="utf-8")
        for name in options.only.split(","):
            if time.monotonic() - started > options.deadline:
                print(f"{name}: not started, the time is up")
                continue
            method, processes, shard = RUNS[name]
            task = {
                "method": method,
                "processes": processes,
                "shard": shard,
                "folder": str(folder),
                "rows": str(packed),
                "out": str(out),
                "steps": steps,
                "length": length,
            }
            begun = time.monotonic()
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "torch.distributed.run",
                    "--nproc_per_node",
                    str(processes),
                    "--master_port",
                    "29577",
                    __file__,
                    "--worker",
                    json.dumps(task),
                ],
                check=False,
            )
            if done.returncode or not out.exists():
                print(f"{name}: failed with {done.returncode}", flush=True)
                continue
            found = results[name] = json.loads(out.read_text(encoding="utf-8")) | {"method": method}
            out.unlink()
            print(
                f"{name:<12} {found['tokens_per_s']:>9,} tokens/s  {found['step_ms']:8.1f} ms  "
                f"{found['peak_gb']:6.2f} GB  {time.monotonic() - begun:.0f} s",
                flush=True,
            )
    report(results, options.json)
    return 0


def report(results: dict[str, dict[str, Any]], path: Path | None) -> None:
    """Ratios to one GPU and differences of the losses."""
    metrics: dict[str, float] = {}
    claims = []
    print("\nrun           tokens/s  ×1 GPU  peak GB  loss of a step differs by")
    for name, found in results.items():
        base = results.get(f"{found['method']}-1")
        ratio = found["tokens_per_s"] / base["tokens_per_s"] if base else float("nan")
        differs = max(abs(a - b) / b for a, b in zip(found["losses"], base["losses"])) if base else float("nan")
        print(f"{name:<12} {found['tokens_per_s']:>9,}  {ratio:6.2f}  {found['peak_gb']:7.2f}  {differs:.4%}")
        metrics |= {f"{name}.tokens_per_s": found["tokens_per_s"], f"{name}.peak_gb": found["peak_gb"]}
        if base and base is not found:
            metrics |= {f"{name}.scaling": ratio, f"{name}.loss_difference": differs}
            claims += [
                train_gpu.claim(f"{name}: loss of a step differs", 0.01, differs, differs <= 0.01),
                train_gpu.claim(f"{name}: tokens/s against one GPU", 1.5, ratio, ratio >= 1.5),
            ]
    if path is not None:
        import platform

        import torch

        device = next((found["device"] for found in results.values()), "none")
        machine = {"gpu": device, "torch": torch.__version__, "python": platform.python_version()}
        document = {"machine": machine, "metrics": metrics, "claims": claims, "runs": results}
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    raise SystemExit(main())
