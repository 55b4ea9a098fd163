"""A bf16 model folder → a smaller one: safetensors that plain transformers loads, or one GGUF file.

``int4`` holds every matrix in four bits, the embedding too (`sxl_train.storage.packed`; the reader needs the package
compressed-tensors). NF4 stores 16 levels per weight at the quantiles of a normal distribution, one scale per 64
weights; with double quantisation the scales are 8-bit themselves (Dettmers et al. 2023; bitsandbytes reads it). It
holds linear layers only: a large embedding is trimmed (`sxl_train.data.vocabulary`). GGUF's blocks hold the
embedding too (`storage.gguf`). Between four bits and bf16 lies float8 for every matrix (`storage.packed`).
Room under the size limit goes to the matrices whose rounding costs most: they are stored in a wider format
(`sxl_train.storage.precision`).

The folder is saved before anything is computed with the model, and is judged from a reloaded copy: a forward
pass on a CPU with AVX512-BF16 repacks the weights, and saving afterwards damages them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.errors import UserError, finding
from sxl_train.plan import step as plan
from sxl_train.plan.formats import PLAIN, store
from sxl_train.run import checkpoints, size
from sxl_train.storage import packed, precision

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from sxl_train.run.step import Context

NF4_COLUMNS, NF4_ROWS = 64, 32


def run(context: Context) -> Path:
    """The step: store the model in the format of the plan; nothing to do where that is bf16."""
    format, recipe, folder = plan.read_plan(context).format, context.recipe, Path(context.model)
    if format == "bf16":
        return folder
    others: dict[str, plan.Format] = {}
    columns: precision.Columns | None = None
    if recipe.quantise.mixed and format not in PLAIN:
        model = checkpoints.load(folder, "float32", checkpoints.choose_device())
        others, columns = precision.choose_others(context, format, model, folder)
    if format in plan.GGUF:
        from sxl_train.storage import gguf

        gguf.write(folder, context.folder / f"model-{format.replace('+', '-')}.gguf", format, others, columns)
        out = context.folder
    else:
        out = quantise(folder, context.folder, format, others, columns)
    before, after = size.measure(folder), size.measure(out)
    context.measured.update({"format": format, "bytes_before": before.total, "bytes": after.total})
    return out


def quantise(
    model: Path,
    out: Path,
    format: plan.Format = "nf4_dq",
    others: Mapping[str, plan.Format] | None = None,
    columns: precision.Columns | None = None,
) -> Path:
    """Store the matrices of the model folder ``model`` in ``format`` in ``out`` and return ``out``.

    ``others`` names tensors (``model.layers.0.mlp.down_proj.weight``) in a wider format, ``columns`` weighs the
    rounding of int4. Raises `UserError` T109 where a weight's shape does not fit the blocks. Quantise from the bf16
    folder: transformers 5.23 cannot save a 4-bit model that it loaded from a 4-bit folder.
    """
    own = dict(others or {})
    made = load_quantised(model, format, own)
    checkpoints.save(made, out, model)
    shape = plan.read_shape(checkpoints.read_config(model))
    stored = ((tensor.name, store(tensor, own.get(tensor.name, format))) for tensor in shape.tensors())
    narrow = {name: dtype for name, parts in stored for _, dtype, _ in parts if dtype in ("F8_E4M3", "I32")}
    return packed.store(out, narrow, columns) if narrow else out


def load_quantised(
    model: Path, format: plan.Format = "nf4_dq", others: Mapping[str, plan.Format] | None = None
) -> PreTrainedModel:
    """The model folder ``model`` in memory, its linear layers but ``others`` in bitsandbytes' format."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    skipped = ["lm_head", *(name.removesuffix(".weight") for name in others or {} if "embed_tokens" not in name)]
    if format in ("bf16", "f8", "int4"):
        return checkpoints.load(model)
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
    check_rows(quantised, model)
    return quantised


def check_rows(model: PreTrainedModel, folder: Path) -> None:
    """Refuse weights whose rows the CPU kernels cannot read: NF4 wants in % 64 = 0 and out % 32 = 0."""
    problems = [
        finding(
            "T109",
            file=str(folder),
            pointer="/" + name.replace(".", "/"),
            found=f"{module.in_features} columns, {module.out_features} rows",
            expected=f"multiples of {NF4_COLUMNS} and {NF4_ROWS}",
        )
        for name, module in model.named_modules()
        if type(module).__name__ == "Linear4bit"
        and (module.in_features % NF4_COLUMNS or module.out_features % NF4_ROWS)
    ]
    if problems:
        raise UserError(*problems)
