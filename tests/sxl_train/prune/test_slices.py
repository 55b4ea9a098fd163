"""A sliced model is dense, loads as any model and computes what the masked one computes."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from sxl_train.data.samples import Sample
from sxl_train.plan import step as plan
from sxl_train.prune import slices
from sxl_train.prune.importance import Importance, measure_importance
from sxl_train.run import checkpoints

SAMPLES = [Sample(list(range(4 + i, 60 + i)), [1] * 56, 56) for i in range(4)]
TOKENS = torch.tensor([SAMPLES[0].ids])


def run(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return model(TOKENS).logits


def mask(model: torch.nn.Module, what: slices.Cut) -> torch.nn.Module:
    """A copy of ``model`` in which everything that `slices.cut` removes contributes nothing."""
    masked, head = copy.deepcopy(model), slices.read_head_dim(model)
    per_group = model.config.num_attention_heads // model.config.num_key_value_heads
    with torch.no_grad():
        for index, layer in enumerate(masked.model.layers):
            down, output = layer.mlp.down_proj, layer.self_attn.o_proj
            if index not in what.layers:
                for module in (down, output):
                    module.weight.zero_()
                    if module.bias is not None:
                        module.bias.zero_()
                continue
            place = what.layers.index(index)
            keep = torch.zeros(down.weight.shape[1], dtype=torch.bool)
            keep[what.mlp[place]] = True
            down.weight[:, ~keep] = 0
            heads = torch.zeros(model.config.num_key_value_heads, dtype=torch.bool)
            heads[what.groups[place]] = True
            output.weight[:, ~heads.repeat_interleave(per_group * head)] = 0
    return masked


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "qwen3", "gemma3_text"])
@pytest.mark.parametrize("keep", [{"layers": 2}, {"mlp": 64}, {"groups": 1}, {"layers": 2, "mlp": 64, "groups": 1}])
def test_the_sliced_model_equals_the_masked_one(make_model, tmp_path: Path, kind: str, keep: dict[str, int]) -> None:
    model = checkpoints.load(make_model(kind=kind), "float32")
    chosen = slices.choose_cut(measure_importance(model, SAMPLES), **keep)
    smaller = slices.cut(model, chosen)
    expected = run(mask(model, chosen))
    assert torch.allclose(expected, run(smaller), atol=1e-4)
    assert not torch.allclose(expected, run(model), atol=1e-2)
    folder = checkpoints.save(smaller, tmp_path / "cut", None)
    reloaded, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    assert torch.allclose(run(smaller), run(reloaded), atol=1e-5)
    shape = plan.read_shape(checkpoints.read_config(make_model("again", kind=kind))).prune(**keep)
    assert shape.count() == sum(p.numel() for p in reloaded.parameters())


def test_generation_uses_the_cache_of_the_remaining_layers(make_model) -> None:
    model = checkpoints.load(make_model(), "float32")
    smaller = slices.cut(model, slices.choose_cut(measure_importance(model, SAMPLES), layers=2))
    slow = smaller.generate(TOKENS[:, :8], max_new_tokens=8, do_sample=False, use_cache=False)
    fast = smaller.generate(TOKENS[:, :8], max_new_tokens=8, do_sample=False, use_cache=True)
    assert torch.equal(slow, fast)


def test_the_least_important_parts_go_and_the_edges_stay() -> None:
    scores = Importance([[3, 1, 2, 0]] * 4, [[1, 5]] * 4, [0.0, 0.3, 0.9, 0.1])
    assert slices.Cut([0, 2, 3], [[0, 2]] * 3, [[1]] * 3) == slices.choose_cut(scores, 3, 2, 1)


def test_a_neuron_that_never_fires_scores_nothing(make_model) -> None:
    model = checkpoints.load(make_model(), "float32")
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight[7] = 0
        model.model.layers[2].self_attn.v_proj.weight[:16] = 0
        model.model.layers[1].mlp.down_proj.weight[:] *= 0.01
        model.model.layers[1].self_attn.o_proj.weight[:] *= 0.01
    scores = measure_importance(model, SAMPLES)
    assert 0 == scores.mlp[1][7] and min(scores.mlp[0]) > 0
    assert 0 == scores.groups[2][0] and scores.groups[2][1] > 0
    assert scores.layers[1] < scores.layers[0] and scores.layers[1] < scores.layers[2]
