"""Training speed on one GPU: TRL as it is tuned (`peers.py`) against ours, over the same packed batches and steps.

    python benchmarks/train/gpu.py [--quick] [--json FILE] [--only full,lora,qlora] [--variants NAME[@BATCH],…]
        [--shape 0.5b|135m|tiny] [--runs SHAPE/METHOD/NAME[@BATCH],…] [--steps N] [--length N] [--together N]
        [--profile]

A model of Qwen2.5-0.5B's shape with random weights, max_length 2048, 8 packed sequences a step. Document lengths
follow the percentiles of real rows (CodeAlpaca, GSM8K and tau-bench sessions under the Qwen2 tokenizer); tokens come
from a Markov source, so that the loss moves and curves can be compared. All tokens are trained: the case that favours
us least, since our loss skips what is not. Every variant runs in a process of its own; ``--together N`` lets so many
compile at the same time and measures them in turns (`turns.py`). The loss is logged every ten steps and steps are timed
by the GPU's own events, so that the host may run ahead of it. Reported: mean and quartiles of steps after warm-up,
tokens (padding not counted) a second, peak memory, MFU (products with weights alone, attention's not counted), and the
largest relative difference of the loss, in means over ten steps, from the fastest peer that keeps packed documents
apart. A peer that compiles may take two minutes to start. ``--profile`` adds where the GPU time of three steps of each
variant goes (`profiles.py`), to the output and to the JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness
import profiles
from models import BATCH, LENGTH, SHAPES, make_base, make_rows
from peers import PEERS, SEES_OTHERS
from turns import run_together
from variants import LOGGED, VARIANTS, run_variant

DEFAULT = ("trl", "trl-padded-compile", "trl-flex-compile", "trl-documents-compile", "ours")
METHODS = ("qlora", "lora", "full")
NONE = float("nan")


def differ(losses: list[float], expected: list[float]) -> float:
    """The largest relative difference of two curves."""
    return max((abs(a - b) / b for a, b in zip(losses, expected)), default=float("nan"))


def main() -> int:
    """Run the variants, print the table, write the JSON."""
    parser = harness.options(__doc__, "30 steps instead of 100")
    parser.add_argument("--only", default=",".join(METHODS), help="methods, separated by commas")
    parser.add_argument("--variants", default="", help="variants, separated by commas: " + ", ".join(PEERS | VARIANTS))
    parser.add_argument("--profile", action="store_true", help="where the GPU time of three steps of each variant goes")
    parser.add_argument("--shape", default="", choices=["", *SHAPES], help="0.5b on a GPU, tiny elsewhere")
    parser.add_argument("--runs", default="", help="in place of these three: SHAPE/METHOD/NAME[@BATCH], by commas")
    parser.add_argument("--steps", type=int, default=0, help="steps for each variant")
    parser.add_argument(
        "--length", type=int, default=0, help="tokens of a packed sequence; 2048 on a GPU, 256 elsewhere"
    )
    parser.add_argument("--together", type=int, default=1, help="variants that compile side by side")
    parser.add_argument("--patience", type=float, default=600, help="seconds that variants have until their first turn")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        task = json.loads(options.worker)
        rows = json.loads(Path(task.pop("rows")).read_text(encoding="utf-8"))
        task["folder"] = Path(task["folder"])
        print("\n" + json.dumps(run_variant(rows=rows, **task)))
        return 0
    import torch

    gpu = torch.cuda.is_available()
    shape = options.shape or ("0.5b" if gpu else "tiny")
    names = options.variants.split(",") if options.variants else DEFAULT
    chosen = options.runs.split(",") if options.runs else []
    runs = [
        run.split("/") for run in chosen or [f"{shape}/{m}/{name}" for m in options.only.split(",") for name in names]
    ]
    length = options.length or (LENGTH if gpu else 256)
    steps = options.steps or (30 if options.quick else 100)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        sizes = [int(name.partition("@")[2] or BATCH) for *_, name in runs]
        for shape in {shape for shape, *_ in runs}:
            make_base(Path(scratch) / shape, SHAPES[shape])
            rows = make_rows(max(sizes) * steps, SHAPES[shape]["vocab_size"], length)
            (Path(scratch) / f"{shape}.json").write_text(json.dumps(rows), encoding="utf-8")
            filled = sum(sum(row["seq_lengths"]) for row in rows) / len(rows) / length
            documents = sum(len(row["seq_lengths"]) for row in rows) / len(rows)
            print(f"{shape}: {steps} steps of {length} tokens, {filled:.1%} filled, {documents:.1f} documents each")
        tasks = [
            {
                "shape": shape,
                "method": method,
                "variant": name.partition("@")[0],
                "batch": size,
                "folder": str(Path(scratch) / shape),
                "rows": str(Path(scratch) / f"{shape}.json"),
                "steps": steps,
                "warm": min(LOGGED, steps // 3),
                "length": length,
                "profile": options.profile and gpu,
            }
            for (shape, method, name), size in zip(runs, sizes)
        ]
        for first in range(0, len(tasks), options.together):
            begun = time.monotonic()
            for found in run_together(tasks[first : first + options.together], Path(scratch), options.patience):
                results.append(found)
                print(
                    f"{found['shape']} {found['method']:<6} {found['variant']:<20} {found['batch']:>3} "
                    f"{found['tokens_per_s']:>9,} tokens/s {found['step_ms']:8.1f} ms {found['quartiles_ms']} "
                    f"{found.get('peak_gb', 0):6.2f} GB, ready after {found['ready_s']:.0f} s",
                    flush=True,
                )
                if "profile" in found:
                    print(profiles.format_profile(found["profile"]), flush=True)
            print(f"{time.monotonic() - begun:.0f} s", flush=True)
            if options.json:  # a run that is cut off keeps what it measured
                options.json.write_text(json.dumps({"runs": results}), encoding="utf-8", newline="\n")
    report(results, options.json)
    return 0


def count_weights(shape: dict[str, Any]) -> int:
    """Weights that a token is multiplied with."""
    heads, groups, hidden = shape["num_attention_heads"], shape["num_key_value_heads"], shape["hidden_size"]
    layer = 2 * hidden * hidden + 2 * hidden * hidden * groups // heads + 3 * hidden * shape["intermediate_size"]
    return int(shape["vocab_size"] * hidden + shape["num_hidden_layers"] * layer)


def report(results: list[dict[str, Any]], path: Path | None) -> None:
    """The table with ratios to the fastest peer, MFU and the difference of the loss curves; claims to JSON."""
    from sxl_train.run.log import PEAK_FLOPS

    metrics: dict[str, float] = {}
    claims = []
    print(
        "\nshape method  variant                batch  tokens/s  ×peer  ×apart  peak GB  ÷peer  MFU     loss differs by"
    )
    for found in results:
        best = fastest(results, found, PEERS)
        apart = fastest(results, found, set(PEERS) - SEES_OTHERS)
        weights = count_weights(SHAPES[found["shape"]])
        name = f"{found['shape']}.{found['method']}.{found['variant']}@{found['batch']}"
        flops = (6 if found["method"] == "full" else 4) * weights * found["tokens_per_s"]
        peak = next((v for k, v in PEAK_FLOPS.items() if k in found.get("device", "")), None)
        speed, speed_apart = (found["tokens_per_s"] / peer["tokens_per_s"] if peer else NONE for peer in (best, apart))
        memory = found["peak_gb"] / best["peak_gb"] if best and "peak_gb" in found else NONE
        differs = differ(found["losses"], apart["losses"]) if apart else NONE
        mfu = flops / peak if peak else 0.0
        mark = "*" if found["variant"] in SEES_OTHERS else " "
        print(
            f"{found['shape']:<5} {found['method']:<7} {found['variant'] + mark:<22} {found['batch']:>3} "
            f"{found['tokens_per_s']:>9,}  {speed:5.2f}  {speed_apart:6.2f}  {found.get('peak_gb', 0):7.2f}  "
            f"{memory:5.2f}  {mfu:6.1%}  {differs:8.3%}"
        )
        metrics |= {
            f"{name}.tokens_per_s": found["tokens_per_s"],
            f"{name}.peak_gb": found.get("peak_gb", 0.0),
            f"{name}.mfu": mfu,
        }
        if found["variant"] in VARIANTS:
            figures = {"speedup": speed, "speedup_apart": speed_apart, "memory_ratio": memory, "loss": differs}
            metrics |= {f"{name}.{key}": value for key, value in figures.items() if value == value}
            if best:
                claims.append(harness.claim(f"{name}: tokens/s against the fastest peer", 1.3, speed))
            if apart:
                claims += [
                    harness.claim(f"{name}: tokens/s against the fastest that keeps documents apart", 2.0, speed_apart),
                    harness.claim(f"{name}: loss of ten steps differs", 0.01, differs, at_most=True),
                ]
    print("* packed documents see those before them: the loss is another one")
    device = results[0].get("device", "none") if results else "none"
    packages = harness.versions(("trl", "peft", "bitsandbytes", "accelerate"))
    harness.finish(path, metrics, claims, packages, gpu=device, runs=results)


def fastest(results: list[dict[str, Any]], like: dict[str, Any], names: Any) -> dict[str, Any] | None:
    """The fastest of the runs that are named, of the shape, method and batch of ``like``."""
    alike = ("shape", "method", "batch")
    some = [run for run in results if run["variant"] in names and all(run[key] == like[key] for key in alike)]
    return max(some, key=lambda run: run["tokens_per_s"], default=None)


if __name__ == "__main__":
    raise SystemExit(main())
