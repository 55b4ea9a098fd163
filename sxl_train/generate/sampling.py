"""Logits in, tokens out: greedy or from the nucleus, by random numbers that belong to the sample alone.

Each sample has its own stream, seeded by the request's seed and id and the sample's index (Philox, a counter-based
generator), and takes one number a token: the place in the distribution, summed up in vocabulary order. So a sample is
the same whatever else is in its batch, as far as the logits are.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch

COLDEST = 1e-5
"""A temperature under which only the likeliest token is left."""


def draw(seed: int, request: str, index: int, count: int) -> np.ndarray:
    """``count`` numbers in [0, 1) for one sample, in float64."""
    import numpy as np

    digest = hashlib.blake2b(f"{seed}\0{index}\0{request}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little"))).random(count)


def choose(logits: np.ndarray, temperature: np.ndarray, top_p: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A token for each row of ``logits`` [rows, vocabulary]; the others are [rows]. Temperature 0 is greedy."""
    import numpy as np

    chosen = logits.argmax(axis=-1)
    for row in np.flatnonzero(temperature > COLDEST):
        scaled = logits[row].astype(np.float64) / temperature[row]
        chances = np.exp(scaled - scaled.max())
        chances /= chances.sum()
        if top_p[row] < 1:
            order = np.argsort(-chances, kind="stable")
            before = np.cumsum(chances[order]) - chances[order]
            chances[order[before >= max(top_p[row], 1e-9)]] = 0.0
        summed = np.cumsum(chances)
        chosen[row] = min(int(np.searchsorted(summed, places[row] * summed[-1], side="right")), len(summed) - 1)
    return chosen


def choose_on_device(
    logits: torch.Tensor, temperature: torch.Tensor, top_p: torch.Tensor, places: torch.Tensor, plain: bool
) -> torch.Tensor:
    """`choose` for tensors of a GPU; ``plain`` says that every row is greedy, which needs no look at the device."""
    import torch

    greedy = logits.argmax(dim=-1)
    if plain:
        return greedy
    chances = (logits.double() / temperature.clamp_min(COLDEST)[:, None]).softmax(dim=-1)
    ranked, order = chances.sort(dim=-1, descending=True, stable=True)
    outside = ranked.cumsum(-1) - ranked >= top_p.clamp_min(1e-9)[:, None]
    outside &= (top_p < 1)[:, None]
    chances = chances.masked_fill(torch.zeros_like(outside).scatter(-1, order, outside), 0.0)
    summed = chances.cumsum(-1)
    found = torch.searchsorted(summed, (places[:, None] * summed[:, -1:]), right=True)[:, 0]
    return torch.where(temperature > COLDEST, found.clamp_max(logits.shape[-1] - 1), greedy)
