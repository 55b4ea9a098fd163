"""A model folder and a method in; the model in memory, with adapters where the method trains them, out.

Precision follows the machine: bf16 on a GPU, float32 on a CPU. QLoRA's frozen weights are NF4 (`nf4.py`), LoRA's stay
as they are, full fine-tuning trains them all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from sxl_data.contract.console import say
from sxl_train.config import Tune

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import nn
    from transformers import PreTrainedTokenizerFast

    from sxl_train.data.mask import Template
    from sxl_train.run.decoder import Decoder


def load(folder: str, method: str, tune: Tune) -> Decoder:
    """The base in the precision that the method and the machine want."""
    import torch
    from transformers import AutoModelForCausalLM

    from sxl_train.tune import nf4

    gpu = torch.cuda.is_available()
    device = f"cuda:{int(os.environ.get('LOCAL_RANK', 0))}" if gpu else "cpu"
    dtype = torch.bfloat16 if gpu or (tune.bf16 == "fast" and has_fast_bf16()) else torch.float32
    if method == "full" and "weights" in tune.plain:
        dtype = torch.float32
    if method == "qlora" and not nf4.keeps(folder, tune.dequantise):
        return nf4.load_each(folder, tune.double_quant, dtype, device)
    model = cast("Decoder", AutoModelForCausalLM.from_pretrained(folder, dtype=dtype))
    if method == "qlora":
        nf4.keep(model, tune.double_quant)
    return model.to(device)


def has_fast_bf16() -> bool:
    """Whether this processor has instructions that multiply bf16."""
    import torch

    tests = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in tests)


def adapt(
    model: Decoder, method: str, tune: Tune, tokenizer: PreTrainedTokenizerFast, template: Template, added: list[str]
) -> Decoder | PeftModel:
    """Adapters on every linear layer and on the special tokens' rows of embedding and head; none for full tuning.

    ``added``: the special tokens that the base did not have, see `tune.markers`.
    """
    model.config.use_cache = False
    if method == "full":
        return model
    from peft import LoraConfig, get_peft_model

    from sxl_train.data.special_tokens import find_trainable
    from sxl_train.tune.fast import find_plain_reason

    rows = find_trainable(tokenizer, template, tune.markers, added)
    if rows and find_plain_reason(model.config, tune):
        # TRL 1.16 reads lm_head.bias, which peft's wrapper of single rows does not have.
        say("tune       the special tokens' rows stay frozen: SFTTrainer's own loss cannot train them")
        rows = []
    targets: str | list[str] = tune.targets
    if targets != "all-linear":
        targets = [name.strip() for name in tune.targets.split(",")]
    upper = _find_upper(model, tune.last_layers)
    if upper and targets == "all-linear":  # peft wants names where it is to leave layers out
        targets = _find_linears(model)
    tables: list[nn.Module] = [model.get_input_embeddings()]
    if not model.config.get_text_config().tie_word_embeddings:
        tables.append(model.get_output_embeddings())
    names = [name.split(".")[-1] for name, module in model.named_modules() if any(module is t for t in tables)]
    indices = {name: rows for name in names} if rows else None
    config = LoraConfig(
        r=tune.rank,
        lora_alpha=tune.alpha,
        lora_dropout=tune.dropout,
        target_modules=targets,
        layers_to_transform=upper,
        use_dora=tune.dora,
        use_rslora=tune.rslora,
        task_type="CAUSAL_LM",
        trainable_token_indices=indices,
    )
    return get_peft_model(model, config)


def _find_upper(model: Decoder, last: int) -> list[int] | None:
    """The places of the ``last`` layers; None for all."""
    depth = model.config.get_text_config().num_hidden_layers
    return list(range(depth - last, depth)) if 0 < last < depth else None


def _find_linears(model: Decoder) -> list[str]:
    """The names that linear layers have inside a decoder layer."""
    import torch

    from sxl_train.tune import fast

    found = fast.find_layers(model)[0].named_modules()
    return sorted({name.rpartition(".")[2] for name, module in found if isinstance(module, torch.nn.Linear)})
