"""A recipe in; findings about keys that would do nothing, and about packages that are not there, out."""

from __future__ import annotations

import importlib.util

from sxl_data.contract.errors import Finding, finding
from sxl_train.config import Base, Recipe
from sxl_train.run.forecast import find_config


def check_keys(recipe: Recipe) -> list[Finding]:
    """Keys that would do nothing, alone or beside others, and packages that are not there."""
    found = _check_idle(recipe)
    writes = recipe.quantise.scheme == "gguf" and "quantise" in recipe.steps
    if (writes or recipe.release.gguf) and importlib.util.find_spec("gguf") is None:
        found.append(finding("U402", found="no package gguf", expected="pip install 'sheikh-sxl[gguf]'"))
    return found + _check_tune(recipe) if "tune" in recipe.steps else found


def _check_idle(recipe: Recipe) -> list[Finding]:
    """Keys that nothing reads because of another key's value."""
    idle = []
    prune, distil = recipe.prune, recipe.distil
    if prune.mode != "manual":
        idle += [
            (f"prune.{axis}={getattr(prune, axis)}", "prune.mode=manual")
            for axis in ("vocabulary", "mlp", "layers", "groups")
            if getattr(prune, axis)
        ]
    if recipe.base_model != "demo" and recipe.base != Base():
        idle.append((f"base.* with base_model={recipe.base_model}", "base_model=demo: it is the toy's shape"))
    if recipe.method != "qlora" and recipe.tune.dequantise != "auto":
        idle.append((f"tune.dequantise={recipe.tune.dequantise} with method={recipe.method}", "method=qlora"))
    if recipe.method != "qlora" and not recipe.tune.double_quant:
        idle.append((f"tune.double_quant=false with method={recipe.method}", "method=qlora"))
    if distil.cache and not distil.top_k:
        idle.append(("distil.cache with distil.top_k=0", "distil.top_k > 0: a file holds top logits only"))
    return [finding("T113", found=found, expected=expected) for found, expected in idle]


def _check_tune(recipe: Recipe) -> list[Finding]:
    """Keys of the tuning that contradict each other, and a tracker that is not there."""
    from sxl_train.tune.fast import find_plain_reason

    tune, pairs = recipe.tune, []
    weights = {"tune.weight_reflect": tune.weight_reflect, "tune.weight_act": tune.weight_act}
    partial = [f"{key}={value}" for key, value in weights.items() if value not in (0, 1)]
    reason = find_plain_reason(find_config(recipe), tune)
    if partial and reason:
        loss = f"0 or 1: this run takes SFTTrainer's own loss, which knows no weights ({reason})"
        pairs.append((", ".join(partial), loss))
    if tune.shard and recipe.method != "full" and tune.markers != "none":
        keys = f"tune.shard with method={recipe.method} and tune.markers={tune.markers}"
        other = "tune.markers=none or method=full: single rows of a shared-out embedding cannot be trained; without "
        pairs.append((keys, other + "tune.shard every process holds a copy"))
    if tune.shard and reason:
        pairs.append((f"tune.shard on the plain path ({reason})", "one of them"))
    if tune.patience and not tune.evaluate_every:
        steps = "steps between validation passes, such as tune.evaluate_every=50"
        pairs.append((f"tune.patience={tune.patience} with tune.evaluate_every=0", steps))
    found = [finding("T113", found=keys, expected=expected) for keys, expected in pairs]
    if tune.report_to != "none" and importlib.util.find_spec(tune.report_to) is None:
        line = f"pip install {tune.report_to}"
        found.append(finding("T114", found=f"tune.report_to={tune.report_to}", expected=line))
    return found
