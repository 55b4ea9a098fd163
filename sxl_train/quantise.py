"""A bf16 model folder → a 4-bit NF4 safetensors folder that plain transformers + bitsandbytes loads.

NF4 stores 16 levels per weight at the quantiles of a normal distribution, one scale per 64 weights; with
double quantisation the scales are 8-bit themselves (Dettmers et al. 2023). Embedding, output head and norms
stay bf16: no safetensors format that transformers reloads holds a quantised embedding, so a large vocabulary
is trimmed instead (`sxl_train.prune.vocabulary`) or the model goes out as GGUF (`sxl_train.release.gguf`).

The folder is saved before anything is computed with the model, and is judged from a reloaded copy: a forward
pass on a CPU with AVX512-BF16 repacks the weights, and saving afterwards damages them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sxl_data.contract.errors import UserError, finding
from sxl_train import checkpoints, plan
from sxl_train.release import size

if TYPE_CHECKING:
    from sxl_train.step import Context

Format = Literal["nf4", "nf4_dq", "int8"]
NF4_COLUMNS, NF4_ROWS, BLOCK = 64, 32, 64


def run(context: Context) -> Path:
    """The step: store the model in the format of the plan; nothing to do where that is bf16."""
    format = plan.read_plan(context).format
    if format == "bf16":
        return Path(context.model)
    out = quantise(Path(context.model), context.folder, format)  # type: ignore[arg-type]
    before, after = size.measure(Path(context.model)), size.measure(out)
    context.measured.update({"format": format, "bytes_before": before.total, "bytes": after.total})
    return out


def quantise(model: Path, out: Path, format: Format = "nf4_dq", keep: Sequence[str] = ()) -> Path:
    """Quantise the linear layers of the model folder ``model`` into ``out`` and return ``out``.

    ``keep`` names modules (``model.layers.0.mlp.down_proj``) that stay bf16. Raises `UserError` T109 where
    a weight's shape does not fit the blocks. Quantise from the bf16 folder: transformers 5.23 cannot save a
    4-bit model that it loaded from a 4-bit folder.
    """
    return checkpoints.save(load_quantised(model, format, keep), out, model)


def load_quantised(model: Path, format: Format = "nf4_dq", keep: Sequence[str] = ()) -> Any:
    """The model folder ``model`` in memory with its linear layers quantised; same errors as `quantise`."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    skipped = ["lm_head", *keep]
    if format == "int8":
        how = BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=skipped)
    else:
        how = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=format == "nf4_dq",
            bnb_4bit_compute_dtype=torch.bfloat16,
            llm_int8_skip_modules=skipped,
        )
    quantised = AutoModelForCausalLM.from_pretrained(
        str(model), quantization_config=how, device_map="cpu", dtype=torch.bfloat16, local_files_only=True
    )
    checkpoints.cure_bitsandbytes(quantised)
    if format != "int8":
        check_rows(quantised, model)
    return quantised


def check_rows(model: Any, folder: Path) -> None:
    """Refuse weights whose rows the CPU kernels cannot read: NF4 wants in % 64 = 0 and out % 32 = 0."""
    problems = [
        finding("T109", file=str(folder), pointer="/" + name.replace(".", "/"),
                found=f"{module.in_features} columns, {module.out_features} rows",
                expected=f"multiples of {NF4_COLUMNS} and {NF4_ROWS}")
        for name, module in model.named_modules()
        if type(module).__name__ == "Linear4bit"
        and (module.in_features % NF4_COLUMNS or module.out_features % NF4_ROWS)
    ]  # fmt: skip
    if problems:
        raise UserError(*problems)


def round_to_nf4(weight: Any, double: bool = True) -> Any:
    """``weight`` (a 2-D tensor) rounded to NF4 and back in its own dtype, through bf16 as the loader does."""
    import torch
    from bitsandbytes import functional

    packed, state = functional.quantize_4bit(
        weight.to(torch.bfloat16).contiguous(), blocksize=BLOCK, compress_statistics=double, quant_type="nf4"
    )
    return functional.dequantize_4bit(packed, state).to(weight.dtype)
