"""Passes recorded and played back against the same passes as they are."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sxl_train.config import Tune
from sxl_train.data.collate import PLACES, Flatten
from sxl_train.tune import fast, graphs

SHAPE = {
    "vocab_size": 160,
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "pad_token_id": 1,
}


def make_row(length: int, trained: int, seed: int) -> dict[str, Any]:
    """One document of ``length`` tokens with its last ``trained`` ones trained."""
    ids = torch.randint(2, 160, (length,), generator=torch.Generator().manual_seed(seed)).tolist()
    weights = [float(i >= length - trained) for i in range(length)]
    labels = [i if w else -100 for i, w in zip(ids, weights)]
    return {"input_ids": ids, "labels": labels, "weights": weights, "seq_lengths": [length]}


def test_batches_of_fixed_length_have_eight_shapes_however_many_tokens_are_trained() -> None:
    collate = Flatten(1, 64, 64)
    shapes = set()
    for trained in range(1, 64):
        batch = collate([make_row(64, trained, trained)])
        shapes.add(tuple((name, getattr(value, "shape", value)) for name, value in batch.items()))
        assert batch["places"][:trained].tolist() == list(range(63 - trained, 63))
    assert len(shapes) == PLACES


@pytest.mark.parametrize(
    ("expected", "keys", "rope", "processes"),
    [
        (True, {}, "default", 1),
        (True, {}, "llama3", 1),
        (False, {}, "dynamic", 1),
        (False, {}, "default", 2),
        (False, {"plain": ("graphs",)}, "default", 1),
        (False, {"plain": ("weights",)}, "default", 1),
        (False, {"checkpointing": True}, "default", 1),
    ],
)
def test_passes_are_recorded_where_each_makes_the_same_launches(
    expected: bool, keys: dict[str, Any], rope: str, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import LlamaConfig

    monkeypatch.setenv("WORLD_SIZE", str(processes))
    config = LlamaConfig(**SHAPE)  # type: ignore[arg-type]
    config.rope_parameters = {"rope_type": rope, "rope_theta": 1e4}
    assert graphs.can_record(SimpleNamespace(config=config), Tune(**keys)) is expected


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("adapted", [False, True])
def test_recorded_passes_add_up_to_the_gradients_of_the_passes_themselves(adapted: bool) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    plain: Any = LlamaForCausalLM(LlamaConfig(**SHAPE, tie_word_embeddings=True))  # type: ignore[arg-type]
    if adapted:
        from peft import LoraConfig, get_peft_model

        rows = {"embed_tokens": [5, 7, 70]}
        plain = get_peft_model(plain, LoraConfig(r=4, target_modules="all-linear", trainable_token_indices=rows))
    plain = plain.cuda().bfloat16().train()
    recorded = copy.deepcopy(plain)
    for model in (plain, recorded):
        fast.make_fast(model, compile_layers=False)
    passes, collate = graphs.Passes(recorded), Flatten(1, 64, 64)
    for step in range(3):
        counts = (60, 20 + 20 * step)  # the second pass of each step has another shape
        rows = [[make_row(64, trained, 10 * step + i)] for i, trained in enumerate(counts)]
        wanted, made = [], []
        for row in rows:
            batch = {k: v.cuda() if torch.is_tensor(v) else v for k, v in collate(row).items()}
            loss = plain(**batch)["loss"] / sum(counts)
            loss.backward()
            wanted.append(loss.item())
            made.append(passes.run(batch, torch.tensor(sum(counts), device="cuda")).item())
        assert made == pytest.approx(wanted, rel=1e-3)
        for one, other in zip(plain.parameters(), recorded.parameters(), strict=True):
            assert (other.grad is None) is (not one.requires_grad)
            if one.grad is not None:
                assert (one.grad - other.grad).norm() <= 0.02 * one.grad.norm()
        plain.zero_grad(set_to_none=True)
        recorded.zero_grad(set_to_none=True)
