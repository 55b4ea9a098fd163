"""A tiny model that counts, and one pruned of it, for tests of distillation."""

from __future__ import annotations

import torch

from sxl_train.data.samples import Sample
from sxl_train.prune.importance import measure_importance
from sxl_train.prune.slices import choose_cut, cut
from sxl_train.recovery import loop as distil

# Counting texts: the next token follows from the last, which a tiny model can learn and lose.
ROWS = [
    Sample([4 + (start + step * i) % 60 for i in range(24)], [0] * 4 + [1] * 20, 20)
    for start in range(30)
    for step in (1, 2)
]
TRAIN = distil.Settings(steps=60, lr=3e-3, batch=512, share=0.0)


def prune(model: torch.nn.Module) -> torch.nn.Module:
    return cut(model, choose_cut(measure_importance(model, ROWS[:4]), mlp=64, layers=2))
