"""A LoRA adapter + its base model → one plain bf16 safetensors model, no peft needed to load it.

The sum is made in float32 and rounded once. An adapter trained by QLoRA has only ever seen the base through
NF4, so there are two honest bases to add it to, and neither wins always:

- ``original``: the unquantised weights. Best where the result is not quantised again.
- ``dequantised``: the base rounded to NF4 and back, which is what the adapter was trained against.

The step merges onto both when the adapter came from QLoRA, measures each and keeps the better.
Low-rank adaptation: Hu et al. 2021; QLoRA: Dettmers et al. 2023.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sxl_train.data import samples
from sxl_train.run import checkpoints
from sxl_train.run.tokenizer import open_tokenizer

if TYPE_CHECKING:
    from sxl_train.run.decoder import Decoder
    from sxl_train.run.step import Context

Onto = Literal["original", "dequantised"]


def run(context: Context) -> Path:
    """The step: merge the tuned adapter; after QLoRA onto both bases, keeping the smaller validation loss."""
    adapter = Path(context.model)
    if not (adapter / "adapter_config.json").is_file():
        return adapter
    base = find_base(context)
    if context.recipe.method != "qlora":
        return merge(adapter, context.folder, base)
    tokenizer = open_tokenizer(adapter)
    rows = samples.read_samples(
        context.recipe.dataset, "validation", tokenizer, context.recipe.evaluate.rows, context.recipe.tune.max_length
    )
    losses: dict[Onto, float] = {}
    double = context.recipe.tune.double_quant
    for onto in ("original", "dequantised"):
        merged = merge_models(adapter, base, onto, double)  # type: ignore[arg-type]
        losses[onto] = samples.measure_loss(merged, rows).per_token  # type: ignore[index]
    best = min(losses, key=lambda onto: losses[onto])
    context.measured.update({"onto": best} | {f"loss_{onto}": loss for onto, loss in losses.items()})
    return merge(adapter, context.folder, base, best, double)


def find_base(context: Context) -> str:
    """The model that the adapter was trained on: the last one in the chain before `tune`."""
    before = [model for step, model in context.chain if step != "tune" and model != context.model]
    return before[-1] if before else checkpoints.read_adapter(Path(context.model))["base_model_name_or_path"]


def merge(adapter: Path, out: Path, base: Path | str, onto: Onto = "original", double_quant: bool = True) -> Path:
    """Merge ``adapter`` into ``base`` and write the model to ``out``.

    ``double_quant`` is that of the tuning. The tokenizer comes from the adapter's folder if it holds one, else from
    the base.
    """
    has_tokenizer = (Path(adapter) / "tokenizer.json").is_file()
    return checkpoints.save(
        merge_models(adapter, base, onto, double_quant), out, Path(adapter) if has_tokenizer else Path(base)
    )


def merge_models(adapter: Path, base: Path | str, onto: Onto, double_quant: bool = True) -> Decoder:
    """The merged model in memory, in bf16. Raises `UserError` T506 where there is no adapter."""
    import torch
    from peft import PeftModel

    from sxl_train.tune import nf4

    checkpoints.read_adapter(adapter)
    model = checkpoints.load(base, dtype="float32")
    if onto == "dequantised":
        nf4.keep(model, double_quant)
    merged = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload(safe_merge=True)
    merged = merged.to(torch.bfloat16)
    merged.config.dtype = torch.bfloat16
    return merged.eval()
