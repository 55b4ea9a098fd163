"""Frozen NF4 weights (QLoRA, arXiv 2305.14314) for training.

Two ways to the same values. `load_each` keeps 4 bits and expands a layer in every forward pass: little memory. `keep`
rounds each linear layer to NF4 once and keeps the rounded values as ordinary weights: they are frozen, so nothing
changes between steps, and a small model pays 2 bytes a weight to train as fast as LoRA. The second way also never
calls the bitsandbytes kernel that corrupts gradients on AVX512-BF16 processors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sxl_data.contract.errors import error
from sxl_train.run.checkpoints import count_weights

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from sxl_train.run.decoder import Decoder


def load_each(folder: str, double_quant: bool, dtype: torch.dtype, device: str) -> Decoder:
    """The model with bitsandbytes 4-bit layers. Raises `UserError` T109 where a CPU kernel cannot take a shape."""
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    from sxl_train.run.checkpoints import cure_bitsandbytes

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=double_quant,
        bnb_4bit_compute_dtype=dtype,
    )
    model = AutoModelForCausalLM.from_pretrained(folder, quantization_config=config, dtype=dtype, device_map=device)
    cure_bitsandbytes(model)
    return cast("Decoder", model)


def keeps(folder: str, wanted: str) -> bool:
    """Whether the rounded weights are kept expanded: as asked, or when they fit in a quarter of the memory."""
    if wanted != "auto":
        return wanted == "once"
    import torch
    from transformers import AutoConfig

    weights = count_weights(AutoConfig.from_pretrained(folder))
    if torch.cuda.is_available():
        return 2 * weights < torch.cuda.get_device_properties(0).total_memory / 4
    import psutil

    return 4 * weights < psutil.virtual_memory().total / 4


def keep(model: PreTrainedModel, double_quant: bool) -> int:
    """Round every linear layer but the head to NF4 in place; how many weights were rounded.

    Blocks of 64 weights, quantised from bf16 as bitsandbytes does when it loads a bf16 model.
    """
    import torch

    from sxl_train.storage.nf4 import BLOCK, round_to_nf4

    head, rounded = model.get_output_embeddings(), 0
    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear) or module is head:
            continue
        weight = module.weight.data
        if weight.numel() % BLOCK:
            raise error("T109", pointer="/" + name, found=tuple(weight.shape), expected=f"n·{BLOCK} weights")
        module.weight.data = round_to_nf4(weight, double_quant)
        rounded += weight.numel()
    return rounded
