"""The loss from hidden states against the plain one over all logits."""

from __future__ import annotations

import pytest
import torch

from sxl_train.tune.loss import cross_entropy


def test_weighted_loss_is_the_weighted_sum_of_token_losses() -> None:
    torch.manual_seed(0)
    hidden = torch.randn(50, 16, requires_grad=True)
    head, bias = torch.randn(33, 16, requires_grad=True), torch.randn(33, requires_grad=True)
    labels, weights = torch.randint(0, 33, (50,)), torch.rand(50)
    logits = torch.nn.functional.linear(hidden, head, bias)
    expected = (torch.nn.functional.cross_entropy(logits, labels, reduction="none") * weights).sum()
    wanted = torch.autograd.grad(expected, (hidden, head, bias))
    made = cross_entropy(hidden, head, labels, weights, bias)
    got = torch.autograd.grad(made * 1.0, (hidden, head, bias))
    assert torch.allclose(expected, made, rtol=1e-5)
    assert all(torch.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in zip(wanted, got))


def test_rows_that_stand_in_for_some_of_a_head_with_bias_are_as_if_written_into_it() -> None:
    torch.manual_seed(0)
    hidden, head, bias = torch.randn(20, 8), torch.randn(12, 8), torch.randn(12)
    places, rows = torch.tensor([2, 11]), torch.randn(2, 8, requires_grad=True)
    labels, weights = torch.randint(0, 12, (20,)), torch.rand(20)
    written = head.index_copy(0, places, rows)
    losses = torch.nn.functional.cross_entropy(hidden @ written.T + bias, labels, reduction="none")
    expected = (losses * weights).sum()
    made = cross_entropy(hidden, head, labels, weights, bias, places, rows)
    assert torch.allclose(expected, made, rtol=1e-5)
    (wanted,), (got,) = torch.autograd.grad(expected, [rows]), torch.autograd.grad(made, [rows])
    assert torch.allclose(wanted, got, rtol=1e-4, atol=1e-5)


def test_chunks_of_the_loss_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from sxl_train.tune import loss

    torch.manual_seed(0)
    hidden, head = torch.randn(100, 16, requires_grad=True), torch.randn(40, 16, requires_grad=True)
    labels, weights = torch.randint(0, 40, (100,)), torch.ones(100)
    whole = torch.autograd.grad(cross_entropy(hidden, head, labels, weights), (hidden, head))
    monkeypatch.setitem(loss.CHUNK_BYTES, "cpu", 1)
    parts = torch.autograd.grad(cross_entropy(hidden, head, labels, weights), (hidden, head))
    assert all(torch.allclose(a, b, rtol=1e-5, atol=1e-5) for a, b in zip(whole, parts))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("trained_rows", [False, True])
def test_compiled_chunks_on_a_gpu_give_the_loss_and_gradients_of_float32(trained_rows: bool) -> None:
    torch.manual_seed(0)
    hidden, head = torch.randn(300, 64), torch.randn(5000, 64) / 8
    labels, weights = torch.randint(0, 5000, (300,)), torch.rand(300)
    places = torch.tensor([3, 77, 4999]) if trained_rows else None
    rows = torch.randn(3, 64) / 8 if trained_rows else None

    def differentiate(device: str, dtype: torch.dtype) -> list[torch.Tensor]:
        moved = [None if x is None else x.to(device, dtype).requires_grad_() for x in (hidden, head, rows)]
        moved[1] = moved[1].detach() if trained_rows else moved[1]
        loss = cross_entropy(
            moved[0],
            moved[1],
            labels.to(device),
            weights.to(device),
            None,
            None if places is None else places.to(device),
            moved[2],
        )
        trained = [x for x in moved if x is not None and x.requires_grad]
        return [loss.float().cpu(), *(g.float().cpu() for g in torch.autograd.grad(loss, trained))]

    wanted, made = differentiate("cpu", torch.float32), differentiate("cuda", torch.bfloat16)
    assert all((a - b).norm() < 0.02 * a.norm() for a, b in zip(wanted, made, strict=True))
