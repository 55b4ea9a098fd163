"""The loss from hidden states against the plain one over all logits."""

from __future__ import annotations

import pytest
import torch

from sxl_train.tune import cross_entropy, loss


def make(
    width: int, vocabulary: int, tokens: int, bias: bool = True
) -> tuple[torch.Tensor, torch.nn.Linear, torch.Tensor]:
    torch.manual_seed(0)
    head = torch.nn.Linear(width, vocabulary, bias=bias)
    return torch.randn(tokens, width, requires_grad=True), head, torch.randint(0, vocabulary, (tokens,))


@pytest.mark.parametrize(
    ("most", "logits", "plain"), [(loss.MOST, 99, False), (1, 99, False), (1, 9999, False), (1, 99, True)]
)
def test_losses_of_tokens_and_their_gradients_are_those_of_all_logits(
    most: int, logits: int, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden, head, labels = make(16, 33, 50)
    trained, weights = (hidden, head.weight, head.bias), torch.rand(50)
    expected = torch.nn.functional.cross_entropy(head(hidden), labels, reduction="none")
    wanted = torch.autograd.grad((expected * weights).sum(), trained)
    monkeypatch.setattr(loss, "MOST", most)  # 1: chunks on this processor too
    monkeypatch.setattr(cross_entropy, "LOGITS", logits)  # 99: three tokens at a time, the last two alone
    made = loss.measure(hidden, head, labels, weights, plain)
    got = torch.autograd.grad(made, trained)
    assert torch.allclose((expected * weights).sum(), made, rtol=1e-5)
    assert all(torch.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in zip(wanted, got))


@pytest.mark.parametrize("most", [loss.MOST, 1])
def test_rows_trained_in_a_head_with_bias_are_as_if_written_into_it(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from peft.utils.other import TrainableTokensWrapper

    hidden, head, labels = make(8, 12, 20)
    head.requires_grad_(False)
    wrapper = TrainableTokensWrapper(head, "default", [2, 11], None)
    (rows,) = wrapper.token_adapter.trainable_tokens_delta.values()
    with torch.no_grad():
        rows += torch.randn_like(rows)
    logits = torch.nn.functional.linear(hidden, head.weight.index_copy(0, torch.tensor([2, 11]), rows), head.bias)
    expected = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    (wanted,) = torch.autograd.grad(expected.sum(), [rows])
    monkeypatch.setattr(loss, "MOST", most)
    made = loss.measure(hidden, wrapper, labels, torch.ones(20))
    (got,) = torch.autograd.grad(made, [rows])
    assert torch.allclose(expected.sum(), made, rtol=1e-5)
    assert torch.allclose(wanted, got, rtol=1e-4, atol=1e-5)


def test_padded_places_point_at_a_token_that_is_not_trained() -> None:
    hidden, labels = torch.randn(1, 6, 4), torch.tensor([[-100, 3, -100, 5, 6, -100]])
    weights = torch.tensor([[0.0, 1.0, 0.0, 0.5, 1.0, 0.0]])
    _, following, chosen = loss.select_trained(hidden, labels, weights, torch.tensor([0, 2, 3, 5, 5]))
    assert following.tolist() == [3, 5, 6, -100, -100]
    assert chosen.tolist() == [1.0, 0.5, 1.0, 0.0, 0.0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_loss_and_gradients_on_a_gpu_are_those_of_float32() -> None:
    hidden, head, labels = make(64, 5000, 300, bias=False)
    weights = torch.rand(300)

    def differentiate(device: str, dtype: torch.dtype) -> list[torch.Tensor]:
        states = hidden.detach().to(device, dtype).requires_grad_()
        moved = torch.nn.Linear(64, 5000, bias=False, device=device, dtype=dtype)
        moved.weight.data.copy_(head.weight)
        total = loss.measure(states, moved, labels.to(device), weights.to(device))
        return [x.float().cpu() for x in (total, *torch.autograd.grad(total, (states, moved.weight)))]

    wanted, made = differentiate("cpu", torch.float32), differentiate("cuda", torch.bfloat16)
    assert all((a - b).norm() < 0.02 * a.norm() for a, b in zip(wanted, made, strict=True))
