"""Attention inside documents: nothing crosses a border, and the GPU's kernel says what the plain one says."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from sxl_train.tune import attention
from sxl_train.tune.attention import attend, attend_each


def test_tokens_of_another_document_never_change_a_logit() -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(1, 4, 30, 16), torch.randn(1, 2, 30, 16), torch.randn(1, 2, 30, 16)
    borders = torch.tensor([0, 12, 30], dtype=torch.int32)
    before = attend_each(query, key, value, borders, None)
    key[:, :, :12], value[:, :, :12] = 9.0, -9.0
    after = attend_each(query, key, value, borders, None)
    assert torch.equal(before[:, 12:], after[:, 12:])
    assert not torch.equal(before[:, :12], after[:, :12])


def attend_and_differentiate(query: Any, key: Any, value: Any, borders: Any, **keys: Any) -> list[Any]:
    """The output and the gradients of its weighted sum, in float32 on the CPU."""
    inputs = [x.detach().requires_grad_() for x in (query, key, value)]
    made, _ = attend(None, *inputs, None, cu_seq_lens_q=borders, max_length_q=40, **keys)
    weights = torch.linspace(-1, 1, made.numel(), device=made.device).view_as(made)
    gradients = torch.autograd.grad((made.float() * weights).sum(), inputs)
    return [x.float().cpu() for x in (made, *gradients)]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("window", [None, 8])
@pytest.mark.parametrize("scaling", [None, 0.2])
def test_gpu_kernel_gives_the_values_and_gradients_of_separate_documents(
    scaling: float | None, window: int | None
) -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(1, 4, 64, 32), torch.randn(1, 2, 64, 32), torch.randn(1, 2, 64, 32)
    borders = torch.tensor([0, 1, 24, 64, 64, 64], dtype=torch.int32)  # empty slots at the end, as the collator makes
    attention.VARLEN[:] = [attention._find_varlen()]
    wanted = attend_and_differentiate(query, key, value, borders, scaling=scaling, sliding_window=window)
    inputs = [x.to("cuda", torch.bfloat16) for x in (query, key, value)]
    made = attend_and_differentiate(*inputs, borders.cuda(), scaling=scaling, sliding_window=window)
    assert all((a - b).norm() < 0.02 * a.norm() for a, b in zip(wanted, made, strict=True))
