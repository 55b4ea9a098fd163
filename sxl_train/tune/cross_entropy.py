"""Weighted cross-entropy of an output head, without the logits of all tokens and without making any of them twice.

Hidden states, the head's weight, labels and weights of tokens in, the weighted sum out. TRL's chunked function gives a
loss for each token, whose gradients only the backward pass knows: it makes all logits anew. A sum has its gradient in
hand while a chunk's logits are there (as Liger's fused linear cross-entropy does, arXiv 2410.10989), so the head is
multiplied with three times a step instead of four. Plain twin: ``tune.plain=[loss]``.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

LOGITS = 2**29
"""Logits at a time: 1 GiB in bf16."""


class Kept(Protocol):
    """What autograd keeps between the passes, and what is kept in it."""

    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[Tensor | None, ...]
    kinds: list[torch.dtype | None]

    def save_for_backward(self, *tensors: Tensor | None) -> None: ...


class CrossEntropy(torch.autograd.Function):
    """``apply(states [m, w], weight [V, w], bias [V] | None, labels [m], weights [m], gradient)`` → Σ weights · −log p.

    In float32 whatever the type of the logits; sums of gradients too. Labels of weight 0 may be any number. Whether a
    ``gradient`` is wanted must be told: here, inside, autograd always says no.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Kept, states: Tensor, weight: Tensor, bias: Tensor | None, labels: Tensor, weights: Tensor, gradient: bool
    ) -> Tensor:
        device = states.device.type
        kind = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else states.dtype
        wanted = [gradient and needed for needed in ctx.needs_input_grad]
        rows, columns = states.shape[0], weight.shape[0]
        size = max(1, min(rows, LOGITS // columns))
        with torch.autocast(device, enabled=False):
            narrow, table = states.to(kind), weight.to(kind)
            labels, weights = labels.clamp(min=0), weights.float()
            losses = torch.empty(rows, dtype=torch.float32, device=states.device)
            buffer = torch.empty(size, columns, dtype=kind, device=states.device)
            d_states = torch.empty_like(narrow) if wanted[0] else None
            d_weight, d_bias = (
                torch.zeros(x.shape, dtype=torch.float32, device=x.device) if x is not None and needed else None
                for x, needed in zip((weight, bias), wanted[1:3])
            )
            judge = _find_judge(states)
            for start in range(0, rows, size):
                here = slice(start, min(start + size, rows))
                part, tile = narrow[here], buffer[: min(size, rows - start)]
                torch.mm(part, table.t(), out=tile)
                if bias is not None:
                    tile += bias.to(kind)
                judge(tile, labels[here], weights[here], losses[here], any(wanted))
                if d_states is not None:
                    torch.mm(tile, table, out=d_states[here])
                if d_weight is not None:
                    _add_product(d_weight, tile.t(), part)
                if d_bias is not None:
                    d_bias += tile.sum(0, dtype=torch.float32)
        ctx.save_for_backward(d_states, d_weight, d_bias)
        ctx.kinds = [None if x is None else x.dtype for x in (states, weight, bias)]
        return losses.sum()

    @staticmethod
    def backward(ctx: Kept, upstream: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        made = [
            None if slope is None or kind is None else (slope * upstream.to(slope.dtype)).to(kind)
            for slope, kind in zip(ctx.saved_tensors, ctx.kinds)
        ]
        return (*made, None, None, None)


def _find_judge(states: Tensor) -> Callable[[Tensor, Tensor, Tensor, Tensor, bool], None]:
    if states.device.type == "cuda" and importlib.util.find_spec("triton"):
        from sxl_train.tune.kernel import judge

        return judge
    return _judge


def _judge(logits: Tensor, labels: Tensor, weights: Tensor, losses: Tensor, gradient: bool) -> None:
    """What the kernel does, where there is no Triton."""
    scores = logits.float()
    norms = torch.logsumexp(scores, dim=-1, keepdim=True)
    losses.copy_((norms - scores.gather(1, labels[:, None]))[:, 0] * weights)
    if gradient:
        slopes = scores.sub_(norms).exp_().mul_(weights[:, None])
        slopes.scatter_add_(1, labels[:, None], -weights[:, None])
        logits.copy_(slopes)


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """total += left · right, summed in float32."""
    if total.device.type == "cuda" and left.dtype != torch.float32:
        torch.addmm(total, left, right, out_dtype=torch.float32, out=total)  # type: ignore[call-overload]
    else:
        total += left.float() @ right.float()
