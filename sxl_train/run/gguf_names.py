"""The names of a decoder's tensors in transformers ↔ in GGUF, how their numbers stand, and what llama.cpp calls each
architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ARCHITECTURES = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3", "gemma3_text": "gemma3"}
"""``model_type`` of a configuration → ``general.architecture``."""
_OUTER = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
_INNER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_NORMS = {"post_attention_layernorm": "ffn_norm"}
_GEMMA_NORMS = {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
"""Gemma norms what a part adds as well; its norm before the MLP has another name than that of the others."""


def rename(name: str, model_type: str) -> str:
    """The GGUF name of a transformers parameter."""
    stem, _, suffix = name.rpartition(".")
    if stem.startswith("model.layers."):
        _, _, index, rest = stem.split(".", 3)
        return f"blk.{index}.{_inner(model_type)[rest]}.{suffix}"
    return f"{_OUTER[stem]}.{suffix}"


def restore(name: str, model_type: str) -> str | None:
    """The transformers name of a GGUF tensor, or None where the architecture has no such tensor."""
    stem, _, suffix = name.rpartition(".")
    if stem.startswith("blk."):
        index, _, rest = stem.removeprefix("blk.").partition(".")
        back = {short: long for long, short in _inner(model_type).items()}
        return f"model.layers.{index}.{back[rest]}.{suffix}" if rest in back and index.isdigit() else None
    outer = {short: long for long, short in _OUTER.items()}
    return f"{outer[stem]}.{suffix}" if stem in outer else None


def place(
    name: str, weight: NDArray[np.float32], model_type: str, head_dim: int, back: bool = False
) -> NDArray[np.float32]:
    """The numbers of a transformers parameter as llama.cpp has them; ``back``: the other way round.

    llama.cpp rotates neighbouring rows of Llama's q and k, transformers rows half a head apart. Gemma's norms are
    stored with the one that transformers adds.
    """
    module = name.split(".")[-2]
    if model_type == "gemma3_text" and module.endswith("norm"):
        return weight + (-1 if back else 1)
    if ARCHITECTURES[model_type] != "llama" or module not in ("q_proj", "k_proj"):
        return weight
    pairs = (head_dim // 2, 2) if back else (2, head_dim // 2)
    return weight.reshape(-1, *pairs, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def _inner(model_type: str) -> dict[str, str]:
    return _INNER | (_GEMMA_NORMS if model_type == "gemma3_text" else _NORMS)
