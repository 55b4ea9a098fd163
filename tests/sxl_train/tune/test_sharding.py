"""Checkpoints of narrow adapters, as a GPU trains them, and gradients clipped on parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.sxl_train import toys


def make(base: str, folder: Path) -> Any:
    """A trainer of bf16 adapters on four short rows."""
    from sxl_train.config import Tune
    from sxl_train.data.base import read_template
    from sxl_train.tune import adapt, fast
    from sxl_train.tune.trainer import make_trainer

    tune = Tune(max_steps=2, batch=1, max_length=64, markers="none", compile="never", save_every=1)
    tokenizer, template = read_template(base, "main")
    torch.manual_seed(0)
    model = adapt.adapt(adapt.load(base, "lora", tune), "lora", tune, tokenizer, template, [])
    fast.narrow(model)
    rows = [
        {
            "input_ids": [*range(9, 25)],
            "labels": [-100, *range(10, 25)],
            "weights": [0.0] + [1.0] * 15,
            "seq_lengths": [16],
        }
    ] * 4
    return make_trainer(model, tokenizer, rows, [], tune, 0, folder, 64)


def test_adapters_of_a_gpu_go_on_from_a_checkpoint_as_narrow_as_they_were(tmp_path: Path) -> None:
    from sxl_train import recipe

    toys.write_dataset(tmp_path / "toy", 10, 3)
    recipe.run(
        "demo",
        [
            *toys.TINY,
            f"dataset={tmp_path / 'toy'}",
            f"out={tmp_path / 'made'}",
            "steps=[tune]",
            "tune.max_steps=1",
            "tune.max_length=256",
            "method=lora",
        ],
    )
    base = str(tmp_path / "made" / "base")
    whole, resumed = make(base, tmp_path / "a"), make(base, tmp_path / "b")
    whole.train()
    resumed.train(resume_from_checkpoint=str(tmp_path / "a" / "checkpoints" / "checkpoint-1"))
    weights = dict(resumed.model.named_parameters())
    for name, weight in whole.model.named_parameters():
        assert weights[name].dtype == weight.dtype and torch.equal(weights[name], weight), name


@pytest.mark.parametrize("largest", [0.5, 1e3])
def test_gradients_are_clipped_as_torch_clips_them(largest: float) -> None:
    from sxl_train.tune.sharding import clip_gradients

    pairs = [(torch.nn.Parameter(torch.zeros(n)), torch.nn.Parameter(torch.zeros(n))) for n in (3, 5)]
    for ours, theirs in pairs:
        ours.grad = torch.arange(len(ours)).float()
        theirs.grad = ours.grad.clone()
    norm = clip_gradients([ours for ours, _ in pairs], largest)
    expected = torch.nn.utils.clip_grad_norm_([theirs for _, theirs in pairs], largest)
    assert float(norm) == pytest.approx(float(expected))
    for ours, theirs in pairs:
        assert ours.grad is not None and theirs.grad is not None and torch.allclose(ours.grad, theirs.grad)
