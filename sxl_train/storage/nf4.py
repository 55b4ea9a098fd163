"""A matrix → its values as NF4 of bitsandbytes stores them: 16 levels a weight, one scale for every 64 weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

BLOCK = 64


def round_to_nf4(weight: Tensor, double: bool = True) -> Tensor:
    """``weight`` (2-D) rounded to NF4 and back in its own dtype, through bf16 as the loader does; ``double`` rounds
    the scales too."""
    import torch
    from bitsandbytes import functional

    packed, state = functional.quantize_4bit(
        weight.to(torch.bfloat16).contiguous(), blocksize=BLOCK, compress_statistics=double, quant_type="nf4"
    )
    return functional.dequantize_4bit(packed, state).to(weight.dtype)
