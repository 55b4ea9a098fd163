"""A GGUF file's metadata → ``config.json`` of the same decoder for transformers; weights are not looked at.

Only shapes that transformers computes exactly as llama.cpp does are taken; another architecture, a mixture of
experts, stretched rotary positions or a tensor that has no place are refused (T503) before anything is expanded.
"""

from __future__ import annotations

from typing import TypeAlias

from sxl_data.contract.errors import error
from sxl_train.run.gguf_names import restore
from sxl_train.run.gguf_reader import GgufFile

Config: TypeAlias = dict[str, object]
KINDS = {"llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3", "gemma3": "gemma3_text"}
LOCAL_THETA, PATTERN = 10_000.0, 6
"""Gemma 3's rotary base in its local layers, and that every sixth layer sees the whole text: fixed in llama.cpp."""


def make_config(file: GgufFile) -> Config:
    """The configuration. Raises `UserError` T503 for what cannot be expanded exactly."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    architecture = file.text("general.architecture")
    if architecture not in KINDS:
        raise _refused(file, "/general.architecture", architecture or "none", "one of " + ", ".join(KINDS))
    kind = KINDS[architecture]
    _refuse_unknown(file, architecture, kind)

    def number(key: str, default: float = 0) -> int:
        return int(file.number(f"{architecture}.{key}", default))

    heads, hidden = number("attention.head_count"), number("embedding_length")
    table = file.tensors.get("token_embd.weight")
    if table is None or not heads or not hidden or not number("block_count"):
        raise _refused(file, "/" + architecture, "no sizes", "embedding_length, head_count and block_count")
    theta = file.number(f"{architecture}.rope.freq_base", 10_000.0)
    config: Config = {
        "architectures": [MODEL_FOR_CAUSAL_LM_MAPPING_NAMES[kind]],
        "model_type": kind,
        "vocab_size": table.shape[0],
        "hidden_size": hidden,
        "intermediate_size": number("feed_forward_length"),
        "num_hidden_layers": number("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": number("attention.head_count_kv", heads),
        "head_dim": number("attention.key_length", hidden // heads),
        "max_position_embeddings": number("context_length", 2048),
        "rms_norm_eps": round(file.number(f"{architecture}.attention.layer_norm_rms_epsilon", 1e-6), 12),
        "rope_parameters": {"rope_type": "default", "rope_theta": theta},
        "tie_word_embeddings": "output.weight" not in file.tensors,
        "attention_bias": "blk.0.attn_q.bias" in file.tensors,
        "dtype": "bfloat16",
    }
    for name, key in (("bos", "bos"), ("eos", "eos"), ("pad", "padding")):
        index = file.metadata.get(f"tokenizer.ggml.{key}_token_id")
        config[f"{name}_token_id"] = index if isinstance(index, int) and index < table.shape[0] else None
    return config | (_gemma(number("attention.sliding_window"), config, theta) if kind == "gemma3_text" else {})


def _gemma(window: int, config: Config, theta: float) -> Config:
    layers = config["num_hidden_layers"]
    assert isinstance(layers, int)
    return {
        "sliding_window": window,
        "query_pre_attn_scalar": config["head_dim"],
        "hidden_activation": "gelu_pytorch_tanh",
        "layer_types": list_layers(layers),
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": theta},
            "sliding_attention": {"rope_type": "default", "rope_theta": LOCAL_THETA},
        },
    }


def list_layers(count: int) -> list[str]:
    """What each of Gemma 3's layers sees, as llama.cpp has it built in."""
    return ["sliding_attention" if (index + 1) % PATTERN else "full_attention" for index in range(count)]


def _refuse_unknown(file: GgufFile, architecture: str, kind: str) -> None:
    stretched = file.text(f"{architecture}.rope.scaling.type", "none")
    if stretched not in ("", "none") or "rope_freqs.weight" in file.tensors:
        raise _refused(file, "/rope", f"{stretched} scaling of positions", "plain rotary positions")
    if file.number(f"{architecture}.expert_count") > 0:
        raise _refused(file, "/expert_count", "a mixture of experts", "a dense decoder")
    strange = [name for name in file.tensors if restore(name, kind) is None]
    if strange:
        raise _refused(file, "/tensors", ", ".join(strange[:4]), f"the tensors of {kind}")
    layers: dict[str, set[str]] = {}
    for name in file.tensors:
        if name.startswith("blk."):
            _, index, rest = name.split(".", 2)
            layers.setdefault(index, set()).add(rest)
    wanted = int(file.number(f"{architecture}.block_count"))
    whole = set().union(*layers.values())
    short = sorted(str(index) for index in range(min(wanted, 10_000)) if layers.get(str(index)) != whole)
    if short or len(layers) != wanted:
        raise _refused(file, "/tensors", f"{len(layers)} layers, not whole: {short[:4]}", f"{wanted} whole layers")


def _refused(file: GgufFile, pointer: str, found: str, expected: str) -> Exception:
    return error("T503", file=str(file.path), pointer=pointer, found=found, expected=expected)
