"""One GPU kernel: rows of logits in, their weighted losses out, and in the logits' place the slope of the loss by them.

A row of 150k columns in bf16 is 300 kB, and those that a GPU works on at a time fit its cache: logits are read from
memory once and written once. Needs Triton, which torch brings where it can use it.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

BLOCK = 4096
"""Columns at a time."""


@triton.jit  # type: ignore[misc]
def _judge(logits, stride, labels, weights, losses, columns: tl.constexpr, GRADIENT: tl.constexpr, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    row = tl.program_id(0).to(tl.int64)
    logits += row * stride
    label = tl.load(labels + row)
    weight = tl.load(weights + row)
    places = tl.arange(0, BLOCK)
    top = -float("inf")
    total = 0.0
    chosen = 0.0
    for start in range(0, columns, BLOCK):
        here = start + places
        x = tl.load(logits + here, mask=here < columns, other=-float("inf")).to(tl.float32)
        higher = tl.maximum(top, tl.max(x, 0))
        total = total * tl.exp(top - higher) + tl.sum(tl.exp(x - higher), 0)
        chosen += tl.sum(tl.where(here == label, x, 0.0), 0)
        top = higher
    norm = top + tl.log(total)
    tl.store(losses + row, (norm - chosen) * weight)
    if GRADIENT:
        for start in range(0, columns, BLOCK):
            here = start + places
            x = tl.load(logits + here, mask=here < columns, other=-float("inf")).to(tl.float32)
            slope = tl.exp(x - norm) * weight
            slope = tl.where(here == label, slope - weight, slope)
            tl.store(logits + here, slope.to(logits.dtype.element_ty), mask=here < columns)


def judge(logits: Tensor, labels: Tensor, weights: Tensor, losses: Tensor, gradient: bool) -> None:
    """``logits`` [n, V], ``labels`` and ``weights`` [n]: fills ``losses`` [n] and, for the ``gradient``, ``logits``."""
    rows, columns = logits.shape
    _judge[(rows,)](
        logits, logits.stride(0), labels, weights, losses, columns, GRADIENT=gradient, BLOCK=BLOCK, num_warps=8
    )
