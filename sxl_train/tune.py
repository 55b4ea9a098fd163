"""The base folder and the dataset in; an adapter folder (lora, qlora) or a model folder (full) out.

A thin layer over TRL's SFTTrainer: rows become packed token ids with labels (`sequences.py`), the model gets the fast
path (`fast.py`), the trainer does the rest. Killed at any moment, the same command continues from the last complete
checkpoint with the same losses (on a CPU bit for bit; tested).
"""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path
from typing import Any

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_train import data
from sxl_train.base import read_template
from sxl_train.config import Tune
from sxl_train.log import Log, read_first_loss
from sxl_train.sequences import Counts, cut_rows, make_sequences
from sxl_train.step import Context


def run(context: Context) -> Path:
    """Fine-tune; returns the folder written."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch

    recipe, tune = context.recipe, context.recipe.tune
    torch.manual_seed(recipe.seed)
    tokenizer, template = read_template(context.model, recipe.revision)
    capacity = find_capacity(context.model, tune)
    dataset = data.find_dataset(recipe.dataset)
    train, counts = prepare(dataset, "train", recipe.limit, tokenizer, template, tune, capacity)
    validation, _ = prepare(dataset, "validation", max(1, recipe.limit // 5) if recipe.limit else 0, tokenizer,
                            template, tune, capacity)  # fmt: skip
    if not counts.trained:
        raise error("T104", file=dataset.source, found="no trained token in the whole training split")
    added = list(read_added(context) or [])
    model = load(context.model, recipe.method, tune)
    model = adapt(model, recipe.method, tune, tokenizer, template, added)
    trainer = make_trainer(model, tokenizer, train, validation, tune, recipe.seed, context.folder, capacity)
    checkpoint = find_checkpoint(context.folder / "checkpoints")
    before = read_first_loss(context.folder / "log.jsonl") if checkpoint else None
    if before is None and validation:
        before = trainer.evaluate()["eval_loss"]
    if checkpoint:
        say(f"tune       continues from {Path(checkpoint).name}")
    try:
        result = trainer.train(resume_from_checkpoint=checkpoint)
    finally:
        for callback in trainer.callback_handler.callbacks:
            if isinstance(callback, Log):
                callback.close()
    after = trainer.evaluate()["eval_loss"] if validation else None
    context.measured.update(
        method=recipe.method, rows=counts.rows, pieces=counts.pieces, tokens=counts.tokens, trained=counts.trained,
        reflect=counts.reflect, cut=counts.cut, dropped=counts.dropped_long + counts.dropped_empty,
        sequences=len(train), capacity=capacity, steps=trainer.state.global_step,
        batch=trainer.args.per_device_train_batch_size, accumulate=tune.accumulate,
        trainable=sum(p.numel() for p in model.parameters() if p.requires_grad),
        train_loss=round(result.training_loss, 4), validation_loss_before=_rounded(before),
        validation_loss_after=_rounded(after), seconds=round(result.metrics["train_runtime"], 1),
    )  # fmt: skip
    model = trainer.accelerator.unwrap_model(trainer.model)
    state = gather(trainer)
    if trainer.accelerator.is_main_process:
        save(model, tokenizer, context, state)
        shutil.rmtree(context.folder / "checkpoints", ignore_errors=True)
    return context.folder


def prepare(dataset: data.Dataset, split: str, limit: int, tokenizer: Any, template: Any, tune: Tune,
            capacity: int) -> tuple[list[dict[str, list[Any]]], Counts]:  # fmt: skip
    """Packed sequences of a split."""
    rows = data.read_rows(dataset, split, limit)
    pieces, counts = cut_rows(rows, tokenizer, template, tune, capacity)
    return make_sequences(pieces, tune, capacity), counts


def find_capacity(model: str, tune: Tune) -> int:
    """Tokens in one sequence: ``max_length``, but never more than the base can place."""
    from transformers import AutoConfig

    limit = getattr(AutoConfig.from_pretrained(model).get_text_config(), "max_position_embeddings", None)
    return min(tune.max_length, limit or tune.max_length)


def load(folder: str, method: str, tune: Tune) -> Any:
    """The base in the precision that the method and the machine want: bf16 on a GPU, float32 on a CPU."""
    import torch
    from transformers import AutoModelForCausalLM

    from sxl_train import nf4

    gpu = torch.cuda.is_available()
    dtype = torch.bfloat16 if gpu else torch.float32
    if method == "qlora" and not nf4.keeps(folder, tune.dequantise):
        return nf4.load_each(folder, tune.double_quant, torch.bfloat16 if gpu else torch.float32, _device())
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    if method == "qlora":
        nf4.keep(model, tune.double_quant)
    return model.to(_device())


def adapt(model: Any, method: str, tune: Tune, tokenizer: Any, template: Any, added: list[str]) -> Any:
    """Adapters on every linear layer and on the markers' embedding rows; nothing for full fine-tuning."""
    model.config.use_cache = False
    if method == "full":
        return model
    from peft import LoraConfig, get_peft_model

    from sxl_train.markers import find_trainable

    rows = find_trainable(tokenizer, template, tune.markers, added)
    if rows and _plain_reason(model, tune):
        # TRL 1.16 reads lm_head.bias, which peft's wrapper of single rows does not have.
        say("tune       the markers' rows stay frozen: SFTTrainer's own loss cannot train them")
        rows = []
    targets = tune.targets if tune.targets == "all-linear" else [t.strip() for t in tune.targets.split(",")]
    embedding = next(n for n, m in model.named_modules() if m is model.get_input_embeddings()).split(".")[-1]
    config = LoraConfig(
        r=tune.rank, lora_alpha=tune.alpha, lora_dropout=tune.dropout, target_modules=targets, use_dora=tune.dora,
        use_rslora=tune.rslora, task_type="CAUSAL_LM", trainable_token_indices={embedding: rows} if rows else None,
    )  # fmt: skip
    return get_peft_model(model, config)


def make_trainer(model: Any, tokenizer: Any, train: list[Any], validation: list[Any], tune: Tune, seed: int,
                 folder: Path, capacity: int) -> Any:  # fmt: skip
    """The trainer with its arguments; `tune.fast` decides which path the model takes."""
    import torch
    from datasets import Dataset
    from transformers import EarlyStoppingCallback
    from trl import SFTConfig, SFTTrainer

    from sxl_train import batch, fast
    from sxl_train.collate import Flatten
    from sxl_train.trainer import TraceTrainer

    gpu = torch.cuda.is_available()
    reason = _plain_reason(model, tune)
    if reason and tune.fast:
        say(f"tune       takes the plain path: {reason}")
    compiles = tune.compile == "always" or (tune.compile == "auto" and gpu)
    collator = None
    if not reason:
        if gpu:
            fast.narrow(model)
        fast.make_fast(model, compiles, tune.recompute)
        collator = Flatten(tokenizer.pad_token_id, capacity, capacity if compiles and tune.packing else 0)
    size = tune.batch or batch.find_batch(model, train, tune, capacity, collator)
    steps = (
        tune.max_steps if tune.max_steps > 0 else math.ceil(len(train) / size / tune.accumulate * tune.epochs)
    )
    sharded = tune.shard and int(os.environ.get("WORLD_SIZE", "1")) > 1
    full = all(p.requires_grad for p in model.parameters())
    early = bool(tune.patience and tune.evaluate_every and validation)
    arguments = SFTConfig(
        output_dir=str(folder / "checkpoints"), use_cpu=not gpu, bf16=gpu and bool(reason), seed=seed, data_seed=seed,
        per_device_train_batch_size=size, per_device_eval_batch_size=size, num_train_epochs=tune.epochs,
        max_steps=tune.max_steps, gradient_accumulation_steps=tune.accumulate, learning_rate=tune.lr,
        lr_scheduler_type="cosine_with_min_lr", lr_scheduler_kwargs={"min_lr": tune.lr_floor},
        warmup_steps=math.ceil(tune.warmup * steps), weight_decay=tune.weight_decay, max_grad_norm=tune.clip,
        optim="adamw_torch_fused", logging_steps=5 if gpu else 1, logging_nan_inf_filter=False, disable_tqdm=True,
        save_strategy="steps", save_total_limit=2,
        # The best model can only be taken up again where each validation has a checkpoint.
        save_steps=tune.evaluate_every if early else tune.save_every or max(1, steps // 10),
        eval_strategy="steps" if tune.evaluate_every and validation else "no",
        eval_steps=tune.evaluate_every or None, load_best_model_at_end=early,
        metric_for_best_model="eval_loss", greater_is_better=False, report_to=tune.report_to,
        gradient_checkpointing=tune.checkpointing, remove_unused_columns=False, packing=False,
        padding_free=bool(reason), max_length=None, dataset_kwargs={"skip_prepare_dataset": True},
        average_tokens_across_devices=True, dataloader_pin_memory=gpu, ddp_find_unused_parameters=False,
        fsdp=sharded,  # type: ignore[arg-type]  # a bool since transformers 5
        fsdp_config={"version": 2, "state_dict_type": "SHARDED_STATE_DICT"},
    )  # fmt: skip
    log = Log(folder / "log.jsonl", _flops_per_token(model, full))
    callbacks: list[Any] = [log]
    if early:
        callbacks.append(EarlyStoppingCallback(tune.patience))
    if reason:
        train, validation = ([{k: v for k, v in row.items() if k != "weights"} for row in rows]
                             for rows in (train, validation))  # fmt: skip
    kind = SFTTrainer if reason else TraceTrainer
    trainer: Any = kind(model=model, args=arguments, train_dataset=Dataset.from_list(train), data_collator=collator,
                   eval_dataset=Dataset.from_list(validation) if validation else None, processing_class=tokenizer,
                   callbacks=callbacks)  # fmt: skip
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    if not reason:

        def count(tokens: int) -> None:
            log.tokens += tokens

        trainer.log_tokens = count
    return trainer


def find_checkpoint(folder: Path) -> str | None:
    """The newest complete checkpoint. The trainer writes trainer_state.json last: one without it was cut off."""
    complete = []
    for path in folder.glob("checkpoint-*"):
        if (path / "trainer_state.json").exists():
            complete.append((int(path.name.split("-")[1]), path))
        elif not int(os.environ.get("RANK", "0")):
            shutil.rmtree(path)
    return str(max(complete)[1]) if complete else None


def gather(trainer: Any) -> dict[str, Any] | None:
    """Whole weights where processes hold shards of them (all must call this), else None."""
    if not trainer.is_fsdp_enabled:
        return None
    whole: dict[str, Any] = {}
    places: dict[int, Any] = {}
    for name, weight in trainer.accelerator.unwrap_model(trainer.model).state_dict().items():
        # A head tied to the embedding stays one tensor, or the file would hold it twice.
        place = weight.to_local().data_ptr() if hasattr(weight, "to_local") else weight.data_ptr()
        if place not in places or places[place].shape != weight.shape:
            places[place] = (weight.full_tensor() if hasattr(weight, "full_tensor") else weight).cpu()
        whole[name] = places[place]
    return whole


def save(model: Any, tokenizer: Any, context: Context, state: dict[str, Any] | None = None) -> None:
    """Adapters with the name of their base, or the whole model in bf16; and the tokenizer beside them."""
    import torch

    from sxl_train.checkpoints import copy_tokenizer

    if hasattr(model, "peft_config"):
        for config in model.peft_config.values():
            config.base_model_name_or_path = str(Path(context.model).resolve()) if Path(context.model).is_dir() else (
                context.model)  # fmt: skip
        model.save_pretrained(context.folder, save_embedding_layers=False, state_dict=state)
    else:
        model.config.use_cache = True
        if state is not None:
            small = {id(weight): weight.to(torch.bfloat16) for weight in state.values()}
            state = {name: small[id(weight)] for name, weight in state.items()}
            model.save_pretrained(context.folder, state_dict=state)
        else:
            model.to(torch.bfloat16).save_pretrained(context.folder)
    if Path(context.model).is_dir():
        copy_tokenizer(Path(context.model), context.folder)
    else:
        tokenizer.save_pretrained(context.folder)


def read_added(context: Context) -> list[str] | None:
    """Markers that the base step added."""
    from sxl_train.step import read_record

    record = read_record(context.out / "base")
    return list(record["measured"].get("added_tokens", [])) if record else None


def _plain_reason(model: Any, tune: Tune) -> str | None:
    from sxl_train import fast

    return fast.can_be_fast(model.config) if tune.fast else "tune.fast is off"


def _flops_per_token(model: Any, full: bool) -> float:
    weights = sum(p.numel() for p in model.parameters())
    return (6.0 if full else 4.0) * weights


def _device() -> str:
    import torch

    return f"cuda:{int(os.environ.get('LOCAL_RANK', 0))}" if torch.cuda.is_available() else "cpu"


def _rounded(loss: float | None) -> float | None:
    return None if loss is None else round(loss, 4)
