"""AdamW on bf16 weights: what float32 weights would have become."""

from __future__ import annotations

import copy

import torch

from sxl_train.tune.optimiser import MasterAdamW


def test_exact_weights_move_where_bf16_alone_would_stand_still() -> None:
    weight = torch.nn.Parameter(torch.full((4,), 1.0, dtype=torch.bfloat16))
    exact = torch.nn.Parameter(torch.full((4,), 1.0))
    ours, reference = MasterAdamW([weight], lr=1e-4), torch.optim.AdamW([exact], lr=1e-4, weight_decay=0.0)
    for _ in range(100):
        weight.grad, exact.grad = torch.ones_like(weight), torch.ones_like(exact)
        ours.step()
        reference.step()
    assert torch.allclose(ours.state[weight]["master"], exact.detach(), rtol=1e-6)
    assert torch.equal(weight.detach(), exact.detach().bfloat16())
    assert not torch.equal(weight.detach(), torch.ones_like(weight))


def test_restored_optimiser_keeps_float32() -> None:
    weight = torch.nn.Parameter(torch.rand(8).bfloat16())
    first = MasterAdamW([weight], lr=1e-3)
    weight.grad = torch.rand(8).bfloat16()
    first.step()
    second = MasterAdamW([weight], lr=1e-3)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert torch.equal(first.state[weight]["master"], second.state[weight]["master"])
    assert second.state[weight]["exp_avg"].dtype == torch.float32
