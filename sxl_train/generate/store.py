"""Keys and values of rows that are generated together: written in place, rows leave and join.

Every row ends at the same place, `end`; in front of a shorter one lies what no mask shows. A layer's tensors are
[rows, heads, room, size]; a step writes one column, where transformers' own cache copies all of it, and room is made
for many steps at once. Rows that are finished are dropped by `keep`; those that join are laid to the right by `join`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

ROOM = 128
"""Columns that are added when there is no room left."""


class Layer(CacheLayerMixin):
    """Keys and values of one layer: a buffer, and the [start, end) of it that is in use."""

    is_sliding = False
    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.start = self.end = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        rows, heads, _, size = key_states.shape
        self.keys = key_states.new_empty(rows, heads, 0, size)
        self.values = value_states.new_empty(*value_states.shape[:2], 0, value_states.shape[-1])
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        first, self.end = self.end, self.end + key_states.shape[-2]
        if self.end > self.keys.shape[-2]:
            more = ROOM if first else 0
            self.keys = _widen(self.keys, self.start, first, self.end + more)
            self.values = _widen(self.values, self.start, first, self.end + more)
            first, self.end, self.start = first - self.start, self.end - self.start, 0
        self.keys[:, :, first : self.end] = key_states
        self.values[:, :, first : self.end] = value_states
        return self.keys[:, :, self.start : self.end], self.values[:, :, self.start : self.end]

    def get_seq_length(self) -> int:
        return self.end - self.start

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.get_seq_length() + query_length, 0

    def get_max_length(self) -> int:
        return -1

    def map(self, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """Replace what is in use by ``change(tensor)``."""
        self.keys, self.values = (change(part[:, :, self.start : self.end]) for part in (self.keys, self.values))
        self.start, self.end = 0, self.keys.shape[-2]


def _widen(part: torch.Tensor, start: int, end: int, room: int) -> torch.Tensor:
    """A larger buffer that begins with columns [start, end) of ``part``."""
    wider = part.new_empty(*part.shape[:2], room - start, part.shape[-1])
    wider[:, :, : end - start] = part[:, :, start:end]
    return wider


def make(layers: int) -> Cache:
    """An empty store for a model of so many layers."""
    return Cache(layers=[Layer() for _ in range(layers)])


def layers_of(cache: Cache) -> list[Layer]:
    """The layers of a store that `make` made."""
    return cast("list[Layer]", cache.layers)


def keep(cache: Cache, rows: torch.Tensor, width: int) -> None:
    """Drop all rows but ``rows`` (repeats are copies), and all columns but the last ``width``."""
    for layer in layers_of(cache):
        layer.start = max(layer.start, layer.end - width)
        layer.map(lambda part: part.index_select(0, rows))


def align(cache: Cache, lengths: torch.Tensor) -> None:
    """Rows that begin together → rows that end together; what is in front of a shorter one is not to be looked at."""
    width = layers_of(cache)[0].get_seq_length()
    shift = width - lengths
    if not bool(shift.any()):
        return
    columns = (torch.arange(width, device=lengths.device)[None] - shift[:, None]).clamp_min(0)[:, None, :, None]
    for layer in layers_of(cache):
        layer.map(lambda part: part.gather(2, columns.expand(-1, part.shape[1], -1, part.shape[3])))


def join(cache: Cache, other: Cache) -> Cache:
    """The rows of both; the shorter ones are laid to the right."""
    width = max(layers_of(cache)[0].get_seq_length(), layers_of(other)[0].get_seq_length())

    def lay(part: torch.Tensor) -> torch.Tensor:
        # Zeros and not whatever lies in memory: a masked NaN is still a NaN.
        return torch.nn.functional.pad(part, (0, 0, width - part.shape[2], 0))

    for mine, theirs in zip(layers_of(cache), layers_of(other), strict=True):
        theirs.map(lay)
        mine.map(lambda part: lay(part))
        mine.keys = torch.cat([mine.keys, theirs.keys])
        mine.values = torch.cat([mine.values, theirs.values])
    return cache
