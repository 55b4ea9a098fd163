"""`SFTTrainer` for packed agent traces: our loss, our batches, everything else its own; `make_trainer` sets it up.

Rows arrive tokenised with labels, so SFTTrainer prepares nothing. The forward returns a weighted sum over trained
tokens; divided by the number of trained tokens in the whole optimiser step, across devices and accumulation, it is the
same loss however the batch is cut.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from trl import SFTConfig, SFTTrainer

from sxl_data.contract.console import say
from sxl_train.config import Tune
from sxl_train.data.collate import Batch, Flatten
from sxl_train.data.packing import Packed
from sxl_train.run.apart import count_processes
from sxl_train.run.interrupt import Interrupt
from sxl_train.run.log import Log
from sxl_train.run.objects import Object
from sxl_train.tune import batch, fast, graphs
from sxl_train.tune.sharding import SharedTrainer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from peft import PeftModel
    from torch import Tensor, nn
    from transformers import PreTrainedTokenizerFast, TrainerCallback

    from sxl_train.run.decoder import Decoder


class TraceTrainer(SharedTrainer):
    """SFTTrainer on a model that `fast.make_fast` changed."""

    log_tokens: Callable[[int], None] | None = None
    """Called with the number of tokens of each batch."""
    passes: graphs.Passes | None = None
    """Where passes are recorded."""

    def create_accelerator_and_postprocess(self) -> None:
        """As in the base class; and sharding on CPUs, which accelerate leaves out though gloo does all it needs."""
        super().create_accelerator_and_postprocess()
        state = self.accelerator.state
        if self.args.fsdp and str(state.distributed_type).endswith("MULTI_CPU"):
            from accelerate import DistributedType, FullyShardedDataParallelPlugin

            state.distributed_type = DistributedType.FSDP
            state.fsdp_plugin = FullyShardedDataParallelPlugin(**self.args.fsdp_plugin_args)
            self.is_fsdp_enabled = True

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor | tuple[Tensor, dict[str, Tensor]]:
        """Weighted loss over trained tokens ÷ their number in the optimiser step."""
        if self.log_tokens is not None and model.training:
            self.log_tokens(torch.as_tensor(inputs["input_ids"]).numel())
        outputs: dict[str, Tensor] = model(**inputs)
        count = outputs["tokens"] if num_items_in_batch is None else num_items_in_batch
        loss = outputs["loss"] / torch.as_tensor(count, device=outputs["loss"].device).clamp(min=1)
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes  # DDP averages gradients over processes
        return (loss, outputs) if return_outputs else loss

    def training_step(self, model: nn.Module, inputs: Batch, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """As in the base class, or a recorded pass played back."""
        if self.passes is None or num_items_in_batch is None:
            return super().training_step(model, inputs, num_items_in_batch)
        if self.log_tokens is not None:
            self.log_tokens(torch.as_tensor(inputs["input_ids"]).numel())
        model.train()
        return self.passes.run(self._prepare_inputs(inputs), num_items_in_batch)

    def floating_point_ops(self, inputs: Batch) -> int:
        """None: the base class walks all modules in each pass to count them, and the log has its own count."""
        return 0

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """AdamW; with exact float32 weights beside bf16 ones."""
        model = cast("nn.Module", model or self.model)
        trained = [p for p in model.parameters() if p.requires_grad]
        if self.optimizer is None and any(p.dtype == torch.bfloat16 for p in trained):
            from sxl_train.tune.optimiser import MasterAdamW

            decay, plain = [p for p in trained if p.ndim > 1], [p for p in trained if p.ndim <= 1]
            groups: list[Object] = [{"params": decay, "weight_decay": self.args.weight_decay}, {"params": plain}]
            self.optimizer = MasterAdamW([g for g in groups if g["params"]], lr=self.args.learning_rate)
        return super().create_optimizer(model) if self.optimizer is None else self.optimizer

    def evaluate(self, *_: object, metric_key_prefix: str = "eval", **__: object) -> dict[str, float]:
        """Loss per trained token of the whole validation split, exact however it is batched or spread."""
        # Past DDP's wrapper: its forward talks to the other processes, which may have fewer batches.
        model: nn.Module = self.model_wrapped if self.is_fsdp_enabled else self.accelerator.unwrap_model(self.model)
        dataset, collate = cast("Sequence[Packed]", self.eval_dataset), cast("Flatten", self.data_collator)
        was_training = model.training
        model.eval()
        total = torch.zeros(2, dtype=torch.float64, device=self.args.device)
        size, rank, world = (self.args.per_device_eval_batch_size, self.args.process_index, self.args.world_size)
        with torch.no_grad(), self.compute_loss_context_manager():
            for first in range(0, len(dataset), world * size):
                start = first + rank * size
                rows = [dataset[i] for i in range(start, min(start + size, len(dataset)))]
                if not rows and not self.is_fsdp_enabled:
                    break
                # Sharded weights are gathered by all or by none: a process without rows runs one for the others.
                outputs: dict[str, Tensor] = model(**self._prepare_inputs(collate(rows or [dataset[0]])))
                if not rows:
                    break
                total += torch.stack([outputs["loss"].double(), torch.as_tensor(outputs["tokens"]).to(total)])
        total = self.accelerator.reduce(total, "sum")
        model.train(was_training)
        metrics = {f"{metric_key_prefix}_loss": float(total[0] / total[1].clamp(min=1))}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = [*Packed.__annotations__]  # type: ignore[assignment]

    def create_model_card(self, *_: object, **__: object) -> None:
        """Checkpoints get no card; the release writes one from measured numbers."""


def make_trainer(
    model: Decoder | PeftModel,
    tokenizer: PreTrainedTokenizerFast,
    train: Sequence[Packed],
    validation: Sequence[Packed],
    tune: Tune,
    seed: int,
    folder: Path,
    capacity: int,
) -> SFTTrainer:
    """The trainer with its arguments; `tune.fast` decides which path the model takes."""
    from datasets import Dataset
    from transformers import EarlyStoppingCallback, PrinterCallback

    gpu = torch.cuda.is_available()
    reason = fast.find_plain_reason(model.config, tune)
    if reason and tune.fast:
        say(f"tune       takes the plain path: {reason}")
    compiles = tune.compile == "always" or (tune.compile == "auto" and gpu)
    collator = None
    if not reason:
        if model.get_input_embeddings().weight.dtype == torch.bfloat16 and "weights" not in tune.plain:
            fast.narrow(model)
        fast.make_fast(model, compiles, tune.recompute, tune.last_layers > 0, "loss" in tune.plain)
        collator = Flatten(tokenizer.pad_token_id, capacity, capacity if compiles and tune.packing else 0)
    size = tune.batch or batch.find_batch(model, train, tune, capacity, collator, count_processes())
    arguments = make_arguments(tune, folder, seed, size, len(train), bool(validation), plain=bool(reason))
    full = all(p.requires_grad for p in model.parameters())
    log = Log(folder / "log.jsonl", count_flops(model, full))
    callbacks: list[TrainerCallback] = [log, Interrupt()]
    if arguments.load_best_model_at_end:
        callbacks.append(EarlyStoppingCallback(tune.patience))
    splits = [Dataset.from_list([*rows]) if rows else None for rows in (train, validation)]
    if reason:
        splits = [split.remove_columns("weights") if split else None for split in splits]
    trainer = (SFTTrainer if reason else TraceTrainer)(
        model=model,
        args=arguments,
        train_dataset=splits[0],
        data_collator=collator,
        eval_dataset=splits[1],
        processing_class=tokenizer,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    if isinstance(trainer, TraceTrainer):

        def count(tokens: int) -> None:
            log.tokens += tokens * count_processes()

        trainer.log_tokens = count
        if compiles and tune.packing and torch.cuda.is_available() and graphs.can_record(model, tune):
            trainer.passes = graphs.Passes(model)
    return trainer


def make_arguments(
    tune: Tune, folder: Path, seed: int, size: int, sequences: int, judged: bool, plain: bool
) -> SFTConfig:
    """The arguments for ``sequences`` in batches of ``size``; ``judged`` by a validation split, by SFTTrainer's
    ``plain`` path or by ours."""
    gpu = torch.cuda.is_available()
    steps = count_steps(sequences, size, tune)
    sharded = tune.shard and count_processes() > 1
    early = bool(tune.patience and tune.evaluate_every and judged)
    return SFTConfig(
        output_dir=str(folder / "checkpoints"),
        use_cpu=not gpu,
        bf16=gpu and (plain or "weights" in tune.plain),
        seed=seed,
        data_seed=seed,
        per_device_train_batch_size=size,
        per_device_eval_batch_size=size,
        num_train_epochs=tune.epochs,
        max_steps=tune.max_steps,
        gradient_accumulation_steps=tune.accumulate,
        learning_rate=tune.lr,
        lr_scheduler_type="cosine_with_min_lr",
        lr_scheduler_kwargs={"min_lr": tune.lr_floor},
        warmup_steps=math.ceil(tune.warmup * steps),
        weight_decay=tune.weight_decay,
        max_grad_norm=tune.clip,
        optim="adamw_torch_fused",
        logging_steps=5 if gpu else 1,
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        save_strategy="steps",
        save_total_limit=2,
        # The best model can only be taken up again where each validation has a checkpoint.
        save_steps=tune.evaluate_every if early else tune.save_every or max(1, steps // 10),
        eval_strategy="steps" if tune.evaluate_every and judged else "no",
        eval_steps=tune.evaluate_every or None,
        load_best_model_at_end=early,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        report_to=tune.report_to,
        gradient_checkpointing=tune.checkpointing,
        remove_unused_columns=False,
        packing=False,
        padding_free=plain,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        average_tokens_across_devices=True,
        dataloader_pin_memory=gpu,
        accelerator_config={"non_blocking": gpu},
        # Rows are flattened while the GPU computes: for a small model they would take a quarter of each step.
        dataloader_num_workers=2 if gpu else 0,
        dataloader_persistent_workers=gpu,
        ddp_find_unused_parameters=False,
        fsdp=sharded,  # type: ignore[arg-type]  # a bool since transformers 5
        fsdp_config={"version": 2, "state_dict_type": "FULL_STATE_DICT"},
        ddp_broadcast_buffers=False,
    )


def count_steps(sequences: int, size: int, tune: Tune) -> int:
    """Optimiser steps of the run: warm-up and checkpoints are shares of it."""
    if tune.max_steps > 0:
        return tune.max_steps
    return math.ceil(sequences / count_processes() / size / tune.accumulate * tune.epochs)


def count_flops(model: Decoder | PeftModel, full: bool) -> float:
    """Floating-point operations for one token, forward and backward, without attention's own.

    6 for each weight that is trained; 4 where it is frozen, as its gradient is not made. An input embedding of its own
    is looked up and costs none.
    """
    weights, config = model.num_parameters(), model.config.get_text_config()
    if not config.tie_word_embeddings:
        weights -= config.vocab_size * config.hidden_size
    return (6.0 if full else 4.0) * weights
