"""A recipe and the configuration of its base in; bytes of disk and memory out, and what there is of both.

Arithmetic on the shape alone: a guide for a person, and an error only where a run cannot fit.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.console import format_bytes, format_table
from sxl_data.contract.errors import Finding, error, finding
from sxl_train.config import Recipe
from sxl_train.run import hub
from sxl_train.run.apart import count_processes
from sxl_train.run.bases import configure, find_gguf, resolve
from sxl_train.run.checkpoints import count_weights, opening

if TYPE_CHECKING:
    from transformers import PretrainedConfig


def find_config(recipe: Recipe) -> PretrainedConfig:
    """The configuration of the base, or what the toy's will be. Raises `UserError` T101."""
    from transformers import AutoConfig

    where = recipe.base_model
    if where == "demo":
        return configure(recipe.base, recipe.base.vocabulary)
    path = Path(where)
    if path.is_dir() and find_gguf(where) is None:
        missing = [name for name in ("config.json", "tokenizer_config.json") if not (path / name).exists()]
        if not list(path.glob("*.safetensors")) and not list(path.glob("pytorch_model*.bin")):
            missing.append("*.safetensors")
        if missing:
            raise error("T101", file=where, found="no " + ", no ".join(missing))
    elif find_gguf(where) is None:
        hub.require_id(where)
    with opening(where):
        return AutoConfig.from_pretrained(resolve(where), revision=recipe.revision).get_text_config()


def check_disk(recipe: Recipe, config: PretrainedConfig) -> list[Finding]:
    """Every step's folder in bf16, and two checkpoints; adapters add little."""
    folders = len(recipe.steps) + (2 * 6 if recipe.method == "full" else 1)
    need = 2 * count_weights(config) * folders
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


def check_memory(recipe: Recipe, config: PretrainedConfig, capacity: int) -> list[Finding]:
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


def forecast_memory(recipe: Recipe, config: PretrainedConfig, capacity: int) -> tuple[int, int]:
    """Bytes of weights with optimiser, and of one sequence's activations; a guide, not a promise."""
    import torch

    wide = 1 if torch.cuda.is_available() else 2  # a CPU trains in float32
    weights = count_weights(config)
    hidden, layers, mlp = config.hidden_size, config.num_hidden_layers, config.intermediate_size
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
        fixed //= count_processes()
    return fixed, each


def show_memory(recipe: Recipe, capacity: int) -> str:
    """The forecast as a table."""
    config = find_config(recipe)
    fixed, each = forecast_memory(recipe, config, capacity)
    rows = [
        ("base", f"{count_weights(config) / 1e6:.1f} M parameters"),
        ("weights and optimiser", format_bytes(fixed)),
        (f"activations of one sequence of {capacity}", format_bytes(each)),
        ("there is", format_bytes(find_memory())),
    ]
    return format_table(("memory forecast", ""), rows)
