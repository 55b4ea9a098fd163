"""Weights that processes share out between them (FSDP2): whole in every file, cut where they are held.

accelerate saves each process's shards, which one process alone cannot read. Here a checkpoint holds the same files
however many processes wrote it (the model or the adapters, ``optimizer.pt``, ``scheduler.pt``), so that a run begun on
two GPUs goes on on one, or the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from trl import SFTTrainer

from sxl_train.run.objects import Object

if TYPE_CHECKING:
    from accelerate.utils import FullyShardedDataParallelPlugin
    from optuna import Trial
    from torch.distributed.tensor import DTensor
    from torch.optim import Optimizer
    from transformers.trainer_utils import TrainOutput

    from sxl_train.run.decoder import Decoder

UNIT_BYTES = 64 * 2**20
"""Decoder layers are gathered and given back together until they hold so much: for a small model each exchange of its
own costs more than what it carries."""
WEIGHTS = ("adapter_model.safetensors", "model.safetensors")
OPTIMISER, SCHEDULER = "optimizer.pt", "scheduler.pt"


class SharedTrainer(SFTTrainer):  # type: ignore[misc]
    """SFTTrainer whose checkpoints are the same with and without sharding; without it, nothing is changed."""

    def train(
        self,
        resume_from_checkpoint: str | bool | None = None,
        trial: Trial | Object | None = None,
        ignore_keys_for_eval: list[str] | None = None,
    ) -> TrainOutput:
        """As in the base class; the weights of a checkpoint are read before they are shared out."""
        if self.is_fsdp_enabled:
            if resume_from_checkpoint:
                self._read_whole(str(resume_from_checkpoint))
            if share(cast("Decoder", self.model), UNIT_BYTES):
                plugin: FullyShardedDataParallelPlugin = self.accelerator.state.fsdp_plugin
                plugin.auto_wrap_policy = None  # else accelerate looks for layers of a class that they have no more
        return super().train(resume_from_checkpoint, trial, ignore_keys_for_eval)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """The files that a run without sharding writes. All processes must call this."""
        if not self.is_fsdp_enabled:
            super().save_model(output_dir, _internal_call)
            return
        whole = gather_weights(self.accelerator.unwrap_model(self.model), self.args.should_save)
        self._save(output_dir or self.args.output_dir, state_dict=whole)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        if self.is_fsdp_enabled:  # `train` has read the weights already
            return
        changed = cast("nn.Module", self.model if model is None else model)
        kinds = {name: weight.dtype for name, weight in changed.named_parameters() if weight.requires_grad}
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        # peft widens the adapters that it loads to float32; the optimiser saved belongs to them as they were.
        for name, weight in changed.named_parameters():
            if name in kinds:
                weight.data = weight.data.to(kinds[name])

    def _read_whole(self, checkpoint: str) -> None:
        self.is_fsdp_enabled = False
        try:
            self._load_from_checkpoint(checkpoint)
        finally:
            self.is_fsdp_enabled = True

    def _load_best_model(self) -> None:
        if not self.is_fsdp_enabled:
            super()._load_best_model()
            return
        load_weights(self.accelerator.unwrap_model(self.model), Path(str(self.state.best_model_checkpoint)))

    def _clip_grad_norm(self, model: nn.Module) -> Tensor | float:
        if not self.is_fsdp_enabled:
            return super()._clip_grad_norm(model)
        return clip_gradients(model.parameters(), self.args.max_grad_norm)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if not self.is_fsdp_enabled:
            super()._save_optimizer_and_scheduler(output_dir)
            return
        assert self.optimizer is not None and self.lr_scheduler is not None
        state = gather_optimiser(self.optimizer.state_dict(), self.args.should_save)
        if self.args.should_save:
            torch.save(state, Path(output_dir) / OPTIMISER)
            torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / SCHEDULER)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if not self.is_fsdp_enabled or checkpoint is None:
            super()._load_optimizer_and_scheduler(checkpoint)
            return
        assert self.optimizer is not None and self.lr_scheduler is not None
        state = torch.load(Path(checkpoint) / OPTIMISER, map_location="cpu", mmap=True, weights_only=True)
        self.optimizer.load_state_dict(share_optimiser(state, self.optimizer))
        self.lr_scheduler.load_state_dict(torch.load(Path(checkpoint) / SCHEDULER, weights_only=True))


def share(model: Decoder, size: int) -> bool:
    """Share ``model`` out before accelerate does, decoder layers in units of at least ``size`` bytes; whether that was
    done. Adapters are left to accelerate, whose units of one layer each their own tests know.

    All is shared at once: an optimiser made for weights of which some are cut and some whole would have other groups
    than one process has.
    """
    from torch.distributed.fsdp import fully_shard

    core = getattr(model, getattr(model, "base_model_prefix", ""), None)
    layers = getattr(core, "layers", None)
    if hasattr(model, "peft_config") or core is None or layers is None:
        return False
    unit: list[nn.Module] = []
    for place, layer in enumerate(layers, 1):
        unit.append(layer)
        held = sum(weight.nbytes for member in unit for weight in member.parameters())
        if held >= size or place == len(layers):
            fully_shard(unit, reshard_after_forward=True)
            unit = []
    table, head = model.get_input_embeddings(), model.get_output_embeddings()
    ends = [
        child for child in core.children() if child not in (layers, table) and any(True for _ in child.parameters())
    ]
    if table.weight is head.weight:
        ends.append(table)
    else:
        fully_shard(table)
    # The loss comes right before the backward pass begins: what it used would have to be gathered again at once.
    fully_shard([*ends, head], reshard_after_forward=False)
    fully_shard(model)
    return True


@torch.no_grad()
def clip_gradients(weights: Iterable[nn.Parameter], largest: float) -> Tensor:
    """Scale gradients down to the norm ``largest`` in place; returns their norm before.

    As `torch.nn.utils.clip_grad_norm_`, but on each process's own parts with one number exchanged: it takes shards one
    by one through DTensor's dispatch, which for a small model is longer than the backward pass.
    """
    shared: list[Tensor] = []
    whole: list[Tensor] = []
    for weight in weights:
        if weight.grad is not None:
            if hasattr(weight.grad, "to_local"):
                shared.append(cast("DTensor", weight.grad).to_local())
            else:
                whole.append(weight.grad)
    device = (shared or whole)[0].device
    total = torch.zeros((), device=device)
    if shared:
        total += torch.stack(torch._foreach_norm(shared, dtype=torch.float32)).square().sum()
        torch.distributed.all_reduce(total)
    if whole:
        total += torch.stack(torch._foreach_norm(whole, dtype=torch.float32)).square().sum()
    norm = total.sqrt()
    torch._foreach_mul_([*shared, *whole], (largest / (norm + 1e-6)).clamp(max=1.0))
    return norm


def gather_weights(model: nn.Module, keep: bool = True) -> dict[str, Tensor]:
    """Name → whole weight on the CPU; empty where ``keep`` is false. All processes must call this.

    A head tied to the embedding stays one tensor, or the file would hold it twice.
    """
    owners = {name: id(weight) for name, weight in model.named_parameters(remove_duplicate=False)}
    made: dict[int | str, Tensor] = {}
    whole: dict[str, Tensor] = {}
    for name, weight in model.state_dict().items():
        owner = owners.get(name, name)
        if owner not in made:
            made[owner] = _gather(weight, keep)
        if keep:
            whole[name] = made[owner]
    return whole


def gather_optimiser(state: Object, keep: bool = True) -> Object:
    """An optimiser's ``state_dict()`` with whole tensors on the CPU. All processes must call this."""
    states = {
        index: {name: _gather(value, keep) for name, value in values.items()}
        for index, values in state["state"].items()
    }
    return {**state, "state": states}


def share_optimiser(state: Object, optimiser: Optimizer) -> Object:
    """``state`` with whole tensors → this process's part of each tensor whose parameter is shared out."""
    places = [index for group in state["param_groups"] for index in group["params"]]
    weights = dict(zip(places, (weight for group in optimiser.param_groups for weight in group["params"])))
    states = {
        index: {name: _share(value, weights[index]) for name, value in values.items()}
        for index, values in state["state"].items()
    }
    return {**state, "state": states}


@torch.no_grad()
def load_weights(model: nn.Module, folder: Path) -> None:
    """The weights of a checkpoint into a model that is shared out; those that the file leaves out stay."""
    from safetensors import safe_open

    weights = dict(model.named_parameters())
    if hasattr(model, "peft_config"):
        from peft import get_peft_model_state_dict

        weights = get_peft_model_state_dict(model, state_dict=weights, save_embedding_layers=False)
    path = next(folder / name for name in WEIGHTS if (folder / name).is_file())
    with safe_open(path, "pt") as file:
        for name in file.keys():  # noqa: SIM118 - no dict
            if name in weights:
                weights[name].copy_(_share(file.get_tensor(name), weights[name]))


def _gather(value: Tensor, keep: bool) -> Tensor:
    if hasattr(value, "full_tensor"):
        value = cast("DTensor", value).full_tensor()
    return value.detach().cpu() if keep else torch.empty(0)


def _share(value: Tensor, weight: Tensor) -> Tensor:
    """``value`` cut as ``weight`` is; itself where ``weight`` is whole or of another shape, as counters are."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(weight, DTensor) or getattr(value, "shape", None) != weight.shape:
        return value
    # Every process has read the same file, so nothing is sent; a copy of the part, or the whole would stay in memory.
    shared = distribute_tensor(value.to(weight.device), weight.device_mesh, weight.placements, src_data_rank=None)
    return shared.clone()
