"""A recipe and the configuration of its base in; bytes of disk and memory out, and what there is of both.

Arithmetic on the shape alone, no weights: a guide for a person, and an error only where a run cannot fit.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sxl_data.contract.console import format_bytes, format_table
from sxl_data.contract.errors import Finding, error, finding
from sxl_train.config import Recipe
from sxl_train.run.bases import describe, find_gguf
from sxl_train.run.checkpoints import read_config
from sxl_train.run.objects import Object


def find_config(recipe: Recipe) -> Object:
    """``config.json`` of the base, or what the toy's will be. Raises `UserError` T101."""
    if recipe.base_model == "demo":
        shape = recipe.base
        return {"max_position_embeddings": shape.context, "parameters": count_toy(recipe)}
    file = find_gguf(recipe.base_model)
    if file is not None:
        return read_config(describe(file))
    path = Path(recipe.base_model)
    if path.is_dir():
        missing = [name for name in ("config.json", "tokenizer_config.json") if not (path / name).exists()]
        if not list(path.glob("*.safetensors")) and not list(path.glob("pytorch_model*.bin")):
            missing.append("*.safetensors")
        if missing:
            raise error("T101", file=recipe.base_model, found="no " + ", no ".join(missing))
        return read_config(path)
    if path.exists() or recipe.base_model.count("/") != 1 or recipe.base_model.startswith((".", "/")):
        raise error("T101", file=recipe.base_model, found="no such folder")
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(recipe.base_model, revision=recipe.revision)
    except Exception as problem:  # offline, unknown id, gated: the message says which
        text = str(problem).strip().splitlines()[0]
        raise error("T101", file=recipe.base_model, found=f"not in the local cache, and the hub said: {text}") from None
    return dict(config.get_text_config().to_dict())


def check_disk(recipe: Recipe, config: Object) -> list[Finding]:
    """Every step's folder in bf16, and two checkpoints; adapters add little."""
    weights = config.get("parameters") or count_weights(config)
    folders = len(recipe.steps) + (2 * 6 if recipe.method == "full" else 1)
    need = 2 * weights * folders
    place = Path(recipe.out or "build/train").absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if need > free:
        return [
            finding(
                "T107",
                file=str(place),
                found=f"{format_bytes(free)} free",
                expected=f"about {format_bytes(need)} for the steps' folders and checkpoints",
            )
        ]
    return []


def check_memory(recipe: Recipe, config: Object, capacity: int) -> list[Finding]:
    """T111 where the forecast exceeds the machine even with a quarter off, so that no run that fits is refused."""
    if "tune" not in recipe.steps:
        return []
    fixed, each = forecast_memory(recipe, config, capacity)
    need, total = fixed + each * max(1, recipe.tune.batch), find_memory()
    if 0.75 * need <= total:
        return []
    return [
        finding(
            "T111",
            found=f"{format_bytes(total)} of memory",
            expected=f"about {format_bytes(need)}: {format_bytes(fixed)} for weights and optimiser, "
            f"{max(1, recipe.tune.batch)} × {format_bytes(each)} for activations",
        )
    ]


def find_memory() -> int:
    """Bytes of the GPU, or of the machine where there is none."""
    import psutil
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[1])
    return int(psutil.virtual_memory().total)


def forecast_memory(recipe: Recipe, config: Object, capacity: int) -> tuple[int, int]:
    """Bytes of weights with optimiser, and of one sequence's activations; a guide, not a promise."""
    import torch

    wide = 1 if torch.cuda.is_available() else 2  # a CPU trains in float32
    weights = config.get("parameters") or count_weights(config)
    hidden = config.get("hidden_size") or recipe.base.hidden
    layers = config.get("num_hidden_layers") or recipe.base.layers
    mlp = config.get("intermediate_size") or recipe.base.mlp
    if recipe.method == "full":
        fixed = 16 * weights
    else:
        packed = recipe.method == "qlora" and recipe.tune.dequantise == "each"
        fixed = int((0.55 if packed else 2.0 * wide) * weights)
    each = int(wide * capacity * layers * (2 * (8 * hidden + 3 * mlp)))
    if recipe.tune.checkpointing:
        each = int(wide * (capacity * layers * 2 * hidden + capacity * 2 * (8 * hidden + 3 * mlp)))
    elif wide == 1 and recipe.tune.compile != "never":
        each = int(each * (1 - recipe.tune.recompute))
    if recipe.tune.shard:
        fixed //= int(os.environ.get("WORLD_SIZE", "1"))
    return fixed, each


def show_memory(recipe: Recipe, capacity: int) -> str:
    """The forecast as a table."""
    config = find_config(recipe)
    fixed, each = forecast_memory(recipe, config, capacity)
    weights = config.get("parameters") or count_weights(config)
    rows = [
        ("base", f"{weights / 1e6:.1f} M parameters"),
        ("weights and optimiser", format_bytes(fixed)),
        (f"activations of one sequence of {capacity}", format_bytes(each)),
        ("there is", format_bytes(find_memory())),
    ]
    return format_table(("memory forecast", ""), rows)


def count_toy(recipe: Recipe) -> int:
    shape = recipe.base
    each = 2 * shape.hidden * shape.hidden * (1 + shape.groups / shape.heads) + 3 * shape.hidden * shape.mlp
    return int(shape.vocabulary * shape.hidden + shape.layers * each)


def count_weights(config: Object) -> int:
    """Parameters of a decoder of the Llama family."""
    hidden, layers = int(config["hidden_size"]), int(config["num_hidden_layers"])
    heads = int(config["num_attention_heads"])
    groups = int(config.get("num_key_value_heads") or heads)
    size = int(config.get("head_dim") or hidden // heads)
    each = hidden * size * (2 * heads + 2 * groups) + 3 * hidden * int(config["intermediate_size"])
    tables = 1 if config.get("tie_word_embeddings", True) else 2
    return tables * int(config["vocab_size"]) * hidden + layers * each
