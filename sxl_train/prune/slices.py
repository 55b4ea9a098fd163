"""A model and what to keep → a smaller dense model of the same architecture.

Slicing, not masking: the result has narrower matrices and fewer layers, loads with transformers as any model
does and needs no special kernel. Pruning is homogeneous, every layer keeps the same width and number of
groups, because ``config.json`` has one number for all; head size and hidden width stay untouched.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import msgspec

from sxl_data.contract.errors import Bug, error
from sxl_train.prune.importance import Importance

if TYPE_CHECKING:
    from torch import Tensor

    from sxl_train.run.decoder import Decoder


class Cut(msgspec.Struct, frozen=True):
    """What stays: layer indices, and for every *kept* layer its neurons and groups, ascending."""

    layers: list[int]
    mlp: list[list[int]]
    groups: list[list[int]]


def choose_cut(scores: Importance, layers: int = 0, mlp: int = 0, groups: int = 0) -> Cut:
    """Keep the ``layers``, ``mlp`` neurons and ``groups`` with the highest scores; 0 keeps all.

    The first and last layers are never removed: without the first nothing works, and the last writes for
    the output head.
    """
    order = sorted(range(len(scores.layers)), key=lambda i: (-scores.layers[i], i))
    if layers and layers < len(order):
        edges = [0, len(order) - 1]
        order = (edges + [i for i in order if i not in edges])[: max(layers, 1)]
    kept = sorted(order)
    return Cut(kept, [_best(scores.mlp[i], mlp) for i in kept], [_best(scores.groups[i], groups) for i in kept])


def cut(model: Decoder, what: Cut) -> Decoder:
    """The sliced model, in the dtype and on the device of ``model``, which is left as it was."""
    import torch
    from transformers import AutoModelForCausalLM

    config, head = model.config, read_head_dim(model)
    per_group = config.num_attention_heads // config.num_key_value_heads
    sizes = {(len(m), len(g)) for m, g in zip(what.mlp, what.groups)}
    if len(sizes) != 1:
        raise Bug(f"every layer must keep equally much, not {sizes}")
    width, groups = sizes.pop()
    smaller = copy.deepcopy(config)
    smaller.num_hidden_layers = len(what.layers)
    smaller.intermediate_size = width
    smaller.num_key_value_heads, smaller.num_attention_heads = groups, groups * per_group
    smaller.head_dim = head
    if getattr(config, "layer_types", None):
        smaller.layer_types = [config.layer_types[i] for i in what.layers]
    if hasattr(config, "max_window_layers"):
        smaller.max_window_layers = min(config.max_window_layers, len(what.layers))
    weights = slice_weights(model, what, head, per_group)
    with torch.device(model.device):  # random weights are made where they are cheap, then replaced
        made = AutoModelForCausalLM.from_config(smaller).to(model.dtype)
    missing, unexpected = made.load_state_dict(weights, strict=False)
    if unexpected or [name for name in missing if name != "lm_head.weight"]:
        raise Bug(f"sliced weights do not fit the smaller configuration: {missing} {unexpected}")
    made.tie_weights()
    made.generation_config = copy.deepcopy(model.generation_config)
    return made.to(model.device).eval()


def slice_weights(model: Decoder, what: Cut, head: int, per_group: int) -> dict[str, Tensor]:
    """The state dict of the smaller model: rows and columns picked, layers renumbered."""
    state = model.state_dict()
    picked = {name: tensor for name, tensor in state.items() if not name.startswith("model.layers.")}
    if model.config.tie_word_embeddings:
        picked.pop("lm_head.weight", None)
    for new, old in enumerate(what.layers):
        neurons, groups = what.mlp[new], what.groups[new]
        narrow = [group * head + i for group in groups for i in range(head)]
        wide = [(group * per_group + q) * head + i for group in groups for q in range(per_group) for i in range(head)]
        rows = {"q_proj": wide, "k_proj": narrow, "v_proj": narrow, "gate_proj": neurons, "up_proj": neurons}
        columns = {"o_proj": wide, "down_proj": neurons}
        prefix = f"model.layers.{old}."
        for name, tensor in state.items():
            if not name.startswith(prefix):
                continue
            rest = name.removeprefix(prefix)
            module = rest.split(".")[-2]
            if module in rows:
                tensor = tensor[rows[module]]
            elif module in columns and rest.endswith("weight"):
                tensor = tensor[:, columns[module]]
            picked[f"model.layers.{new}.{rest}"] = tensor.clone()
    return picked


def read_head_dim(model: Decoder) -> int:
    """Width of one head; raises `UserError` T503 for a model without the layers that are cut here."""
    try:
        attention = model.model.layers[0].self_attn
        return int(attention.q_proj.weight.shape[0] // model.config.num_attention_heads)
    except (AttributeError, IndexError):
        raise error("T503", found=type(model).__name__, expected="a Llama, Qwen2 or Qwen3 decoder") from None


def _best(scores: list[float], keep: int) -> list[int]:
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    return sorted(order[: keep or len(order)])
