"""Several GPUs against one: our training step at the same global batch, copies (DDP) and shards (FSDP2).

    python benchmarks/train/gpus.py [--processes 2] [--shapes 0.5b,135m] [--steps 50] [--only NAME,…] [--json FILE]

The models and rows of `gpu.py`. With P processes a step takes P × 8 sequences: one process accumulates P passes,
P processes do one pass each, so that every optimiser step sees the same sequences and the losses can be compared step
by step. Each run is a `torchrun` of its own, started with all others and held before it touches a GPU until its turn
comes, so that nobody waits for imports; those of one process that stand side by side in ``--only`` run at the same
time, each on a GPU of its own. Reported: median step after warm-up, tokens a second, largest peak memory
of a GPU, the ratio to one GPU with the same method, FSDP2's memory against DDP's, and the largest relative difference
of a step's loss. With ``--profile`` also where the time of three steps goes: GPU computing, GPU only exchanging, GPU
idle. A run killed and gone on with on another number of GPUs: `kill.py`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness
import models
import timeline

RUNS: dict[str, dict[str, Any]] = {
    "full-1": {"method": "full", "alone": True},
    "lora-1": {"method": "lora", "alone": True},
    "full-ddp": {"method": "full"},
    "lora-ddp": {"method": "lora"},
    "full-fsdp": {"method": "full", "shard": True},
    "full-fsdp-leaner": {"method": "full", "shard": True, "recompute": 0.7},
    "full-fsdp-layers": {"method": "full", "shard": True, "unit": 0},
    "full-fsdp-large": {"method": "full", "shard": True, "unit": 2**28},
    "lora-fsdp": {"method": "lora", "shard": True},
}
"""Name → method, whether one process does it all, what `tune.sharding` puts into a unit at least and whether it keeps
them for the way back, and keys of `Tune`."""
DEFAULT = tuple(RUNS)[:6]
WARM = 5
SCALING, LOSS, MEMORY = 0.925, 0.005, 0.65
"""Targets: of P times one GPU's tokens/s; difference of a step's loss; FSDP2's memory ÷ DDP's."""


def run_worker(task: dict[str, Any]) -> None:
    """One process of a run; the first writes what was measured."""
    import torch
    import torch._inductor.compile_fx
    from transformers import AutoTokenizer, TrainerCallback

    from sxl_train.config import Tune
    from sxl_train.data.mask import Template
    from sxl_train.run.quiet import hush
    from sxl_train.tune import adapt, sharding
    from sxl_train.tune.trainer import make_trainer

    hush()
    while not Path(task["gate"]).exists():
        time.sleep(0.02)
    sharding.UNIT_BYTES = task["unit"]
    gpu = torch.cuda.is_available()
    if gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    rows = json.loads(Path(task["rows"]).read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(task["folder"])
    settings = Tune(
        max_steps=task["steps"],
        batch=models.BATCH,
        max_length=task["length"],
        save_every=10**6,
        warmup=3 / task["steps"],
        markers="none",
        compile="auto",
        **task["keys"],
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
    profiler = None
    if gpu:
        torch.cuda.reset_peak_memory_stats()
        if task["profile"]:
            profiler = timeline.profile(trainer, WARM + 3)
    trainer.train()
    times = [after - before for before, after in itertools.pairwise(marks)][WARM:]
    step = statistics.median(times)
    tokens = task["step"] * statistics.fmean(sum(row["seq_lengths"]) for row in rows)
    peak = torch.tensor(torch.cuda.max_memory_allocated() if gpu else 0, device=trainer.args.device)
    found = {
        "tokens_per_s": round(tokens / step),
        "step_ms": round(1000 * step, 2),
        "losses": losses,
        "spread_ms": models.spread(times),
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
        "sharded": trainer.is_fsdp_enabled,
        "device": torch.cuda.get_device_name() if gpu else "none",
        "peak_gb": round(int(trainer.accelerator.gather(peak[None]).max()) / 1e9, 2),
    }
    if trainer.accelerator.is_main_process:
        if profiler is not None:
            found["profile"] = profiler()
        Path(task["out"]).write_text(json.dumps(found), encoding="utf-8", newline="\n")


class Held:
    """A run that is started and waits for its turn."""

    def __init__(self, task: dict[str, Any], processes: int, gpu: int | None) -> None:
        self.out, self.gate = Path(task["out"]), Path(task["gate"])
        command = [sys.executable, *models.launch_words(processes), __file__, "--worker", json.dumps(task)]
        chosen = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": str(gpu)}
        self.process = subprocess.Popen(command, env=dict(os.environ) | chosen)

    def finish(self) -> dict[str, Any] | None:
        """Let it run; what its first process wrote, or None where it failed."""
        self.gate.touch()
        if self.process.wait() or not self.out.exists():
            return None
        found: dict[str, Any] = json.loads(self.out.read_text(encoding="utf-8"))
        self.out.unlink()
        return found


def gather(names: list[str], many: int) -> list[list[str]]:
    """Runs that go on at the same time: neighbours that need one GPU each, at most ``many``."""
    groups: list[list[str]] = []
    for name in names:
        alone = bool(RUNS[name].get("alone"))
        if alone and groups and RUNS[groups[-1][-1]].get("alone") and len(groups[-1]) < many:
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def describe(name: str, shared: dict[str, Any], many: int) -> tuple[dict[str, Any], int]:
    """The task of a run, and its processes."""
    from sxl_train.tune import sharding

    keys = {"accumulate": 1} | RUNS[name]
    method, processes = keys.pop("method"), 1 if keys.pop("alone", False) else many
    keys["accumulate"] = many // processes
    unit = keys.pop("unit", sharding.UNIT_BYTES)
    place = f"{shared['rows']}.{name}"
    own = {"method": method, "keys": keys, "unit": unit, "out": place, "gate": place + ".go"}
    return shared | own, processes


def main() -> int:
    """Run, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the measurements here")
    parser.add_argument("--processes", type=int, default=2, help="GPUs, or processes where there are none")
    parser.add_argument("--shapes", default="", help="of " + ", ".join(models.SHAPES))
    parser.add_argument("--steps", type=int, default=50, help="optimiser steps of each run")
    parser.add_argument("--only", default=",".join(DEFAULT), help="runs: " + ", ".join(RUNS))
    parser.add_argument("--deadline", type=float, default=1e9, help="start no run after so many seconds")
    parser.add_argument("--quick", action="store_true", help="12 steps")
    parser.add_argument("--profile", action="store_true", help="print where the GPU time of three steps goes")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        run_worker(json.loads(options.worker))
        return 0
    import torch

    gpu, started = torch.cuda.is_available(), time.monotonic()
    steps, many = 12 if options.quick else options.steps, options.processes
    results: dict[str, dict[str, Any]] = {}
    for shape in (options.shapes or ("0.5b,135m" if gpu else "tiny")).split(","):
        length = models.LENGTH if gpu else 256
        with tempfile.TemporaryDirectory() as scratch:
            folder, packed = Path(scratch) / "base", Path(scratch) / "rows.json"
            size = many * models.BATCH
            shared = {
                "step": size,
                "folder": str(folder),
                "steps": steps,
                "rows": str(packed),
                "length": length,
                "profile": options.profile,
            }
            groups = gather(options.only.split(","), many)
            held = {
                name: Held(*describe(name, shared, many), place if len(names) > 1 else None)
                for names in groups
                for place, name in enumerate(names)
            }
            models.make_base(folder, models.SHAPES[shape])
            rows = models.make_rows(size * steps, models.SHAPES[shape]["vocab_size"], length)
            packed.write_text(json.dumps(rows), encoding="utf-8")
            for names in groups:
                if time.monotonic() - started > options.deadline:
                    print(f"{shape}.{', '.join(names)}: not started, the time is up", flush=True)
                    for name in names:
                        held[name].process.terminate()
                    continue
                begun = time.monotonic()
                with ThreadPoolExecutor(len(names)) as pool:
                    found = list(pool.map(Held.finish, [held[name] for name in names]))
                seconds = round(time.monotonic() - begun)
                for name, measured in zip(names, found):
                    tell(f"{shape}.{name}", measured, seconds)
                    if measured is not None:
                        results[f"{shape}.{name}"] = measured | {"method": RUNS[name]["method"]}
                report(results, options.json, quiet=True)  # a run that is cut off keeps what it measured
    report(results, options.json)
    return 0


def tell(name: str, found: dict[str, Any] | None, seconds: int) -> None:
    """Print what a run measured."""
    if found is None:
        print(f"{name}: failed", flush=True)
        return
    speed = f"{found['tokens_per_s']:,} tokens/s, {found['step_ms']} ms ± {found['spread_ms']}"
    print(f"{name}: {speed}, {found['peak_gb']} GB; {seconds} s in all", flush=True)
    if profile := found.pop("profile", ""):
        print(profile, flush=True)


def report(results: dict[str, dict[str, Any]], path: Path | None, quiet: bool = False) -> None:
    """Ratios to one GPU, differences of the losses, memory of shards against copies."""
    metrics: dict[str, float] = {}
    claims = []
    lines = [
        "run                     tokens/s  ×1 GPU  step ms  peak GB  ÷DDP  loss of a step differs by, loss at the end"
    ]
    for name, found in results.items():
        kind = name.rpartition(".")[0] + "." + found["method"]
        base, copies = results.get(f"{kind}-1"), results.get(f"{kind}-ddp")
        ratio = found["tokens_per_s"] / base["tokens_per_s"] if base else float("nan")
        differs = max(abs(a - b) / b for a, b in zip(found["losses"], base["losses"])) if base else float("nan")
        memory = found["peak_gb"] / copies["peak_gb"] if copies and copies["peak_gb"] else float("nan")
        lines.append(
            f"{name:<22} {found['tokens_per_s']:>9,}  {ratio:6.3f}  {found['step_ms']:7.1f}  {found['peak_gb']:7.2f}  "
            f"{memory:4.2f}  {differs:.4%}  {found['losses'][0]:.4f} → {found['losses'][-1]:.4f}"
        )
        metrics |= {f"{name}.tokens_per_s": found["tokens_per_s"], f"{name}.peak_gb": found["peak_gb"]}
        if base and base is not found:
            target = SCALING * found["processes"]
            metrics |= {f"{name}.scaling": ratio, f"{name}.loss_difference": differs}
            claims.append(harness.claim(f"{name}: loss of a step differs", LOSS, differs, at_most=True))
            claims.append(harness.claim(f"{name}: tokens/s ÷ one GPU's", target, ratio))
        if found["sharded"] and memory == memory:
            metrics[f"{name}.memory_ratio"] = memory
            claims.append(harness.claim(f"{name}: memory against DDP", MEMORY, memory, at_most=True))
    if not quiet:
        print("\n" + "\n".join(lines))
        missed = [claim for claim in claims if not claim["met"]]
        print("\n".join(f"missed: {c['text']}: {c['measured']}, target {c['target']}" for c in missed) or "all met")
    device = next((found["device"] for found in results.values()), "none")
    packages = harness.versions(("trl", "peft", "accelerate"))
    harness.finish(path, metrics, claims, packages, True, gpu=device, runs=results)


if __name__ == "__main__":
    raise SystemExit(main())
