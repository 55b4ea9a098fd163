"""The base folder and the dataset in; an adapter folder (lora, qlora) or a model folder (full) out.

A thin layer over TRL's SFTTrainer: rows become packed token ids with labels (`data.packing`), the model is loaded
(`adapt.py`) and made fast (`fast.py`), the trainer does the rest (`trainer.py`). Killed at any moment, the same command
continues from the last complete checkpoint with the same losses (on a CPU bit for bit; tested).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_train.config import Tune
from sxl_train.data import dataset as data
from sxl_train.data.base import read_template
from sxl_train.data.packing import Counts, Packed, cut_rows, make_sequences
from sxl_train.run.apart import count_processes
from sxl_train.run.interrupt import Interrupt
from sxl_train.run.log import Log, read_first_loss
from sxl_train.run.objects import Object
from sxl_train.run.quiet import hush
from sxl_train.run.step import Context
from sxl_train.tune import stride
from sxl_train.tune.adapt import adapt, load
from sxl_train.tune.sharding import gather_weights
from sxl_train.tune.trainer import make_trainer

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import Tensor
    from transformers import PreTrainedTokenizerFast
    from transformers.trainer_utils import TrainOutput
    from trl import SFTTrainer

    from sxl_train.data.mask import Template
    from sxl_train.run.decoder import Decoder


def run(context: Context) -> Path:
    """Fine-tune; returns the folder written."""
    import torch

    hush()
    recipe, tune = context.recipe, context.recipe.tune
    torch.manual_seed(recipe.seed)
    tokenizer, template = read_template(context.model)
    capacity = find_capacity(context.model, tune)
    dataset = data.find_dataset(recipe.dataset)
    train, counts = prepare(dataset, "train", recipe.limit, tokenizer, template, tune, capacity)
    validation, _ = prepare(
        dataset, "validation", max(1, recipe.limit // 5) if recipe.limit else 0, tokenizer, template, tune, capacity
    )
    if not counts.trained:
        raise error("T104", file=dataset.source, found="no trained token in the whole training split")
    added = list(read_added(context) or [])
    checkpoints = context.folder / "checkpoints"
    checkpoint = find_checkpoint(checkpoints)
    if checkpoint:
        batch = read_state(checkpoint)["train_batch_size"]
        tune = stride.keep(tune, checkpoints, batch, count_processes())
    base = load(context.model, recipe.method, tune)
    model = adapt(base, recipe.method, tune, tokenizer, template, added)
    trainer = make_trainer(model, tokenizer, train, validation, tune, recipe.seed, context.folder, capacity)
    size = trainer.args.per_device_train_batch_size
    if not checkpoint and trainer.accelerator.is_main_process:
        stride.note(checkpoints, size * tune.accumulate * count_processes())
    before = read_first_loss(context.folder / "log.jsonl") if checkpoint else None
    if before is None and validation:
        before = trainer.evaluate()["eval_loss"]
    result = train_on(trainer, checkpoint)
    after = judge(trainer) if validation else None
    context.measured.update(
        method=recipe.method,
        **describe(counts),
        sequences=len(train),
        capacity=capacity,
        steps=trainer.state.global_step,
        batch=size,
        accumulate=tune.accumulate,
        processes=count_processes(),
        trainable=sum(p.numel() for p in model.parameters() if p.requires_grad),
        train_loss=round(result.training_loss, 4),
        validation_loss_before=_rounded(before),
        validation_loss_after=_rounded(after),
        seconds=round(result.metrics["train_runtime"], 1),
    )
    model = trainer.accelerator.unwrap_model(trainer.model)
    state = gather_weights(model, trainer.accelerator.is_main_process) if trainer.is_fsdp_enabled else None
    if trainer.accelerator.is_main_process:
        save(model, tokenizer, context, state)
        shutil.rmtree(checkpoints, ignore_errors=True)
    return context.folder


def describe(counts: Counts) -> dict[str, int]:
    """What became of the rows, for ``run.json``."""
    names = ("rows", "pieces", "tokens", "trained", "reflect", "cut")
    return {name: getattr(counts, name) for name in names} | {"dropped": counts.dropped_long + counts.dropped_empty}


def train_on(trainer: SFTTrainer, checkpoint: str | None) -> TrainOutput:
    """Train to the end, from ``checkpoint`` where there is one. Raises `UserError` T111, and KeyboardInterrupt after a
    signal, when the step under way is saved."""
    import torch

    if checkpoint:
        say(f"tune       continues from {Path(checkpoint).name}")
    closing = [c for c in trainer.callback_handler.callbacks if isinstance(c, Log | Interrupt)]
    try:
        result = trainer.train(resume_from_checkpoint=checkpoint)
    except torch.OutOfMemoryError as problem:
        size = trainer.args.per_device_train_batch_size
        raise error(
            "T111",
            found=f"out of memory at step {trainer.state.global_step + 1} with tune.batch={size}",
            expected="room for a forward and a backward pass and the optimiser",
        ) from problem
    finally:
        for callback in closing:
            callback.close()
    came = any(isinstance(c, Interrupt) and c.came for c in closing)
    if came and trainer.state.global_step < trainer.state.max_steps:
        say(f"tune       step {trainer.state.global_step} is saved")
        raise KeyboardInterrupt
    return result


def judge(trainer: SFTTrainer) -> float:
    """The validation loss of the model that is kept; one that was judged after the last step is not judged again."""
    last = trainer.state.log_history[-2:]  # the second to last where the trainer's own summary is the last
    kept = not trainer.args.load_best_model_at_end
    known = [
        entry["eval_loss"] for entry in last if "eval_loss" in entry and entry["step"] == trainer.state.global_step
    ]
    return float(known[0] if known and kept else trainer.evaluate()["eval_loss"])


def prepare(
    dataset: data.Dataset,
    split: str,
    limit: int,
    tokenizer: PreTrainedTokenizerFast,
    template: Template,
    tune: Tune,
    capacity: int,
) -> tuple[list[Packed], Counts]:
    """Packed sequences of a split."""
    rows = data.read_rows(dataset, split, limit)
    pieces, counts = cut_rows(rows, tokenizer, template, tune, capacity)
    return make_sequences(pieces, tune, capacity), counts


def find_capacity(model: str, tune: Tune) -> int:
    """Tokens in one sequence: ``max_length``, but never more than the base can place."""
    from transformers import AutoConfig

    limit = getattr(AutoConfig.from_pretrained(model).get_text_config(), "max_position_embeddings", None)
    return min(tune.max_length, limit or tune.max_length)


def find_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint to go on from.

    The trainer writes trainer_state.json last: what lacks it, or half of it, was cut off, and is removed. One of the
    last step is passed over, since the trainer would take a step beyond it; those before it are taken again instead.
    """
    found = []
    for path in folder.glob("checkpoint-*"):
        try:
            state = read_state(str(path))
        except (OSError, msgspec.DecodeError):
            if not int(os.environ.get("RANK", "0")):
                shutil.rmtree(path)
            continue
        if state["global_step"] < state["max_steps"]:
            found.append((state["global_step"], path))
    return str(max(found)[1]) if found else None


def read_state(checkpoint: str) -> Object:
    """Where a checkpoint stands, and the batch that its run began with: found again on another machine it might differ,
    and with it the order of the data."""
    return dict(msgspec.json.decode((Path(checkpoint) / "trainer_state.json").read_bytes()))


def save(
    model: Decoder | PeftModel,
    tokenizer: PreTrainedTokenizerFast,
    context: Context,
    state: dict[str, Tensor] | None = None,
) -> None:
    """Adapters with the name of their base, or the whole model in bf16; and the tokenizer beside them."""
    import torch
    from peft import PeftModel

    from sxl_train.run.checkpoints import copy_tokenizer

    if isinstance(model, PeftModel):
        for config in model.peft_config.values():
            config.base_model_name_or_path = (
                str(Path(context.model).resolve()) if Path(context.model).is_dir() else (context.model)
            )
        model.save_pretrained(str(context.folder), save_embedding_layers=False, state_dict=state)
    else:
        model.config.use_cache = True
        if state is not None:
            small = {id(weight): weight.to(torch.bfloat16) for weight in state.values()}
            state = {name: small[id(weight)] for name, weight in state.items()}
            model.save_pretrained(context.folder, state_dict=state)
        else:
            model.to(dtype=torch.bfloat16).save_pretrained(context.folder)
    if Path(context.model).is_dir():
        copy_tokenizer(Path(context.model), context.folder)
    else:
        tokenizer.save_pretrained(context.folder)


def read_added(context: Context) -> list[str] | None:
    """Special tokens that the base step added."""
    from sxl_train.run.step import read_record

    record = read_record(context.out / "base")
    return list(record["measured"].get("added_tokens", [])) if record else None


def _rounded(loss: float | None) -> float | None:
    return None if loss is None else round(loss, 4)
