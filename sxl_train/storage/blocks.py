"""A matrix → the integer codes and scales of ggml's block formats, and the bytes of a GGUF file.

Every 32 weights of a row share one float16 scale d; a weight is d · code, the code an integer of 4, 5 or 8 bits
(ggml's Q4_0, Q5_0 and Q8_0). The reference sets d by the largest weight of the block alone. Here several scales
are tried and the one is kept that changes least what the layer computes: the squared error of each weight counts
as much as its input is large on calibration samples (``columns``), which is what llama.cpp's importance matrix does
for its own formats. Given the codes, the best scale is the least-squares one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

BLOCK = 32
LOWEST = {"q4_0": -8, "q5_0": -16, "q8_0": -127}
"""The smallest code; the largest is one less in size, of Q8_0 as large."""
CACHED = 65_536
"""Weights that are looked at together on a CPU."""
TRIED = tuple(step / 5 for step in range(-4, 5))
"""Scales to try, as the code that the largest weight of a block would get beyond the smallest one."""


def fit(weight: Tensor, format: str, columns: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(codes, scales) of ``weight``, shaped (blocks, 32) and (blocks, 1); ``columns`` weighs its input columns.

    On a CPU some rows at a time, so that the many passes over them stay in the caches of one core; cores share the
    rows, not the passes.
    """
    import torch

    rows = max(1, CACHED // weight.shape[-1])
    if weight.device.type != "cpu" or weight.dim() != 2 or len(weight) <= rows:
        return _fit_rows(weight, format, columns)

    def fit_part(start: int) -> tuple[Tensor, Tensor]:
        with torch.no_grad():  # which the caller's own holds for the caller's thread alone
            return _fit_rows(weight[start : start + rows], format, columns)

    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            parts = list(pool.map(fit_part, range(0, len(weight), rows)))
    finally:
        torch.set_num_threads(threads)
    codes, scales = (torch.cat(found) for found in zip(*parts))
    return codes, scales


def _fit_rows(weight: Tensor, format: str, columns: Tensor | None) -> tuple[Tensor, Tensor]:
    import torch

    blocks = weight.float().reshape(-1, BLOCK)
    low = LOWEST[format]
    peak = blocks.gather(-1, blocks.abs().argmax(-1, keepdim=True))
    if format == "q8_0":
        scale = (peak.abs() / -low).half().float()
        return _divide(blocks, scale).round().clamp(low, -low), scale
    counts = torch.ones_like(blocks) if columns is None else _spread(columns, weight)
    best, gain, scale = torch.zeros_like(blocks), torch.zeros_like(peak), torch.zeros_like(peak)
    for more in TRIED:
        codes = _divide(blocks, peak / (low - more)).round().clamp(low, -low - 1)
        explained = (counts * blocks * codes).sum(-1, keepdim=True)
        size = (counts * codes.square()).sum(-1, keepdim=True)
        found = _divide(explained.square(), size)
        better = found > gain
        gain, best = torch.where(better, found, gain), torch.where(better, codes, best)
        scale = torch.where(better, _divide(explained, size), scale)
    return best, scale.half().float()


def round_to_blocks(weight: Tensor, format: str, columns: Tensor | None = None) -> Tensor:
    """``weight`` rounded to ``format`` and back, in its own shape and dtype."""
    codes, scales = fit(weight, format, columns)
    return (codes * scales).reshape(weight.shape).to(weight.dtype)


def pack(weight: Tensor, format: str, columns: Tensor | None = None) -> NDArray[np.uint8]:
    """The bytes of ``weight`` (a 2-D tensor) in ``format``: a uint8 array with one row for each of its rows."""
    import numpy as np

    codes, scales = (part.cpu().numpy() for part in fit(weight, format, columns))
    head = scales.astype(np.float16).view(np.uint8)
    if format == "q8_0":
        parts = [head, codes.astype(np.int8).view(np.uint8)]
    else:
        shifted = (codes - LOWEST[format]).astype(np.uint8)
        nibbles = ((shifted[:, :16] & 15) | ((shifted[:, 16:] & 15) << 4)).astype(np.uint8)
        high = [np.packbits(shifted >> 4, axis=-1, bitorder="little")] if format == "q5_0" else []
        parts = [head, *high, nibbles]
    return np.concatenate(parts, axis=-1).reshape(weight.shape[0], -1)


def _divide(above: Tensor, below: Tensor) -> Tensor:
    """``above`` / ``below``, 0 where ``below`` is 0."""
    import torch

    return torch.where(below == 0, torch.zeros_like(above), above / torch.where(below == 0, 1.0, below))


def _spread(columns: Tensor, weight: Tensor) -> Tensor:
    """One number for each weight of a block; those of silent inputs count a little, or their block has no scale."""
    import torch

    wanted = torch.as_tensor(columns, dtype=torch.float32, device=weight.device)
    wanted = wanted / wanted.mean().clamp_min(1e-12) + 1e-3
    return wanted.expand(weight.shape).reshape(-1, BLOCK)
