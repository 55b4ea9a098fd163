"""Packed rows in, one flattened batch out: tokens of all rows in a single line, with the documents' borders.

On a GPU the line has the same length every time, borders fill a fixed number of slots and trained places one of eight,
so that compiled layers and recorded passes (`tune.graphs`) see few shapes: the rest is padding, which is a document of
its own and carries no loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch

from sxl_train.data.packing import Packed

Batch: TypeAlias = dict[str, torch.Tensor | int]
PLACES = 8
"""Numbers of trained places that a batch of fixed length may have."""


class Flatten:
    """The collator of the fast path. ``length`` > 0 pads each row's share of the line to so many tokens."""

    def __init__(self, pad: int, capacity: int, length: int = 0) -> None:
        self.pad, self.capacity, self.length = pad, capacity, length

    def __call__(self, rows: Sequence[Packed]) -> Batch:
        """``input_ids``, ``labels``, ``loss_weights``, ``position_ids`` [1, n]; ``places``, borders, longest."""
        ids = [i for row in rows for i in row["input_ids"]]
        labels = [i for row in rows for i in row["labels"]]
        weights = [w for row in rows for w in row["weights"]]
        lengths = [n for row in rows for n in row["seq_lengths"]]
        total = self.length * len(rows) if self.length else len(ids)
        rest = total - len(ids)
        while rest > 0:  # padding documents no longer than the longest real one may be
            lengths.append(min(rest, self.capacity))
            rest -= lengths[-1]
        ids += [self.pad] * (total - len(ids))
        labels += [-100] * (total - len(labels))
        weights += [0.0] * (total - len(weights))
        borders = torch.zeros(len(lengths) + 1, dtype=torch.int32)
        borders[1:] = torch.tensor(lengths).cumsum(0)
        positions = torch.cat([torch.arange(n) for n in lengths])
        places = [i - 1 for i, label in enumerate(labels) if label != -100]
        if self.length:
            slots = 64
            while slots < len(borders):
                slots *= 2
            borders = torch.cat([borders, borders[-1:].expand(slots - len(borders))])
            # Behind the last token comes the first, which is never trained (`loss.select_trained`).
            places += [total - 1] * (-len(places) % max(1, total // PLACES))
        return {
            "input_ids": torch.tensor([ids]),
            "labels": torch.tensor([labels]),
            "loss_weights": torch.tensor([weights], dtype=torch.float32),
            "places": torch.tensor(places, dtype=torch.long),
            "position_ids": positions[None],
            "cu_seq_lens_q": borders,
            "cu_seq_lens_k": borders,
            "max_length_q": self.capacity if self.length else max(lengths),
            "max_length_k": self.capacity if self.length else max(lengths),
        }
