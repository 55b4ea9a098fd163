"""A recipe in; findings about keys that would do nothing beside others, and about a tracker that is not there."""

from __future__ import annotations

import importlib.util

from sxl_data.contract.errors import Finding, finding
from sxl_train.config import Recipe


def check_keys(recipe: Recipe) -> list[Finding]:
    """Keys that would do nothing beside others, and a tracker that is not there."""
    tune, found = recipe.tune, []
    if "tune" not in recipe.steps:
        return []
    weights = {"tune.weight_reflect": tune.weight_reflect, "tune.weight_act": tune.weight_act}
    partial = [f"{key}={value}" for key, value in weights.items() if value not in (0, 1)]
    reason = find_plain_reason(recipe)
    if partial and reason:
        found.append(
            finding(
                "T113",
                found=", ".join(partial),
                expected=f"0 or 1: this run takes SFTTrainer's own loss, which knows no weights ({reason})",
            )
        )
    if tune.shard and recipe.method != "full" and tune.markers != "none":
        found.append(
            finding(
                "T113",
                found=f"tune.shard with method={recipe.method} and tune.markers={tune.markers}",
                expected="tune.markers=none or method=full: single rows of a shared-out embedding cannot "
                "be trained; without tune.shard every process holds a copy",
            )
        )
    if tune.shard and reason:
        found.append(finding("T113", found=f"tune.shard on the plain path ({reason})", expected="one of them"))
    if tune.patience and not tune.evaluate_every:
        found.append(
            finding(
                "T113",
                found=f"tune.patience={tune.patience} with tune.evaluate_every=0",
                expected="steps between validation passes, such as tune.evaluate_every=50",
            )
        )
    if tune.report_to != "none" and importlib.util.find_spec(tune.report_to) is None:
        found.append(
            finding("T114", found=f"tune.report_to={tune.report_to}", expected=f"pip install {tune.report_to}")
        )
    writes = recipe.quantise.scheme == "gguf" and "quantise" in recipe.steps
    if (writes or recipe.release.gguf) and importlib.util.find_spec("gguf") is None:
        found.append(finding("U402", found="no package gguf", expected="pip install 'sheikh-sxl[gguf]'"))
    return found


def find_plain_reason(recipe: Recipe) -> str | None:
    """Why tuning takes the plain path, or None."""
    from sxl_train.tune import fast

    if not recipe.tune.fast:
        return "tune.fast is off"
    if recipe.base_model == "demo":
        return None
    from transformers import AutoConfig

    return fast.can_be_fast(AutoConfig.from_pretrained(recipe.base_model, revision=recipe.revision))
