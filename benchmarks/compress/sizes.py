"""Predicted against real files for the models that fit under 300 MB, and what had to be done to each.

Exact shapes, random weights: sizes do not depend on the values, and real weights are not at hand here. The
tokenizer is Qwen2's (given by --tokenizer) for the Qwen models; SmolLM2's is not at hand, so its place is
taken by Qwen2's cut to 49,152 tokens. For each model: the plan from config.json and tokenizer alone, the
cuts, NF4 or bf16 safetensors and a Q4_0 GGUF written for real, reloaded by transformers and by llama.cpp.

    python benchmarks/compress/sizes.py --tokenizer FOLDER [--models NAME…] [--json FILE] [--quick]
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

LIMIT = 300_000_000
COMMON = {"tie_word_embeddings": True, "max_position_embeddings": 8192, "bos_token_id": 0, "eos_token_id": 0}
SHAPES: dict[str, dict[str, Any]] = {
    "SmolLM2-135M": {
        "model_type": "llama",
        "vocab_size": 49152,
        "hidden_size": 576,
        "num_hidden_layers": 30,
        "intermediate_size": 1536,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "head_dim": 64,
    },
    "SmolLM2-360M": {
        "model_type": "llama",
        "vocab_size": 49152,
        "hidden_size": 960,
        "num_hidden_layers": 32,
        "intermediate_size": 2560,
        "num_attention_heads": 15,
        "num_key_value_heads": 5,
        "head_dim": 64,
    },
    "Qwen2.5-Coder-0.5B": {
        "model_type": "qwen2",
        "vocab_size": 151936,
        "hidden_size": 896,
        "num_hidden_layers": 24,
        "intermediate_size": 4864,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
    },
    "Qwen3-0.6B": {
        "model_type": "qwen3",
        "vocab_size": 151936,
        "hidden_size": 1024,
        "num_hidden_layers": 28,
        "intermediate_size": 3072,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 128,
    },
    "Qwen2.5-Coder-1.5B": {
        "model_type": "qwen2",
        "vocab_size": 151936,
        "hidden_size": 1536,
        "num_hidden_layers": 28,
        "intermediate_size": 8960,
        "num_attention_heads": 12,
        "num_key_value_heads": 2,
    },
}
QUICK = {
    "tiny": {
        "model_type": "qwen2",
        "vocab_size": 151936,
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "intermediate_size": 128,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
    }
}


def measure_model(
    name: str, config: dict[str, Any], tokenizer: Path, work: Path, limit: int, answer: bool
) -> dict[str, Any]:
    """Plan, build, cut, store and reload one model; its row of the table."""
    from sxl_train.plan import step as plan

    started = time.monotonic()
    folder = work / "whole"
    prepare_tokenizer(tokenizer, folder, config["vocab_size"])
    shape = plan.read_shape(config)
    vocabulary = plan.read_vocabulary(folder)
    chosen = plan.choose(shape, vocabulary, limit, ["bf16", "f8", "int4", "nf4_dq"])
    small = plan.choose(shape, vocabulary, limit, ["q4_0+q8_0", "q4_0"])
    if small is not None:  # every matrix alike: what room is left is not spent here
        axes = {axis: getattr(small, axis) for axis in ("vocabulary", "mlp", "layers", "groups")}
        small = plan.measure(shape, shape.prune(**axes), small.format, vocabulary, limit)
    row: dict[str, Any] = {"model": name, "parameters": shape.count(), "plan_s": time.monotonic() - started}
    if chosen is None:
        best = min(plan.forecast_sizes(shape, vocabulary, ["nf4_dq", "q4_0"], limit), key=lambda p: p.total)
        return row | {"verdict": "teacher", "smallest": best.total}
    row |= {"steps": name_steps(shape, chosen), "predicted": chosen.total, "format": chosen.format, "kept": chosen.kept}
    started = time.monotonic()
    model = make_model(config)
    row["make_s"] = time.monotonic() - started
    started = time.monotonic()
    stored = store(model, folder, work, shape, chosen)
    row["steps_s"] = time.monotonic() - started
    row |= weigh(stored, chosen.total, limit)
    if answer:
        row["transformers"] = check_folder(stored)
    if small is not None:
        started = time.monotonic()
        path = store(model, folder, work, shape, small)
        row |= {
            "gguf_steps": name_steps(shape, small),
            "gguf_format": small.format,
            "gguf_predicted": small.total,
            "gguf_real": path.stat().st_size,
            "gguf_s": time.monotonic() - started,
        }
        if answer:
            row["llama.cpp"] = check_gguf(path)
    return row


def prepare_tokenizer(source: Path, folder: Path, rows: int) -> None:
    """The tokenizer in ``folder``, cut to ``rows`` tokens where the model has fewer."""
    from sxl_train.data import vocabulary
    from sxl_train.run.checkpoints import copy_tokenizer

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    whole = vocabulary.read_tokenizer(source)
    if len(whole["model"]["vocab"]) <= rows:
        copy_tokenizer(source, folder)
        return
    kept = vocabulary.choose_tokens(whole, Counter(), rows)
    vocabulary.write_tokenizer(source, folder, vocabulary.trim_tokenizer(whole, kept), kept)


def make_model(config: dict[str, Any]) -> Any:
    """Random bf16 weights of the exact shape."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    values = COMMON | {key: value for key, value in config.items() if key != "model_type"}
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(config["model_type"], **values))
    finally:
        torch.set_default_dtype(torch.float32)
    model.config.dtype = torch.bfloat16
    return model.eval()


def store(model: Any, tokenizer: Path, work: Path, shape: Any, chosen: Any) -> Path:
    """Cut ``model`` as planned (the first of everything: random weights have no better) and write it."""
    from sxl_train.data import vocabulary
    from sxl_train.plan import step as plan
    from sxl_train.plan.choose import FORMAT_COSTS
    from sxl_train.plan.room import expect_costs, spend_room
    from sxl_train.plan.step import GGUF
    from sxl_train.prune import slices
    from sxl_train.prune.importance import Importance
    from sxl_train.quantise import step as quantise
    from sxl_train.run import checkpoints

    flat = Importance([[0.0] * shape.mlp] * shape.layers, [[0.0] * shape.groups] * shape.layers, [0.0] * shape.layers)
    made, source = model, tokenizer
    plain = work / "plain"
    shutil.rmtree(plain, ignore_errors=True)
    if (chosen.mlp, chosen.layers, chosen.groups) != (shape.mlp, shape.layers, shape.groups):
        made = slices.cut(model, slices.choose_cut(flat, chosen.layers, chosen.mlp, chosen.groups))
    if chosen.vocabulary < shape.vocabulary:
        import copy

        made = copy.deepcopy(made) if made is model else made
        whole = vocabulary.read_tokenizer(tokenizer)
        kept = vocabulary.choose_tokens(whole, Counter(), chosen.vocabulary)
        vocabulary.trim_model(made, kept)
        source = work / "tokenizer"
        vocabulary.write_tokenizer(tokenizer, source, vocabulary.trim_tokenizer(whole, kept), kept)
    checkpoints.save(made, plain, source)
    cut = plan.read_shape(checkpoints.read_config(plain))
    base = plan.measure(cut, cut, chosen.format, plan.read_vocabulary(plain), chosen.total).total
    # Random weights have no sensitive ones: every weight is worth the same.
    costs = expect_costs(cut, FORMAT_COSTS)
    others = spend_room(cut, chosen.format, max(chosen.total - base, 0), costs)
    if chosen.format in GGUF:
        from sxl_train.storage import gguf

        return gguf.write(plain, work / "model.gguf", chosen.format, others)
    if chosen.format == "bf16":
        return plain
    shutil.rmtree(work / "stored", ignore_errors=True)
    return quantise.quantise(plain, work / "stored", chosen.format, others)


def weigh(folder: Path, predicted: int, limit: int) -> dict[str, Any]:
    """Real bytes, how far the forecast was off, and whether the gate passes."""
    from sxl_data.contract.errors import GateMissed
    from sxl_train.run import size

    report = size.measure(folder)
    try:
        size.require(folder, limit)
        met = True
    except GateMissed:
        met = False
    return {"real": report.total, "off": predicted / report.total - 1, "met": met, "files": dict(report.files)}


def check_folder(folder: Path) -> dict[str, float]:
    from sxl_train.release.verify import verify_folder

    verdict = verify_folder(folder, new_tokens=4)
    return {"load_s": verdict.load_s, "tokens_per_s": verdict.tokens_per_s}


def check_gguf(path: Path) -> dict[str, float] | None:
    from sxl_train.release import gguf_check
    from sxl_train.release.verify import verify_gguf

    if not gguf_check.is_available():
        return None
    verdict = verify_gguf(path, "def add(a, b):", new_tokens=8)
    return {"load_s": verdict.load_s, "tokens_per_s": verdict.tokens_per_s}


def name_steps(shape: Any, chosen: Any) -> str:
    cuts = [
        f"{axis} {getattr(shape, axis)} → {getattr(chosen, axis)}"
        for axis in ("vocabulary", "mlp", "layers", "groups")
        if getattr(chosen, axis) != getattr(shape, axis)
    ]
    return ", ".join([*cuts, chosen.format])


def main() -> int:
    parser = harness.options(__doc__, "a tiny model of the same kind")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of Qwen2's tokenizer files")
    parser.add_argument("--models", nargs="+", default=list(SHAPES))
    parser.add_argument("--work", type=Path, help="where to build; a temporary folder otherwise")
    parser.add_argument("--no-answer", action="store_true", help="do not load the files again")
    options = parser.parse_args()
    shapes = QUICK if options.quick else {name: SHAPES[name] for name in options.models}
    limit = 12_000_000 if options.quick else LIMIT
    rows = []
    for name, config in shapes.items():
        with tempfile.TemporaryDirectory(dir=options.work) as folder:
            row = measure_model(name, COMMON | config, options.tokenizer, Path(folder), limit, not options.no_answer)
        rows.append(row)
        print(json.dumps({k: v for k, v in row.items() if k != "files"}, ensure_ascii=False), flush=True)
    done = [row for row in rows if "real" in row]
    worst = max((abs(row["off"]) for row in done), default=0.0)
    worst_gguf = max((abs(r["gguf_predicted"] / r["gguf_real"] - 1) for r in done if "gguf_real" in r), default=0.0)
    claims = [
        {
            "text": "the forecast from config.json and tokenizer is the real size",
            "target": "within 0.01",
            "measured": round(worst, 5),
            "met": worst <= 0.01,
        },
        {
            "text": "the forecast of a GGUF file is its real size",
            "target": "within 0.01",
            "measured": round(worst_gguf, 5),
            "met": worst_gguf <= 0.01,
        },
        {
            "text": "every model of 0.6 B or less is delivered under the limit",
            "target": str(limit),
            "measured": max((row["real"] for row in done), default=0),
            "met": bool(done) and all(r["met"] for r in done),
        },
    ]
    metrics = {
        f"{row['model']} {key}": row[key]
        for row in done
        for key in ("predicted", "real", "off", "steps_s", "gguf_predicted", "gguf_real")
        if key in row
    }
    harness.finish(options.json, metrics, claims, rows=rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
