"""``config.json`` of a Llama, Qwen, Mistral or Gemma 3 decoder → its tensors, before or after pruning; no weights.

The list is exact (names, shapes, order of kinds), so that file sizes can be summed instead of estimated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import msgspec

from sxl_data.contract.errors import error
from sxl_train.run.objects import Object

Kind = Literal["embedding", "head", "linear", "vector"]
SUPPORTED = ("llama", "qwen2", "qwen3", "mistral", "gemma3_text")

HEAD_DIMS = {"qwen3": 128, "gemma3_text": 256}
"""Where the configuration leaves it to the architecture's default."""


class Tensor(msgspec.Struct, frozen=True):
    """One parameter: its name in the safetensors file, its shape, and what kind of weight it is."""

    name: str
    shape: tuple[int, ...]
    kind: Kind

    @property
    def count(self) -> int:
        """Number of weights."""
        return math.prod(self.shape)


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """What of a decoder may be cut: tokens, MLP width, layers, and key/value heads (``groups``)."""

    vocabulary: int
    mlp: int
    layers: int
    groups: int

    @property
    def axes(self) -> dict[str, int]:
        """The four by name."""
        return {axis: getattr(self, axis) for axis in AXES}


AXES = Sizes.__struct_fields__


class Shape(Sizes, frozen=True, kw_only=True):
    """What decides the size of a decoder. ``heads`` are the query heads."""

    model_type: str
    hidden: int
    heads: int
    head_dim: int
    tied: bool = True
    attention_bias: bool = False
    output_bias: bool = False
    mlp_bias: bool = False
    query_norm: bool = False
    output_norms: bool = False
    """Whether what attention and MLP add is normed as well, as in Gemma."""

    def prune(self, *, vocabulary: int = 0, mlp: int = 0, layers: int = 0, groups: int = 0) -> Shape:
        """The shape with fewer tokens, MLP neurons, layers or groups; 0 keeps an axis as it is."""
        groups = groups or self.groups
        return msgspec.structs.replace(
            self,
            vocabulary=vocabulary or self.vocabulary,
            mlp=mlp or self.mlp,
            layers=layers or self.layers,
            groups=groups,
            heads=self.heads // self.groups * groups,
        )

    def allows(self, groups: int) -> bool:
        """Whether a model with ``groups`` can be loaded: transformers' Llama and Gemma want hidden % heads = 0."""
        heads = self.heads // self.groups * groups
        return self.model_type not in ("llama", "gemma3_text") or self.hidden % heads == 0 or groups == self.groups

    def tensors(self) -> Iterator[Tensor]:
        """Every parameter of the model, a tied head counted once."""
        wide, narrow = self.heads * self.head_dim, self.groups * self.head_dim
        yield Tensor("model.embed_tokens.weight", (self.vocabulary, self.hidden), "embedding")
        if not self.tied:
            yield Tensor("lm_head.weight", (self.vocabulary, self.hidden), "head")
        yield Tensor("model.norm.weight", (self.hidden,), "vector")
        linears = (
            ("self_attn.q_proj", wide, self.hidden, self.attention_bias),
            ("self_attn.k_proj", narrow, self.hidden, self.attention_bias),
            ("self_attn.v_proj", narrow, self.hidden, self.attention_bias),
            ("self_attn.o_proj", self.hidden, wide, self.output_bias),
            ("mlp.gate_proj", self.mlp, self.hidden, self.mlp_bias),
            ("mlp.up_proj", self.mlp, self.hidden, self.mlp_bias),
            ("mlp.down_proj", self.hidden, self.mlp, self.mlp_bias),
        )
        for index in range(self.layers):
            layer = f"model.layers.{index}."
            yield Tensor(layer + "input_layernorm.weight", (self.hidden,), "vector")
            yield Tensor(layer + "post_attention_layernorm.weight", (self.hidden,), "vector")
            if self.output_norms:
                yield Tensor(layer + "pre_feedforward_layernorm.weight", (self.hidden,), "vector")
                yield Tensor(layer + "post_feedforward_layernorm.weight", (self.hidden,), "vector")
            if self.query_norm:
                yield Tensor(layer + "self_attn.q_norm.weight", (self.head_dim,), "vector")
                yield Tensor(layer + "self_attn.k_norm.weight", (self.head_dim,), "vector")
            for name, rows, columns, bias in linears:
                yield Tensor(f"{layer}{name}.weight", (rows, columns), "linear")
                if bias:
                    yield Tensor(f"{layer}{name}.bias", (rows,), "vector")

    def count(self, *kinds: Kind) -> int:
        """Weights of these kinds; all without any."""
        return sum(tensor.count for tensor in self.tensors() if not kinds or tensor.kind in kinds)


def read_shape(config: Object) -> Shape:
    """The shape in a ``config.json``; raises `UserError` T503 for another architecture."""
    kind = config.get("model_type")
    if kind not in SUPPORTED:
        raise error("T503", pointer="/model_type", found=repr(kind), expected="one of " + ", ".join(SUPPORTED))
    for key in ("final_logit_softcapping", "attn_logit_softcapping", "use_bidirectional_attention"):
        if config.get(key):
            raise error("T503", pointer=f"/{key}", found=config[key], expected="none")
    heads = config["num_attention_heads"]
    gemma = kind == "gemma3_text"
    bias = bool(config.get("attention_bias", False))
    return Shape(
        model_type=kind,
        vocabulary=config["vocab_size"],
        hidden=config["hidden_size"],
        layers=config["num_hidden_layers"],
        mlp=config["intermediate_size"],
        heads=heads,
        groups=config.get("num_key_value_heads") or heads,
        head_dim=config.get("head_dim") or HEAD_DIMS.get(kind) or config["hidden_size"] // heads,
        # transformers leaves out what equals its default, and the defaults differ by architecture.
        tied=bool(config.get("tie_word_embeddings", gemma)),
        attention_bias=kind == "qwen2" or bias,
        output_bias=kind in ("llama", "qwen3", "gemma3_text") and bias,
        mlp_bias=kind == "llama" and bool(config.get("mlp_bias", False)),
        query_norm=kind == "qwen3" or gemma,
        output_norms=gemma,
    )
