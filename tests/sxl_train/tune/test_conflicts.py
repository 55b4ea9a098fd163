"""Keys that would silently do nothing are refused before anything is loaded."""

from __future__ import annotations

import importlib.util

import pytest

from sxl_train.run.recipes import open_recipe
from sxl_train.tune.conflicts import check_keys


def codes(*keys: str) -> list[str]:
    return [item.code for item in check_keys(open_recipe("demo", keys)[1].value)]


@pytest.mark.parametrize(
    "keys",
    [
        (),
        ("tune.weight_reflect=0.5",),
        ("tune.fast=false",),
        ("tune.fast=false", "tune.weight_reflect=0"),
        ("tune.shard=true", "method=full"),
        ("tune.shard=true", "method=lora", "tune.markers=none"),
        ("tune.patience=2", "tune.evaluate_every=5"),
        ("steps=[quantise]", "tune.fast=false", "tune.weight_act=0.5"),
        ("prune.mode=manual", "prune.layers=2"),
        ("distil.cache=c", "distil.top_k=8"),
        ("tune.dequantise=each",),
    ],
)
def test_keys_that_go_together_pass(keys: tuple[str, ...]) -> None:
    assert codes(*keys) == []


@pytest.mark.parametrize(
    "keys",
    [
        ("tune.fast=false", "tune.weight_reflect=0.5"),
        ("tune.shard=true", "method=lora"),
        ("tune.shard=true", "method=full", "tune.fast=false"),
        ("tune.patience=2",),
        ("prune.layers=2",),
        ("prune.mode=off", "prune.mlp=64"),
        ("distil.cache=c", "distil.top_k=0"),
        ("tune.dequantise=each", "method=lora"),
        ("tune.double_quant=false", "method=full"),
        ("base_model=elsewhere", "base.layers=2", "steps=[quantise]"),
    ],
    ids=lambda keys: "+".join(keys),
)
def test_key_that_would_do_nothing_is_refused(keys: tuple[str, ...]) -> None:
    assert codes(*keys) == ["T113"]


@pytest.mark.parametrize("tracker", ["trackio", "wandb"])
def test_tracker_that_is_not_installed_is_refused_by_name(tracker: str) -> None:
    expected = [] if importlib.util.find_spec(tracker) else ["T114"]
    assert codes(f"tune.report_to={tracker}") == expected
