"""Training speed on one GPU: plain TRL against ours, same weights, same packed batches, same steps.

    python benchmarks/train_gpu.py [--quick] [--json FILE] [--only full,lora,qlora] [--variants NAME,…] [--profile]

A model of Qwen2.5-0.5B's shape with random weights, max_length 2048, 8 packed sequences a step. Document lengths
follow the percentiles of real rows (CodeAlpaca, GSM8K and tau-bench sessions under the Qwen2 tokenizer); tokens come
from a Markov source, so that the loss moves and curves can be compared. All tokens are trained: the case that favours
us least, since our loss skips what is not. Every variant runs in a process of its own. Reported: median step after
warm-up, tokens (padding not counted) a second, peak memory, MFU (products with weights alone, attention's not
counted), and the largest relative difference of the loss from plain TRL's with the same method: of means over ten
steps, and of a single step. ``--profile`` adds where the GPU time of three steps of each variant goes
(`train_kernels.py`), to the output and to the JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import train_kernels  # noqa: E402

PERCENTILES = (
    30,
    48,
    55,
    62,
    69,
    76,
    84,
    93,
    102,
    110,
    118,
    127,
    135,
    145,
    154,
    164,
    174,
    186,
    201,
    217,
    235,
    258,
    300,
    413,
    2048,
    2048,
)
"""Of document lengths, every fourth; longer ones are cut at 2048."""
LENGTH, BATCH = 2048, 8
SHAPES: dict[str, dict[str, Any]] = {
    "0.5b": {
        "vocab_size": 151936,
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "max_position_embeddings": 32768,
        "tie_word_embeddings": True,
        "rope_theta": 1e6,
        "rms_norm_eps": 1e-6,
        "eos_token_id": 0,
        "pad_token_id": 1,
    },
    "135m": {
        "model_type": "llama",
        "vocab_size": 49152,
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "max_position_embeddings": 8192,
        "tie_word_embeddings": True,
        "rope_theta": 1e5,
        "rms_norm_eps": 1e-5,
        "eos_token_id": 0,
        "pad_token_id": 1,
    },
    "tiny": {
        "vocab_size": 512,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": True,
        "eos_token_id": 0,
        "pad_token_id": 1,
    },
}
VARIANTS: dict[str, dict[str, Any]] = {
    "trl": {},
    "trl-checkpointing": {"checkpointing": True},
    "ours-eager": {"compile": "never"},
    "ours": {"compile": "always"},
    "ours-kept": {"compile": "always", "recompute": 0.0},
    "ours-leaner": {"compile": "always", "recompute": 0.4},
    "ours-2x4": {"compile": "always", "accumulate": 2},
    "ours-checkpointing": {"compile": "always", "checkpointing": True},
    "ours-each": {"compile": "never", "dequantise": "each"},
}
DEFAULT = ("trl", "ours")
PROFILED = 3
"""Steps that ``--profile`` looks at, after warm-up; the median of the others is what is reported."""
METHODS = ("qlora", "lora", "full")


def make_rows(count: int, vocabulary: int, length: int, seed: int = 0) -> list[dict[str, Any]]:
    """Packed rows of a Markov source: half of the tokens follow from the one before."""
    import numpy as np

    from sxl_train.data.packing import pack

    random = np.random.default_rng(seed)
    marks = np.linspace(0, 1, len(PERCENTILES))
    follow = np.random.default_rng(1).permutation(vocabulary)
    lengths: list[int] = []
    while sum(lengths) < count * length * 1.02:
        lengths += [min(length, int(n)) for n in np.interp(random.random(256), marks, PERCENTILES)]
    groups = pack(lengths, length)
    order = random.permutation(len(groups))[:count]
    rows = []
    for group in (groups[i] for i in order):
        ids: list[int] = []
        labels: list[int] = []
        for index in group:
            size = lengths[index]
            fresh = np.minimum(random.zipf(1.3, size) + 1, vocabulary - 1)
            keep = random.random(size) < 0.5
            tokens = fresh.copy()
            for place in range(1, size):
                if keep[place]:
                    tokens[place] = follow[tokens[place - 1]]
            ids += tokens.tolist()
            labels += [-100, *tokens[1:].tolist()]
        rows.append(
            {
                "input_ids": ids,
                "labels": labels,
                "weights": [float(x != -100) for x in labels],
                "seq_lengths": [lengths[i] for i in group],
            }
        )
    return rows


def make_base(folder: Path, shape: dict[str, Any]) -> None:
    """Random weights and a stand-in tokenizer on disk."""
    import torch
    from tokenizers import Tokenizer, models
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    config = AutoConfig.for_model(**({"model_type": "qwen2"} | shape))
    model = AutoModelForCausalLM.from_config(config).to(torch.bfloat16)
    model.save_pretrained(folder)
    core = Tokenizer(models.WordLevel({"<eos>": 0, "<pad>": 1, "<unk>": 2}, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<eos>", pad_token="<pad>").save_pretrained(folder)


def find_port() -> str:
    """A port that nobody listens on, for processes of one machine to meet at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def launch_words(processes: int) -> list[str]:
    """What Python is told so that the words behind run in so many ``processes``."""
    return ["-m", "torch.distributed.run", "--nproc_per_node", str(processes), "--master_port", find_port()]


def run_variant(
    method: str,
    variant: str,
    folder: Path,
    rows: list[dict[str, Any]],
    steps: int,
    warm: int,
    profile: bool,
    length: int,
) -> dict[str, Any]:
    """One variant in this process."""
    import torch
    from transformers import AutoTokenizer, TrainerCallback

    from sxl_train.run.quiet import hush

    hush()
    gpu = torch.cuda.is_available()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    options = dict(VARIANTS[variant])
    out = Path(tempfile.mkdtemp())
    marks: list[float] = []
    losses: list[float] = []
    sizes = [sum(row["seq_lengths"]) for row in rows]
    profiler = train_kernels.make_profiler() if profile else None
    looked: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if profiler is not None and state.global_step == warm:
                torch.cuda.synchronize()
                profiler.__enter__()
                looked.append(time.perf_counter())

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if gpu:
                torch.cuda.synchronize()
            marks.append(time.perf_counter())
            if profiler is not None and state.global_step == warm + PROFILED:
                looked.append(marks[-1])
                profiler.__exit__(None, None, None)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                losses.append(float(logs["loss"]))

    if variant.startswith("trl"):
        trainer = make_plain(method, folder, tokenizer, rows, steps, out, options, gpu)
    else:
        trainer = make_ours(method, folder, tokenizer, rows, steps, out, options, length)
    trainer.add_callback(Clock())
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    trainer.train()
    total = time.perf_counter() - started
    times = [after - before for before, after in itertools.pairwise(marks)][warm:]
    step = statistics.median(times)
    tokens = BATCH * sum(sizes) / len(sizes) / step
    model = trainer.accelerator.unwrap_model(trainer.model)
    weights = sum(p.numel() for n, p in model.named_parameters() if "lora_" not in n and "trainable_tokens" not in n)
    found = {
        "method": method,
        "variant": variant,
        "step_ms": round(1000 * step, 2),
        "tokens_per_s": round(tokens),
        "losses": losses,
        "seconds": round(total, 1),
        "steps": len(marks),
        "spread_ms": spread(times),
    }
    if gpu:
        found["peak_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
        # 8-bit storage hides the count of 4-bit weights; the shape's own count is right for each method.
        found["device"] = torch.cuda.get_device_name()
    if profiler is not None:
        found["profile"] = train_kernels.summarise(profiler, PROFILED, looked[1] - looked[0])
    found["weights"] = weights
    return found


def spread(times: list[float]) -> float:
    """Between the first and third quartile, in ms."""
    quarters = statistics.quantiles(times, n=4)
    return round(1000 * (quarters[2] - quarters[0]), 2)


def make_plain(
    method: str,
    folder: Path,
    tokenizer: Any,
    rows: list[Any],
    steps: int,
    out: Path,
    options: dict[str, Any],
    gpu: bool,
) -> Any:
    """SFTTrainer as it comes: packed rows, padding-free, bf16; only checkpointing is as the variant says."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig
    from trl import SFTConfig, SFTTrainer

    quantised = None
    if method == "qlora":
        quantised = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16 if gpu else torch.float32,
        )
    dtype = torch.bfloat16 if method != "full" and gpu else torch.float32
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, quantization_config=quantised, device_map={"": 0} if gpu else "cpu"
    )
    adapters = None
    if method != "full":
        adapters = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
    torch.manual_seed(0)
    arguments = SFTConfig(
        output_dir=str(out),
        per_device_train_batch_size=BATCH,
        max_steps=steps,
        learning_rate=1e-4,
        lr_scheduler_type="cosine_with_min_lr",
        lr_scheduler_kwargs={"min_lr": 3e-5},
        warmup_steps=3,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        seed=0,
        data_seed=0,
        disable_tqdm=True,
        use_cpu=not gpu,
        bf16=gpu,
        gradient_checkpointing=bool(options.get("checkpointing")),
        packing=False,
        padding_free=True,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
    )
    plain = [{key: row[key] for key in ("input_ids", "labels", "seq_lengths")} for row in rows]
    return SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(plain),
        peft_config=adapters,
        processing_class=tokenizer,
    )


def make_ours(
    method: str,
    folder: Path,
    tokenizer: Any,
    rows: list[Any],
    steps: int,
    out: Path,
    options: dict[str, Any],
    length: int,
) -> Any:
    """The trainer that `sxl-train recipe` uses."""
    import torch

    from sxl_train.config import Tune
    from sxl_train.data.mask import Template
    from sxl_train.tune import adapt
    from sxl_train.tune.trainer import make_trainer

    accumulate = options.get("accumulate", 1)
    settings = Tune(
        max_steps=steps,
        batch=BATCH // accumulate,
        max_length=length,
        lr=1e-4,
        lr_floor=3e-5,
        warmup=3 / steps,
        save_every=10**6,
        markers="none",
        **options,
    )
    model = adapt.load(str(folder), method, settings)
    torch.manual_seed(0)
    model = adapt.adapt(model, method, settings, tokenizer, Template(""), [])
    trainer = make_trainer(model, tokenizer, rows, [], settings, 0, out, length)
    trainer.args.logging_steps = 1
    trainer.state.logging_steps = 1
    return trainer


def smooth(losses: list[float]) -> list[float]:
    """Means of ten steps."""
    return [statistics.fmean(losses[i : i + 10]) for i in range(0, len(losses) - 9, 10)]


def differ(losses: list[float], expected: list[float]) -> float:
    """The largest relative difference of two curves."""
    return max((abs(a - b) / b for a, b in zip(losses, expected)), default=float("nan"))


def main() -> int:
    """Run the variants, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="30 steps instead of 100")
    parser.add_argument("--json", type=Path, help="write the measurements here")
    parser.add_argument("--only", default=",".join(METHODS), help="methods, separated by commas")
    parser.add_argument("--variants", default="", help="variants, separated by commas: " + ", ".join(VARIANTS))
    parser.add_argument("--profile", action="store_true", help="where the GPU time of three steps of each variant goes")
    parser.add_argument("--shape", default="", choices=["", *SHAPES], help="0.5b on a GPU, tiny elsewhere")
    parser.add_argument("--steps", type=int, default=0, help="steps for each variant")
    parser.add_argument(
        "--deadline", type=float, default=1e9, help="start no variant after so many seconds, and say so"
    )
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        task = json.loads(options.worker)
        rows = json.loads(Path(task.pop("rows")).read_text(encoding="utf-8"))
        task["folder"] = Path(task["folder"])
        print("\n" + json.dumps(run_variant(rows=rows, **task)))
        return 0
    import torch

    gpu, started = torch.cuda.is_available(), time.monotonic()
    shape = SHAPES[options.shape or ("0.5b" if gpu else "tiny")]
    length = LENGTH if gpu else 256
    steps = options.steps or (30 if options.quick else 100)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder, packed = Path(scratch) / "base", Path(scratch) / "rows.json"
        make_base(folder, shape)
        rows = make_rows(BATCH * steps, shape["vocab_size"], length)
        packed.write_text(json.dumps(rows), encoding="utf-8")
        filled = sum(sum(row["seq_lengths"]) for row in rows) / len(rows) / length
        documents = sum(len(row["seq_lengths"]) for row in rows) / len(rows)
        print(f"{len(rows)} sequences of {length}, {filled:.1%} filled, {documents:.1f} documents each, {steps} steps")
        for method in options.only.split(","):
            for variant in options.variants.split(",") if options.variants else DEFAULT:
                if time.monotonic() - started > options.deadline:
                    print(f"{method} {variant}: not started, the time is up", flush=True)
                    continue
                begun = time.monotonic()
                task = {
                    "method": method,
                    "variant": variant,
                    "folder": str(folder),
                    "rows": str(packed),
                    "steps": steps,
                    "warm": min(10, steps // 3),
                    "length": length,
                    "profile": options.profile and gpu,
                }
                done = subprocess.run(
                    [sys.executable, __file__, "--worker", json.dumps(task)],
                    check=False,
                    stdout=subprocess.PIPE,
                    text=True,
                    env=dict(os.environ),
                )
                if done.returncode:
                    print(f"{method} {variant}: failed with {done.returncode}", flush=True)
                    continue
                results.append(json.loads(done.stdout.strip().splitlines()[-1]))
                found = results[-1]
                print(
                    f"{method:<6} {variant:<20} {found['tokens_per_s']:>8,} tokens/s  {found['step_ms']:8.1f} ms  "
                    f"{found.get('peak_gb', 0):6.2f} GB  ±{found['spread_ms']} ms, "
                    f"{time.monotonic() - begun:.0f} s in all",
                    flush=True,
                )
                if "profile" in found:
                    print(train_kernels.format_profile(found["profile"]), flush=True)
                if options.json:  # a run that is cut off keeps what it measured
                    options.json.write_text(json.dumps({"runs": results}), encoding="utf-8", newline="\n")
    report(results, shape, options.json)
    return 0


def claim(text: str, target: float, measured: float, met: bool) -> dict[str, Any]:
    """One line of the JSON's claims."""
    return {"text": text, "target": target, "measured": round(measured, 4), "met": met}


def report(results: list[dict[str, Any]], shape: dict[str, Any], path: Path | None) -> None:
    """The table with ratios to plain TRL, MFU and the difference of the loss curves; claims to JSON."""
    from sxl_train.run.log import PEAK_FLOPS

    heads, groups, hidden = shape["num_attention_heads"], shape["num_key_value_heads"], shape["hidden_size"]
    layer = 2 * hidden * hidden + 2 * hidden * hidden * groups // heads + 3 * hidden * shape["intermediate_size"]
    weights = shape["vocab_size"] * hidden + shape["num_hidden_layers"] * layer
    plain = {r["method"]: r for r in results if r["variant"] == "trl"}
    metrics: dict[str, float] = {}
    claims = []
    print("\nmethod  variant               tokens/s  ×TRL   peak GB  ÷TRL   MFU     loss differs by, of a step")
    for found in results:
        base = plain.get(found["method"])
        name = f"{found['method']}.{found['variant']}"
        flops = (6 if found["method"] == "full" else 4) * weights * found["tokens_per_s"]
        peak = next((v for k, v in PEAK_FLOPS.items() if k in found.get("device", "")), None)
        speed = found["tokens_per_s"] / base["tokens_per_s"] if base else float("nan")
        memory = found["peak_gb"] / base["peak_gb"] if base and "peak_gb" in found else float("nan")
        differs = differ(smooth(found["losses"]), smooth(base["losses"])) if base else float("nan")
        single = differ(found["losses"], base["losses"]) if base else float("nan")
        mfu = flops / peak if peak else 0.0
        print(
            f"{found['method']:<7} {found['variant']:<20} {found['tokens_per_s']:>9,}  {speed:4.2f}  "
            f"{found.get('peak_gb', 0):7.2f}  {memory:5.2f}  {mfu:6.1%}  {differs:8.3%}  {single:8.3%}"
        )
        metrics |= {
            f"{name}.tokens_per_s": found["tokens_per_s"],
            f"{name}.peak_gb": found.get("peak_gb", 0.0),
            f"{name}.mfu": mfu,
        }
        if base and found is not base:
            metrics |= {
                f"{name}.speedup": speed,
                f"{name}.memory_ratio": memory,
                f"{name}.loss_difference": differs,
                f"{name}.loss_difference_of_a_step": single,
            }
            claims += [
                claim(f"{name}: tokens/s against plain TRL", 3.0, speed, speed >= 3),
                claim(f"{name}: peak memory against plain TRL", 0.5, memory, memory <= 0.5),
                claim(f"{name}: loss of ten steps differs", 0.01, differs, differs <= 0.01),
            ]
    if path is not None:
        import platform

        import torch

        machine = {
            "gpu": results[0].get("device", "none") if results else "none",
            "torch": torch.__version__,
            "python": platform.python_version(),
        }
        document = {"machine": machine, "metrics": metrics, "claims": claims, "runs": results}
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    raise SystemExit(main())
