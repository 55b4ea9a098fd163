"""Hidden states and an output head in, the weighted cross-entropy out, without the logits of all tokens at once.

With 150k tokens of vocabulary the logits of a small model are larger than the model. Here only trained positions are
projected, in chunks, and each chunk's gradient is made while its logits are at hand, so the backward pass is a
multiplication (the idea of Liger's fused linear cross-entropy, arXiv 2410.10989).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor

CHUNK_BYTES = {"cuda": 256 * 2**20, "cpu": 16 * 2**20}
"""Logits held at a time."""


def cross_entropy(
    hidden: Tensor,
    head: Any,
    labels: Tensor,
    weights: Tensor,
    bias: Tensor | None = None,
    places: Any = None,
    rows: Any = None,
) -> Any:
    """Sum over tokens of weight × −log p(label), in float32. The caller divides.

    ``hidden`` [n, width], ``head`` [vocabulary, width], ``labels`` and ``weights`` [n]. ``rows`` [k, width] stand
    in for those of ``head`` at ``places`` [k]: only they get a gradient, at the cost of k columns.
    """
    return _CrossEntropy.apply(hidden, head, bias, labels, weights, places, rows)


def select_trained(hidden: Tensor, labels: Tensor, weights: Tensor, places: Any) -> tuple[Any, Any, Any]:
    """Keep the positions whose next token is trained: [1, n, w], [1, n], [m] → [m, w], [m], [m].

    ``places`` come from the collator: to find them here would make a GPU wait for itself in each step.
    """
    after = places + 1
    return (hidden[0].index_select(0, places), labels[0].index_select(0, after), weights[0].index_select(0, after))


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, head: Any, bias: Tensor, labels: Tensor, weights: Tensor, places: Any, rows: Any
    ) -> Any:
        kind = hidden.device.type
        compute = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else head.dtype
        with torch.autocast(kind, enabled=False):
            states, table = hidden.to(compute), head.to(compute)
            own = None if rows is None else rows.to(compute)
            shift = None if own is None else own - table[places]
            lift = None if bias is None else bias.to(compute)
            size = max(16, CHUNK_BYTES.get(kind, 2**26) // (table.shape[0] * table.element_size()))
            total = torch.zeros((), dtype=torch.float32, device=hidden.device)
            wanted = ctx.needs_input_grad
            d_hidden = torch.empty_like(states) if wanted[0] else None
            d_head = _zeros(head) if wanted[1] else None
            d_bias = _zeros(bias) if bias is not None and wanted[2] else None
            d_rows = _zeros(rows) if rows is not None and wanted[6] else None
            step = _compiled() if kind == "cuda" else _differentiate
            for start in range(0, states.shape[0], size):
                part = states[start : start + size]
                logits = torch.nn.functional.linear(part, table, lift)
                if own is not None:
                    logits[:, places] = torch.nn.functional.linear(part, own, None if lift is None else lift[places])
                total += step(logits, labels[start : start + size], weights[start : start + size])
                slope = logits  # in place: a second buffer of this size would be the peak of the whole step
                if d_hidden is not None:
                    torch.mm(slope, table, out=d_hidden[start : start + size])
                    if shift is not None:
                        d_hidden[start : start + size].addmm_(slope[:, places], shift)
                if d_head is not None:
                    _add_product(d_head, slope, part)
                if d_bias is not None:
                    d_bias += slope.sum(0, dtype=torch.float32)
                if d_rows is not None:
                    _add_product(d_rows, slope[:, places], part)
        ctx.save_for_backward(d_hidden, d_head, d_bias, d_rows)
        ctx.types = [None if x is None else x.dtype for x in (hidden, head, bias, rows)]
        return total

    @staticmethod
    def backward(ctx: Any, upstream: Any) -> Any:  # type: ignore[override]
        made = [
            None if d is None else (d * upstream.to(d.dtype)).to(kind) for d, kind in zip(ctx.saved_tensors, ctx.types)
        ]
        return made[0], made[1], made[2], None, None, None, made[3]


def _zeros(like: Any) -> Any:
    return torch.zeros(like.shape, dtype=torch.float32, device=like.device)


def _differentiate(logits: Tensor, labels: Tensor, weights: Tensor) -> Any:
    """Weighted loss of a chunk, softmax in float32; ``logits`` are overwritten with its slope by them."""
    scores = logits.float()
    norm = torch.logsumexp(scores, dim=-1)
    chosen = scores.gather(1, labels[:, None]).squeeze(1)
    loss = ((norm - chosen) * weights).sum()
    slope = torch.exp(scores - norm[:, None])
    here = torch.arange(scores.shape[1], device=scores.device)[None, :] == labels[:, None]
    logits.copy_((slope - here.float()) * weights[:, None])
    return loss


def _add_product(total: Any, slope: Any, part: Any) -> None:
    """total += slopeᵀ · part, summed in float32."""
    if slope.dtype == torch.float32:
        total.addmm_(slope.t(), part)
    else:
        total += torch.mm(slope.t(), part)


_COMPILED: list[Any] = []


def _compiled() -> Any:
    """The chunk's arithmetic as two fused kernels; eager PyTorch reads the logits nine times."""
    if not _COMPILED:
        _COMPILED.append(torch.compile(_differentiate, dynamic=True))
    return _COMPILED[0]
