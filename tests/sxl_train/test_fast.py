"""The fast path against the plain one: logits, loss and every gradient, on tiny models in float32."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from sxl_train import fast
from sxl_train.attention import _attend_each
from sxl_train.collate import Flatten
from sxl_train.loss import cross_entropy
from sxl_train.optimiser import MasterAdamW

SHAPE = {
    "vocab_size": 160, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 256, "tie_word_embeddings": True, "pad_token_id": 1,
}  # fmt: skip
ROWS = [
    {"input_ids": list(range(2, 42)), "seq_lengths": [25, 15]},
    {"input_ids": list(range(60, 120)), "seq_lengths": [10, 30, 20]},
]
for row in ROWS:
    starts = {sum(row["seq_lengths"][:i]) for i in range(len(row["seq_lengths"]))}
    row["weights"] = [0.0 if i in starts or i % 3 == 0 else 1.0 for i in range(len(row["input_ids"]))]
    row["labels"] = [t if w else -100 for t, w in zip(row["input_ids"], row["weights"])]


def make(kind: str, **keys: Any) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    extra = {"head_dim": 16} if kind == "qwen3" else {}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **(SHAPE | extra | keys)))
    model.config.use_cache = False
    return model.train()


def adapt(model: Any, **keys: Any) -> Any:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM",
                        trainable_token_indices={"embed_tokens": [5, 7, 70]}, **keys)  # fmt: skip
    adapted = get_peft_model(model, config)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:  # zero at the start would hide errors in A's gradient
            torch.nn.init.normal_(parameter, std=0.05)
    return adapted


def run_plain(model: Any) -> tuple[float, dict[str, Any]]:
    """Each document alone, through transformers' own attention and logits."""
    total = torch.zeros(())
    for row in ROWS:
        start = 0
        for length in row["seq_lengths"]:
            ids = torch.tensor([row["input_ids"][start : start + length]])
            labels = torch.tensor(row["labels"][start : start + length])
            logits = model(input_ids=ids).logits[0, :-1].float()
            total = total + torch.nn.functional.cross_entropy(
                logits, labels[1:], reduction="sum", ignore_index=-100
            )
            start += length
    total.backward()
    return total.item(), {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def run_fast(model: Any, length: int = 0) -> tuple[float, dict[str, Any]]:
    fast.make_fast(model, compile_layers=False)
    outputs = model(**Flatten(1, 64, length)(ROWS))
    outputs["loss"].backward()
    return outputs["loss"].item(), {
        n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None
    }


def compare(plain: tuple[float, dict[str, Any]], made: tuple[float, dict[str, Any]]) -> float:
    """The largest gradient error relative to the largest gradient of its tensor."""
    assert plain[1].keys() == made[1].keys()
    assert abs(plain[0] - made[0]) < 1e-5 * abs(plain[0])
    return max(((plain[1][n] - made[1][n]).abs().max() / plain[1][n].abs().max()).item() for n in plain[1])


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("length", [0, 64])
def test_packed_documents_give_the_loss_and_gradients_of_separate_ones(kind: str, length: int) -> None:
    model = make(kind)
    assert compare(run_plain(copy.deepcopy(model)), run_fast(model, length)) < 1e-4


def test_untied_head_gets_its_own_gradient() -> None:
    model = make("llama", tie_word_embeddings=False)
    assert compare(run_plain(copy.deepcopy(model)), run_fast(model)) < 1e-4


def test_adapters_and_trained_rows_give_the_gradients_of_peft() -> None:
    model = adapt(make("llama"))
    plain, made = run_plain(copy.deepcopy(model)), run_fast(model)
    assert any("trainable_tokens" in name for name in made[1])
    assert compare(plain, made) < 1e-4


def test_dora_keeps_its_own_forward_and_the_same_gradients() -> None:
    model = adapt(make("llama"), use_dora=True)
    assert compare(run_plain(copy.deepcopy(model)), run_fast(model)) < 1e-4


def test_checkpointing_changes_nothing() -> None:
    model = make("llama")
    plain = run_plain(copy.deepcopy(model))
    model.gradient_checkpointing_enable({"use_reentrant": False})
    assert compare(plain, run_fast(model)) < 1e-4


def test_tokens_of_another_document_never_change_a_logit() -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(1, 4, 30, 16), torch.randn(1, 2, 30, 16), torch.randn(1, 2, 30, 16)
    borders = torch.tensor([0, 12, 30], dtype=torch.int32)
    before = _attend_each(query, key, value, borders, None)
    key[:, :, :12], value[:, :, :12] = 9.0, -9.0
    after = _attend_each(query, key, value, borders, None)
    assert torch.equal(before[:, 12:], after[:, 12:])
    assert not torch.equal(before[:, :12], after[:, :12])


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


def test_chunks_of_the_loss_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from sxl_train import loss

    torch.manual_seed(0)
    hidden, head = torch.randn(100, 16, requires_grad=True), torch.randn(40, 16, requires_grad=True)
    labels, weights = torch.randint(0, 40, (100,)), torch.ones(100)
    whole = torch.autograd.grad(cross_entropy(hidden, head, labels, weights), (hidden, head))
    monkeypatch.setitem(loss.CHUNK_BYTES, "cpu", 1)
    parts = torch.autograd.grad(cross_entropy(hidden, head, labels, weights), (hidden, head))
    assert all(torch.allclose(a, b, rtol=1e-5, atol=1e-5) for a, b in zip(whole, parts))


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


def test_model_with_scaled_head_is_told_to_take_the_plain_path() -> None:
    model = make("llama")
    assert fast.can_be_fast(model.config) is None
    model.config.final_logit_softcapping = 30.0
    assert "final_logit_softcapping" in str(fast.can_be_fast(model.config))


def test_narrow_adapters_give_nearly_the_same_gradients_and_exact_weights_in_the_optimiser() -> None:
    model = adapt(make("llama").bfloat16())
    wide = copy.deepcopy(model)
    fast.narrow(model)
    assert all(p.dtype == torch.bfloat16 for p in model.parameters())
    plain, made = run_fast(wide), run_fast(model)
    assert made[0] == pytest.approx(plain[0], rel=5e-3)
    for name, gradient in plain[1].items():
        error = (made[1][name].float() - gradient.float()).norm() / gradient.float().norm()
        assert error < 0.05, name
    optimiser = MasterAdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    optimiser.step()
    assert all(state["master"].dtype == torch.float32 for state in optimiser.state.values())
