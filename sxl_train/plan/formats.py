"""The tensors of a model → bytes of its weights file in each storage format.

safetensors files are counted exactly: the JSON header is written here as the library writes it, and the
parts that bitsandbytes stores for each 4-bit weight (codes, scales, their own scales, two look-up tables,
a description) are counted one by one. GGUF files are the sum of padded tensors and metadata. ``f8`` holds every
matrix, the embedding too, in float8 and ``int4`` in four bits (`sxl_train.storage.packed`).

Block sizes from the bitsandbytes 0.50 checkpoint layout and ggml's table of quantised types.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Literal

from sxl_train.plan.shapes import Shape, Tensor
from sxl_train.run.gguf_names import rename

Format = Literal["bf16", "f8", "int4", "nf4", "nf4_dq", "f16", "q8_0", "q5_0", "q4_0", "q4_0+q8_0", "q4_k", "q6_k"]
SAFETENSORS: tuple[Format, ...] = ("bf16", "f8", "int4", "nf4", "nf4_dq")
GGUF: tuple[Format, ...] = ("f16", "q8_0", "q5_0", "q4_0+q8_0", "q4_0", "q6_k", "q4_k")
FITTED: tuple[Format, ...] = ("int4", *GGUF)
"""Formats of blocks whose scales can be fitted to calibration samples."""
PLAIN: tuple[Format, ...] = ("f16", "q8_0")
"""Formats in which calibration changes nothing: no scale is fitted, and none is wider."""
# In the order of the library's files.
DTYPE_BYTES = {"I64": 8, "F32": 4, "I32": 4, "BF16": 2, "F16": 2, "F8_E4M3": 1, "U8": 1}
WIDER: dict[Format, tuple[Format, ...]] = {
    "f8": ("bf16",),
    "int4": ("f8", "bf16"),
    "nf4": ("bf16",),
    "nf4_dq": ("bf16",),
    "q4_0": ("q5_0", "q8_0", "f16"),
}
"""What room under the limit is spent on: single matrices in the next wider formats, narrowest first."""
# Weights in a block and the block's bytes.
BLOCKS = {
    "f32": (1, 4),
    "f16": (1, 2),
    "q8_0": (32, 34),
    "q4_0": (32, 18),
    "q5_0": (32, 22),
    "q5_1": (32, 24),
    "q4_k": (256, 144),
    "q6_k": (256, 210),
}
# What llama.cpp falls back to where a row is no multiple of 256.
FALLBACK = {"q4_k": "q5_0", "q6_k": "q8_0"}
Part = tuple[str, str, tuple[int, ...]]


def count_weights(
    shape: Shape, format: Format, metadata_bytes: int = 0, others: Mapping[str, Format] | None = None
) -> int:
    """Bytes of the weights file of ``shape`` in ``format``.

    ``metadata_bytes`` are those of a GGUF file's own metadata (tokenizer, template; see
    `sxl_train.plan.tokenizers`); safetensors formats ignore it. ``others`` names tensors stored in another
    format of the same kind of file.
    """
    own = others or {}
    if format in GGUF:
        return count_gguf(shape, format, metadata_bytes, own)
    parts = [part for tensor in shape.tensors() for part in store(tensor, own.get(tensor.name, format))]
    return count_safetensors(parts)


def store(tensor: Tensor, format: Format) -> Iterable[Part]:
    """(name, dtype, shape) of what one parameter becomes in a safetensors file."""
    if tensor.kind != "vector" and format == "f8":
        return [(tensor.name, "F8_E4M3", tensor.shape)]
    if format == "int4" and choose_type(tensor, format) == "q4_0":
        rows, columns = tensor.shape
        return [
            (tensor.name + "_packed", "I32", (rows, columns // 8)),
            (tensor.name + "_shape", "I64", (2,)),
            (tensor.name + "_scale", "F16", (rows, columns // BLOCKS["q4_0"][0])),
        ]
    if tensor.kind != "linear" or format in ("bf16", "int4"):
        return [(tensor.name, "BF16", tensor.shape)]
    blocks = math.ceil(tensor.count / 64)
    state = {"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": list(tensor.shape)}
    parts: list[Part] = [(tensor.name, "U8", (tensor.count // 2, 1)), (tensor.name + ".quant_map", "F32", (16,))]
    if format == "nf4_dq":
        parts += [
            (tensor.name + ".absmax", "U8", (blocks,)),
            (tensor.name + ".nested_absmax", "F32", (math.ceil(blocks / 256),)),
            (tensor.name + ".nested_quant_map", "F32", (256,)),
        ]
        state |= {"nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.012345678901234567}
    else:
        parts.append((tensor.name + ".absmax", "F32", (blocks,)))
    described = len(json.dumps(state))
    return [*parts, (tensor.name + ".quant_state.bitsandbytes__nf4", "U8", (described,))]


def count_safetensors(parts: Iterable[Part]) -> int:
    """Bytes of a safetensors file with these tensors: 8 + JSON header padded to 8 + data."""
    # The library sorts by type, then by name; the order decides the digits of the offsets.
    order = list(DTYPE_BYTES)
    ordered = sorted(parts, key=lambda part: (order.index(part[1]), part[0]))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, dtype, extents in ordered:
        start, end = end, end + math.prod(extents) * DTYPE_BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(extents), "data_offsets": [start, end]}
    written = len(json.dumps(header, separators=(",", ":")))
    return 8 + written + -written % 8 + end


def choose_type(tensor: Tensor, format: Format, is_output: bool = False) -> str:
    """The ggml type that a tensor gets in a GGUF ``format``; "bf16" for a matrix that int4 leaves plain."""
    if tensor.kind == "vector":
        return "f32"
    if format == "f16":
        return "f16"
    wanted: str = format
    if format == "int4":
        return "bf16" if tensor.shape[-1] % BLOCKS["q4_0"][0] else "q4_0"
    if format == "q4_0+q8_0":
        wanted = "q8_0" if tensor.kind in ("embedding", "head") else "q4_0"
    elif format == "q4_k" and is_output:
        wanted = "q6_k"  # llama.cpp keeps the output matrix, here the tied embedding, in the larger type
    columns = tensor.shape[-1]
    if columns % BLOCKS[wanted][0]:
        wanted = FALLBACK.get(wanted, "f16")
    return "f16" if columns % BLOCKS[wanted][0] else wanted


def count_gguf(shape: Shape, format: Format, metadata_bytes: int, own: Mapping[str, Format]) -> int:
    """Bytes of a GGUF file: header, metadata, tensor table, then each tensor padded to 32."""
    table, data = 24 + metadata_bytes, 0
    for tensor in shape.tensors():
        is_output = tensor.kind == "head" or (tensor.kind == "embedding" and shape.tied)
        block, size = BLOCKS[choose_type(tensor, own.get(tensor.name, format), is_output)]
        stored = tensor.count // block * size
        data += stored + -stored % 32
        table += 8 + len(rename(tensor.name, shape.model_type)) + 4 + 8 * len(tensor.shape) + 4 + 8
    return table + -table % 32 + data
