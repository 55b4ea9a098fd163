"""Matrices of a saved model folder → the same folder with them in four bits, the embedding too: ``int4``.

The codes and scales are those of ggml's Q4_0 (`storage.blocks`): one float16 scale for every 32 weights of a row,
4.5 bits a weight in all, fitted to calibration samples where there are any. They are written in the layout of
compressed-tensors (``pack-quantized``), which holds any matrix, where NF4 of bitsandbytes holds linear layers only and
leaves a large embedding in bf16. ``dequantize`` in config.json lets plain transformers, from 5.23 on and with the
package compressed-tensors beside it, expand the weights as it reads them, so that an embedding and a head tied to it
stay one tensor; a model in memory is then as large as the bf16 one. Matrices that are stored wider stay plain
tensors of the file.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.errors import error
from sxl_train.run import checkpoints
from sxl_train.storage import blocks

if TYPE_CHECKING:
    from torch import Tensor

CODES = "q4_0"
"""The block format whose codes and scales are stored."""


def store(folder: Path, names: Collection[str], columns: Mapping[str, Tensor] | None = None) -> Path:
    """Rewrite the model in ``folder`` with the matrices ``names`` in four bits; returns ``folder``.

    ``columns`` weighs the rounding (`sxl_train.storage.precision.measure_columns`). Every other matrix is named in
    config.json as one to leave alone.
    """
    own, matrices = set(names), []

    def pack(name: str, weight: Tensor) -> dict[str, Tensor]:
        if weight.dim() == 2:
            matrices.append(name)
        return pack_matrix(name, weight, (columns or {}).get(name)) if name in own else {name: weight}

    checkpoints.rewrite(folder, pack)
    path = Path(folder) / "config.json"
    config = checkpoints.read_config(folder)
    left = sorted(name.removesuffix(".weight") for name in matrices if name not in own)
    path.write_text(
        json.dumps(config | {"quantization_config": describe(left)}, indent=2) + "\n", encoding="utf-8", newline="\n"
    )
    return Path(folder)


def pack_matrix(name: str, weight: Tensor, columns: Tensor | None = None) -> dict[str, Tensor]:
    """What the matrix ``name`` [rows, columns] becomes: int32 words of eight codes, scales, and its shape.

    Raises `UserError` U402 where the package `compressed_tensors` is missing.
    """
    import torch

    try:
        from compressed_tensors.compressors.pack_quantized import pack_to_int32
    except ImportError:
        raise error("U402", found="no package compressed_tensors", expected="pip install 'sheikh-sxl[train]'") from None
    codes, scales = blocks.fit(weight, CODES, columns)
    base = name.removesuffix("weight")
    return {
        base + "weight_packed": pack_to_int32(codes.to(torch.int8).reshape(weight.shape), 4).cpu(),
        base + "weight_scale": scales.half().reshape(weight.shape[0], -1).cpu(),
        base + "weight_shape": torch.tensor(weight.shape),
    }


def describe(left: list[str]) -> dict[str, object]:
    """The ``quantization_config`` of config.json; ``left`` names modules whose weights are plain."""
    weights = {"num_bits": 4, "type": "int", "symmetric": True, "strategy": "group", "group_size": blocks.BLOCK}
    return {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "dequantize": True,
        "ignore": left,
        "config_groups": {"group_0": {"targets": ["Linear", "Embedding"], "weights": weights}},
    }
