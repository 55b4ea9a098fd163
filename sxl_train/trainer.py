"""`SFTTrainer` for packed agent traces: our loss, our batches, everything else its own.

Rows arrive tokenised with labels, so SFTTrainer prepares nothing. The forward returns a weighted sum over trained
tokens; divided by the number of trained tokens in the whole optimiser step, across devices and accumulation, it is the
same loss however the batch is cut.
"""

from __future__ import annotations

from typing import Any

import torch
from trl import SFTTrainer


class TraceTrainer(SFTTrainer):  # type: ignore[misc]
    """SFTTrainer on a model that `fast.make_fast` changed."""

    log_tokens: Any = None
    """Called with the number of tokens of each batch."""

    def create_accelerator_and_postprocess(self) -> None:
        """As in the base class; and sharding on CPUs, which accelerate leaves out though gloo does all it needs."""
        super().create_accelerator_and_postprocess()
        state: Any = self.accelerator.state
        if self.args.fsdp and str(state.distributed_type).endswith("MULTI_CPU"):
            from accelerate import DistributedType, FullyShardedDataParallelPlugin

            state.distributed_type = DistributedType.FSDP
            state.fsdp_plugin = FullyShardedDataParallelPlugin(**self.args.fsdp_plugin_args)
            self.is_fsdp_enabled = True

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Weighted loss over trained tokens ÷ their number in the optimiser step."""
        if self.log_tokens is not None and model.training:
            self.log_tokens(inputs["input_ids"].numel())
        outputs: Any = model(**inputs)
        count = outputs["tokens"] if num_items_in_batch is None else num_items_in_batch
        loss = outputs["loss"] / torch.as_tensor(count, device=outputs["loss"].device).clamp(min=1)
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes  # DDP averages gradients over processes
        return (loss, outputs) if return_outputs else loss

    def create_optimizer(self, model: Any = None) -> Any:
        """AdamW; with exact float32 weights beside bf16 ones."""
        model = model or self.model
        trained = [p for p in model.parameters() if p.requires_grad]
        if self.optimizer is None and any(p.dtype == torch.bfloat16 for p in trained):
            from sxl_train.optimiser import MasterAdamW

            decay, plain = [p for p in trained if p.ndim > 1], [p for p in trained if p.ndim <= 1]
            groups: list[Any] = [{"params": decay, "weight_decay": self.args.weight_decay}, {"params": plain}]
            self.optimizer = MasterAdamW([g for g in groups if g["params"]], lr=self.args.learning_rate)
        return super().create_optimizer(model) if self.optimizer is None else self.optimizer

    def evaluate(self, *_: Any, metric_key_prefix: str = "eval", **__: Any) -> dict[str, float]:
        """Loss per trained token of the whole validation split, exact however it is batched or spread."""
        # Past DDP's wrapper: its forward talks to the other processes, which may have fewer batches.
        model: Any = self.model_wrapped if self.is_fsdp_enabled else self.accelerator.unwrap_model(self.model)
        dataset: Any = self.eval_dataset
        collate: Any = self.data_collator
        was_training = model.training
        model.eval()
        total = torch.zeros(2, dtype=torch.float64, device=self.args.device)
        size, rank, world = (
            self.args.per_device_eval_batch_size,
            self.args.process_index,
            self.args.world_size,
        )
        with torch.no_grad(), self.compute_loss_context_manager():
            for first in range(0, len(dataset), world * size):
                start = first + rank * size
                rows = [dataset[i] for i in range(start, min(start + size, len(dataset)))]
                if not rows and not self.is_fsdp_enabled:
                    break
                # Sharded weights are gathered by all or by none: a process without rows runs one for the others.
                outputs: Any = model(**self._prepare_inputs(collate(rows or [dataset[0]])))
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
        self._signature_columns: Any = ["input_ids", "labels", "weights", "seq_lengths"]

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Checkpoints get no card; the release writes one from measured numbers."""
