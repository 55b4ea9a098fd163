"""Matrices of a saved model folder → the same folder with them in four bits or in float8, the embedding too.

``int4``: the codes and scales are those of ggml's Q4_0 (`storage.blocks`): one float16 scale for every 32 weights of a
row, 4.5 bits a weight in all, fitted to calibration samples where there are any. They are written in the layout of
compressed-tensors (``pack-quantized``), which holds any matrix, where NF4 of bitsandbytes holds linear layers only and
leaves a large embedding in bf16. ``dequantize`` in config.json lets plain transformers, from 5.23 on and with the
package compressed-tensors beside it, expand the weights as it reads them, so that an embedding and a head tied to it
stay one tensor; a model in memory is then as large as the bf16 one. Matrices that are stored wider stay plain
tensors of the file.

``f8``: a safetensors file may hold a tensor in another type than the model has: transformers ≥ 5 casts what it reads to
the model's type, bf16 here. The type is E4M3 (Micikevicius et al. 2022): four bits of exponent, three of mantissa, an
error of 2.7 % RMS where NF4 has 9 %. It does not go together with NF4: in a folder that bitsandbytes loads,
transformers 5.23 leaves every other tensor in the type of the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.errors import error
from sxl_train.run import checkpoints
from sxl_train.storage import blocks

if TYPE_CHECKING:
    from torch import Tensor

LARGEST = 448.0
"""The largest number of float8; what is larger would become NaN."""


def store(folder: Path, dtypes: Mapping[str, str], columns: Mapping[str, Tensor] | None = None) -> Path:
    """Rewrite the model in ``folder``; returns ``folder``.

    ``dtypes`` says of each matrix what its numbers become: ``I32`` (four bits) or ``F8_E4M3``, in the words of
    safetensors; a matrix that it leaves out stays plain. ``columns`` weighs the rounding to four bits
    (`sxl_train.storage.precision.measure_columns`). Raises `UserError` T109 for a weight that float8 cannot hold.
    """
    from safetensors import safe_open
    from safetensors.torch import save_file

    plain = []

    def narrow(name: str, weight: Tensor) -> dict[str, Tensor]:
        if dtypes.get(name) == "I32":
            return pack_matrix(name, weight, (columns or {}).get(name))
        if weight.dim() == 2:
            plain.append(name.removesuffix(".weight"))
        if name not in dtypes:
            return {name: weight}
        if not (largest := float(weight.abs().max())) <= LARGEST:
            found, expected = f"a weight of {largest:g}", f"at most {LARGEST:g}, which float8 holds"
            raise error("T109", file=str(folder), pointer="/" + name, found=found, expected=expected)
        return {name: to_float8(weight)}

    path = Path(folder) / "model.safetensors"
    tensors: dict[str, Tensor] = {}
    with safe_open(path, "pt") as file:
        described = file.metadata()
        for name in file.keys():  # noqa: SIM118 - no dict
            tensors |= narrow(name, file.get_tensor(name))
    partial = path.with_name(path.name + ".partial")
    save_file(tensors, partial, metadata=described)
    partial.replace(path)
    if "I32" in dtypes.values():
        config = checkpoints.read_config(folder) | {"quantization_config": describe(sorted(plain))}
        text = json.dumps(config, indent=2) + "\n"
        (Path(folder) / "config.json").write_text(text, encoding="utf-8", newline="\n")
    return Path(folder)


def to_float8(weight: Tensor) -> Tensor:
    """``weight`` in float8, through bf16, which a loader makes of it again."""
    import torch

    return weight.to(torch.bfloat16).to(torch.float8_e4m3fn)


def pack_matrix(name: str, weight: Tensor, columns: Tensor | None = None) -> dict[str, Tensor]:
    """What the matrix ``name`` [rows, columns] becomes: int32 words of eight codes, scales, and its shape.

    Raises `UserError` U402 where the package `compressed_tensors` is missing.
    """
    import torch

    try:
        from compressed_tensors.compressors.pack_quantized import pack_to_int32
    except ImportError:
        raise error("U402", found="no package compressed_tensors", expected="pip install 'sheikh-sxl[train]'") from None
    codes, scales = blocks.fit(weight, "q4_0", columns)
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
