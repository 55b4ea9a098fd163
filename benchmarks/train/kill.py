"""A run killed on several GPUs goes on on one, and the other way round: are its next losses the same?

    python benchmarks/train/kill.py [--processes 2] [--json FILE]

Through the command that people use: `torchrun … -m sxl_train.recipe` on rows made here and a base of random weights,
killed with SIGKILL (launcher and workers) once it is past its second checkpoint, then started again with another number
of processes. The reference is the same recipe in the number of processes that the killed run began with, never killed.
LoRA in copies, full fine-tuning with shards (FSDP2). Reported: the checkpoint the run went on from, and the largest
relative difference of a loss in the steps right after it and in all later ones; as a measure for the latter, how far
two runs that are never killed come apart, one in one process and one in several: bf16 sums of gradients are rounded in
another order, and each step makes more of it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness
import models

METHODS = {"lora": ("method=lora",), "full": ("method=full", "tune.shard=true")}
STEPS, SAVE, NEXT = 40, 10, 5
TOLERANCE = 0.005
SMALL = ("base.hidden=64", "base.layers=2", "base.heads=2", "base.groups=1", "base.mlp=128")
LARGE = ("base.hidden=576", "base.layers=12", "base.heads=9", "base.groups=3", "base.mlp=1536")


def write_rows(path: Path, count: int) -> None:
    """Sums spelt out, so that the loss falls."""
    lines = []
    for number in range(count):
        terms = [(number * (7 + place) + place) % 97 for place in range(12)]
        question = "What is " + " plus ".join(map(str, terms)) + "?"
        answer = "; ".join(f"{sum(terms[:i])} + {terms[i]} = {sum(terms[: i + 1])}" for i in range(1, len(terms)))
        lines.append(
            json.dumps({"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]})
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def start(processes: int, words: list[str], log: Path) -> subprocess.Popen[bytes]:
    """The recipe in so many processes."""
    command = [sys.executable, *models.launch_words(processes), "-m", "sxl_train.recipe", "demo", *words]
    path = os.pathsep.join([str(harness.ROOT), os.environ.get("PYTHONPATH", "")])
    environment = dict(os.environ) | {"PYTHONPATH": path}
    with log.open("ab") as stream:
        return subprocess.Popen(command, stdout=stream, stderr=stream, env=environment)


def finish(processes: int, words: list[str], log: Path) -> None:
    """Run to the end; stops the benchmark with the run's own words where it fails."""
    if start(processes, words, log).wait():
        raise SystemExit(log.read_text(encoding="utf-8", errors="replace")[-6000:])


def kill_late(processes: int, words: list[str], log: Path, part: Path) -> bool:
    """Kill the run once it has logged a step behind its second checkpoint; whether it was still running."""
    running = start(processes, words, log)
    whole = part / "checkpoints" / f"checkpoint-{2 * SAVE}" / "trainer_state.json"
    while running.poll() is None:
        if whole.exists() and max(read_losses(part), default=0) > 2 * SAVE:
            family = [*psutil.Process(running.pid).children(recursive=True), psutil.Process(running.pid)]
            for process in family:
                process.kill()
            running.wait()
            psutil.wait_procs(family, timeout=30)
            return True
        time.sleep(0.005)
    return False


def read_losses(folder: Path) -> dict[int, float]:
    """Step → loss of a run's log."""
    try:
        lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    except OSError:
        return {}
    entries = [json.loads(line) for line in lines if line.endswith("\n")]
    return {entry["step"]: entry["loss"] for entry in entries if "loss" in entry}


def start_all(
    pool: ThreadPoolExecutor, method: str, words: list[str], many: int, place: Path
) -> tuple[dict[int, Future[dict[int, float]]], dict[tuple[int, int], Future[tuple[int, dict[int, float]]]]]:
    """The runs of a method: never killed, by their processes; killed, by those before and after. Losses are what is
    looked at and not time, so they may share the GPUs."""

    def run_whole(processes: int) -> dict[int, float]:
        out = place / f"{method}-whole-{processes}"
        finish(processes, [*words, f"tune.accumulate={many // processes}", f"out={out}"], out.with_suffix(".log"))
        return read_losses(out / "tune")

    def run_killed(first: int, second: int) -> tuple[int, dict[int, float]]:
        out = place / f"{method}-{first}-{second}"
        log = out.with_suffix(".log")
        case = [*words, f"tune.accumulate={many // first}", f"out={out}"]
        if not kill_late(first, case, log, out / "tune.part"):
            raise SystemExit(log.read_text(encoding="utf-8", errors="replace")[-6000:] + "\nnot killed")
        logged = log.stat().st_size
        finish(second, case, log)
        said = log.read_bytes()[logged:].decode("utf-8", "replace")
        went_on = next((line.split("-")[-1] for line in said.splitlines() if "continues from" in line), "0")
        return int(went_on), read_losses(out / "tune")

    killed = {pair: pool.submit(run_killed, *pair) for pair in ((many, 1), (1, many))}
    return {processes: pool.submit(run_whole, processes) for processes in (1, many)}, killed


def main() -> int:
    """Run every method and both directions; print and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the measurements here")
    parser.add_argument("--processes", type=int, default=2, help="GPUs, or processes where there are none")
    parser.add_argument("--only", default=",".join(METHODS), help="of " + ", ".join(METHODS))
    parser.add_argument("--at-once", type=int, default=0, help="runs at a time (default: 8 on GPUs, else 1)")
    options = parser.parse_args()
    import torch

    gpu, many = torch.cuda.is_available(), options.processes
    batch, length = (4, 512) if gpu else (1, 256)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        rows = place / "rows.jsonl"
        write_rows(rows, STEPS * many * batch * length // 80)  # a row is longer than that: one pass over them is enough
        common = [
            f"dataset={rows}",
            "steps=[tune]",
            f"tune.batch={batch}",
            f"tune.max_steps={STEPS}",
            f"tune.max_length={length}",
            f"tune.save_every={SAVE}",
            "tune.compile=never",
            "tune.lr=5e-5",
            "tune.lr_floor=5e-6",
            "tune.warmup=0.2",
        ]
        base = ["base.vocabulary=512", "base.context=1024", "base.steps=1", *(LARGE if gpu else SMALL)]
        finish(
            1,
            [
                f"dataset={rows}",
                "steps=[tune]",
                "method=full",
                "tune.max_steps=1",
                "tune.batch=1",
                "tune.compile=never",
                *base,
                f"out={place / 'made'}",
            ],
            place / "made.log",
        )
        common.append(f"base_model={place / 'made' / 'base'}")
        with ThreadPoolExecutor(options.at_once or (8 if gpu else 1)) as pool:
            measured = [
                (method, *start_all(pool, method, [*common, *METHODS[method]], many, place))
                for method in options.only.split(",")
            ]
            for method, whole, killed in measured:
                expected = {processes: run.result() for processes, run in whole.items()}
                for (first, second), run in killed.items():
                    went_on, losses = run.result()
                    results.append(compare(method, first, second, went_on, expected, losses))
    met = all(result["from_step"] >= SAVE and result["next"] <= TOLERANCE for result in results)
    claims = [
        harness.claim(
            f"{r['method']}: killed on {r['first']}, gone on with on {r['second']}: a next loss differs",
            TOLERANCE,
            r["next"],
            at_most=True,
        )
        for r in results
    ]
    device = torch.cuda.get_device_name() if gpu else "none"
    harness.finish(options.json, {}, claims, harness.versions(("trl", "peft")), True, gpu=device, runs=results)
    return 0 if met else 1


def compare(
    method: str, first: int, second: int, went_on: int, expected: dict[int, dict[int, float]], losses: dict[int, float]
) -> dict[str, Any]:
    """The largest relative differences of losses logged after the checkpoint; prints them."""
    whole = expected[first]
    assert set(losses) == set(whole), (sorted(losses), sorted(whole))
    after = {step: abs(losses[step] - whole[step]) / whole[step] for step in whole if step > went_on}
    near = max(differs for step, differs in after.items() if step <= went_on + NEXT)
    one, many = expected[1], expected[max(expected)]
    apart = max(abs(one[step] - many[step]) / one[step] for step in one if step > went_on)
    what = f"{method}: killed on {first}, from step {went_on} on {second}"
    print(
        f"{what}: losses of the next {NEXT} steps differ by at most {near:.4%}, of all {len(after)} by "
        f"{max(after.values()):.4%}; never killed, one process and {max(expected)} differ by {apart:.4%}",
        flush=True,
    )
    return {
        "method": method,
        "first": first,
        "second": second,
        "from_step": went_on,
        "next": near,
        "later": max(after.values()),
        "never_killed": apart,
        "losses": losses,
        "expected": whole,
    }


if __name__ == "__main__":
    raise SystemExit(main())
