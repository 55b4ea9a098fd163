"""A model folder → one GGUF file for llama.cpp, with tokenizer and chat template inside.

F16, Q8_0, Q5_0 and Q4_0 are written without llama.cpp, their scales fitted to calibration samples where there are any
(`storage.blocks`); ``q4_0+q8_0`` keeps the embedding, which is also the output matrix of these models, in eight
bits, and single matrices may be wider than the rest. This is the format in which the embedding is quantised too;
transformers reads the file as well (``gguf_file=``).

Layout after the GGUF specification and llama.cpp's conversion: rotary halves of Llama's q and k rows are
interleaved, those of Qwen are not; Gemma's norms are stored with the one that transformers adds. Which of Gemma's
layers see the whole text is fixed in llama.cpp, so a model that lost layers in between is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.errors import error
from sxl_train.plan.formats import Format, choose_type
from sxl_train.plan.shapes import Shape, read_shape
from sxl_train.plan.tokenizers import Vocabulary, read_vocabulary
from sxl_train.run import checkpoints, gguf_config
from sxl_train.run.checkpoints import read_config
from sxl_train.run.gguf_names import ARCHITECTURES, place, rename
from sxl_train.run.gguf_splitting import name_splitting
from sxl_train.run.gguf_tokenizer import BYTE, CONTROL, NORMAL, UNUSED, USER_DEFINED
from sxl_train.run.objects import Object
from sxl_train.storage import blocks

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGUFWriter
    from numpy.typing import NDArray
    from torch import Tensor

FILE_TYPES = {"f16": 1, "q4_0": 2, "q4_0+q8_0": 2, "q8_0": 7, "q5_0": 8}


def write(
    folder: Path,
    out: Path,
    format: Format = "q4_0",
    others: Mapping[str, Format] | None = None,
    columns: Mapping[str, Tensor] | None = None,
) -> Path:
    """Write the bf16 (or four-bit) model of ``folder`` to the file ``out`` and return it.

    ``format`` is one of f16, q8_0, q5_0, q4_0, q4_0+q8_0; ``others`` names tensors in another one; ``columns`` are
    the mean squares of their inputs (`storage.precision.measure_columns`). Raises `UserError` T503 for a shape or a
    tokenizer that llama.cpp would compute differently, U402 where the `gguf` package is missing.
    """
    import numpy as np
    import torch

    try:
        import gguf
    except ImportError:
        raise error("U402", found="no package gguf", expected="pip install 'sheikh-sxl[gguf]'") from None
    if format not in FILE_TYPES:
        raise error("U102", pointer="/format", found=repr(format), expected="one of " + ", ".join(FILE_TYPES))
    folder, out = Path(folder), Path(out)
    config = read_config(folder)
    shape = read_shape(config)
    vocabulary = read_vocabulary(folder)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    writer = gguf.GGUFWriter(partial, ARCHITECTURES[shape.model_type])
    describe_model(writer, config, shape, out.stem, FILE_TYPES[format])
    describe_tokenizer(writer, folder, vocabulary, shape)
    tensors = {tensor.name: tensor for tensor in shape.tensors()}
    types = {}
    for name, tensor in tensors.items():
        chosen = choose_type(tensor, (others or {}).get(name, format))
        types[name] = gguf.GGMLQuantizationType[chosen.upper()]
        block, size = gguf.GGML_QUANT_SIZES[types[name]]
        stored = tensor.count // block * size
        # A block type is announced by its bytes a row, a plain type by its own dtype.
        dtype = {"f32": np.float32, "f16": np.float16}.get(chosen, np.uint8)
        rows = (*tensor.shape[:-1], tensor.shape[-1] // block * size) if dtype is np.uint8 else tensor.shape
        known = types[name] if dtype is np.uint8 else None
        writer.add_tensor_info(rename(name, shape.model_type), rows, np.dtype(dtype), stored, known)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for name, weight in read_weights(folder, list(tensors)):
        kind = types[name].name.lower()
        placed = place(name, weight, shape.model_type, shape.head_dim)
        if kind in blocks.LOWEST:
            weights = torch.from_numpy(np.ascontiguousarray(placed))
            writer.write_tensor_data(blocks.pack(weights, kind, (columns or {}).get(name)))
        else:
            writer.write_tensor_data(gguf.quantize(placed, types[name]))
    writer.close()
    partial.replace(out)
    return out


def read_weights(folder: Path, names: list[str]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """(name, float32 array) in the order of ``names``; 4-bit folders are expanded."""
    if "quantization_config" in read_config(folder):
        model = checkpoints.load(folder)
        if checkpoints.is_nf4(folder):
            model.dequantize()
        yield from ((name, model.get_parameter(name).detach().float().numpy()) for name in names)
        return
    from safetensors import safe_open

    handles = [safe_open(path, "pt") for path in sorted(folder.glob("*.safetensors"))]
    places = {name: handle for handle in handles for name in handle.keys()}  # noqa: SIM118 - no dict
    for name in names:
        yield name, places[name].get_tensor(name).float().numpy()


def describe_model(writer: GGUFWriter, config: Object, shape: Shape, name: str, file_type: int) -> None:
    """Write the numbers that llama.cpp builds the graph from."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if shape.model_type == "gemma3_text":
        rope = describe_gemma(writer, config, shape)
    if rope.get("rope_type", rope.get("type", "default")) != "default":
        raise error("T503", pointer="/rope_parameters", found=rope, expected="plain rotary positions")
    writer.add_name(name)
    writer.add_file_type(file_type)
    writer.add_quantization_version(2)
    writer.add_context_length(config.get("max_position_embeddings", 2048))
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.mlp)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.groups)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_rope_freq_base(float(rope.get("rope_theta") or config.get("rope_theta") or 10000.0))
    writer.add_layer_norm_rms_eps(float(config.get("rms_norm_eps", 1e-6)))
    writer.add_vocab_size(shape.vocabulary)


def describe_gemma(writer: GGUFWriter, config: Object, shape: Shape) -> Object:
    """Write what only Gemma has; the rotary positions of its global layers."""
    rope = config.get("rope_parameters") or {}
    local, whole = (dict(rope.get(kind) or {}) for kind in ("sliding_attention", "full_attention"))
    base = float(local.get("rope_theta") or config.get("rope_local_base_freq") or gguf_config.LOCAL_THETA)
    layers = config.get("layer_types") or gguf_config.list_layers(shape.layers)
    scale = config.get("query_pre_attn_scalar", 256)
    fixed = (
        ("/layer_types", layers, gguf_config.list_layers(shape.layers)),
        ("/query_pre_attn_scalar", scale, shape.head_dim),
        ("/rope_parameters/sliding_attention", base, gguf_config.LOCAL_THETA),
    )
    for pointer, found, expected in fixed:
        if found != expected:
            raise error("T503", pointer=pointer, found=found, expected=f"{expected}, which llama.cpp has built in")
    writer.add_sliding_window(int(config.get("sliding_window") or 4096))
    whole.setdefault("rope_theta", config.get("rope_theta") or 1_000_000.0)
    return whole


def describe_tokenizer(writer: GGUFWriter, folder: Path, vocabulary: Vocabulary, shape: Shape) -> None:
    """Write tokens, their kinds, merges, special ids and the chat template."""
    added = {index: special for index, _, special in vocabulary.added}
    tokens, kinds = [], []
    for index in range(shape.vocabulary):
        text = vocabulary.tokens[index] if index < len(vocabulary.tokens) else ""
        # Rows beyond the tokenizer (Qwen pads its embedding) need a name that no text contains.
        tokens.append(text or f"[PAD{index}]")
        kinds.append(_choose_kind(text, added.get(index), vocabulary.byte_fallback))
    if vocabulary.byte_fallback:
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_list(tokens)
        writer.add_token_scores(score_tokens(vocabulary, len(tokens)))
        writer.add_add_space_prefix(vocabulary.prefixed)
    else:
        pre = name_splitting(vocabulary.pre_tokenizer, vocabulary.ignores_merges, vocabulary.kind)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(pre)
        writer.add_token_list(tokens)
        writer.add_token_merges([f"{a} {b}" for a, b in vocabulary.merges])
    writer.add_token_types(kinds)
    ids = {text: index for index, text in enumerate(vocabulary.tokens)}
    settings = folder / "tokenizer_config.json"
    named = json.loads(settings.read_text(encoding="utf-8")) if settings.is_file() else {}
    for key, add in (
        ("bos_token", writer.add_bos_token_id),
        ("eos_token", writer.add_eos_token_id),
        ("pad_token", writer.add_pad_token_id),
    ):
        token = named.get(key)
        token = token.get("content") if isinstance(token, dict) else token
        if token in ids:
            add(ids[token])
    # A template writes the first token itself where its model wants one; SentencePiece models want it always.
    writer.add_add_bos_token(vocabulary.byte_fallback and bool(named.get("bos_token")))
    if vocabulary.template:
        writer.add_chat_template(vocabulary.template)


def _choose_kind(text: str, special: bool | None, fallback: bool) -> int:
    """What llama.cpp does with a token."""
    if not text:
        return UNUSED
    if special is not None:
        return CONTROL if special else USER_DEFINED
    return BYTE if fallback and len(text) == 6 and text.startswith("<0x") else NORMAL


def score_tokens(vocabulary: Vocabulary, count: int) -> list[float]:
    """A score for each token by which llama.cpp joins pairs in the order of the merges: the sooner the higher."""
    scores = [-1000.0] * count
    ids = {text: index for index, text in enumerate(vocabulary.tokens)}
    for rank, (first, second) in enumerate(reversed(vocabulary.merges)):
        scores[ids[first + second]] = float(rank - len(vocabulary.merges))
    return scores
