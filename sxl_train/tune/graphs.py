"""A forward and backward pass recorded once for each shape of batch and played back: one launch instead of thousands.

A small model's kernels are shorter than what Python needs to start them, so the GPU waits for the host: 43 % of a step
of SmolLM2-135M's shape, 2,048 tokens × 8, on an H200. Batches of fixed shape (`data.collate`) let a CUDA graph stand in
for the whole pass: 278,651 tokens/s instead of 172,763 (1.61 ×), waiting 8 %, with the same losses. torch.compile's own
way there (``mode="reduce-overhead"``) wants the decoder in one graph, which did not finish compiling in 130 s.
Plain twin: ``tune.plain=[graphs]``.

Gradients live in tensors that stay in place and are added to, so that several passes make one step as ever; clipping,
optimiser and logging stay as they are, and the host runs ahead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sxl_data.contract.console import say
from sxl_train.config import Tune
from sxl_train.data.collate import Batch
from sxl_train.run.apart import count_processes

if TYPE_CHECKING:
    from peft import PeftModel
    from torch.cuda import _POOL_HANDLE

    from sxl_train.run.decoder import Decoder

WARM = 2
"""Passes before one is recorded: the first compiles, the second is as all that follow."""


def can_record(model: Decoder | PeftModel, tune: Tune) -> bool:
    """Whether each pass makes the same launches: one process, nothing computed twice or expanded on the way."""
    if "graphs" in tune.plain or "weights" in tune.plain or tune.checkpointing or count_processes() > 1:
        return False
    rope = getattr(model.config.get_text_config(), "rope_parameters", None) or {}
    moves = rope.get("rope_type") in ("dynamic", "longrope")  # these look at the batch's largest position
    return not moves and not getattr(model, "is_quantized", False)


class Passes:
    """Recorded passes of ``model``, whose forward takes a batch and returns the sum of losses."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model = model
        self.trained = [weight for weight in model.parameters() if weight.requires_grad]
        self.gradients = [torch.zeros_like(weight) for weight in self.trained]
        self.recorded: dict[tuple[object, ...], tuple[torch.cuda.CUDAGraph, Batch, torch.Tensor]] = {}
        self.count = torch.ones((), device=self.trained[0].device)
        self.pool: _POOL_HANDLE | None = None
        """Memory that all graphs share; only one is played at a time, and on the same stream."""
        self.stream = torch.cuda.Stream()
        self.refused = False
        """Whether a pass turned out to do what cannot be recorded; then all go as they are."""

    def run(self, batch: Batch, count: torch.Tensor | int) -> torch.Tensor:
        """The loss of ``batch`` over ``count`` trained tokens; adds its gradients to those of the step under way."""
        if self.trained[0].grad is None:  # a new step
            torch._foreach_zero_(self.gradients)
            for weight, gradient in zip(self.trained, self.gradients):
                weight.grad = gradient
        key = tuple((name, getattr(value, "shape", value)) for name, value in batch.items())
        if key not in self.recorded and not self.refused:
            self._try(key, batch)
        self.count.fill_(count) if isinstance(count, int) else self.count.copy_(count)
        if self.refused:
            return self._pass(batch)
        graph, inputs, loss = self.recorded[key]
        for name, value in inputs.items():
            if isinstance(value, torch.Tensor):
                value.copy_(torch.as_tensor(batch[name]))
        graph.replay()
        return loss.clone()

    def _try(self, key: tuple[object, ...], batch: Batch) -> None:
        try:
            self.recorded[key] = self._record(batch)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as problem:
            self.refused = True
            say(f"tune       passes are not recorded: {str(problem).splitlines()[0]}")

    def _record(self, batch: Batch) -> tuple[torch.cuda.CUDAGraph, Batch, torch.Tensor]:
        inputs = {name: value.clone() if torch.is_tensor(value) else value for name, value in batch.items()}
        self.count.fill_(torch.inf)  # loss and gradients of the passes before are divided by it: they add nothing
        states = torch.cuda.get_rng_state()
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            for _ in range(WARM):
                self._pass(inputs)
        torch.cuda.current_stream().wait_stream(self.stream)
        torch.cuda.set_rng_state(states)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        # Other threads pin memory for the batches to come, which the strict mode takes for a fault of this one.
        with torch.cuda.graph(graph, pool=self.pool, stream=self.stream, capture_error_mode="thread_local"):
            loss = self._pass(inputs)
        self.pool = graph.pool()
        return graph, inputs, loss

    def _pass(self, inputs: Batch) -> torch.Tensor:
        loss = self.model(**inputs)["loss"] / self.count
        loss.backward()
        return loss.detach()
