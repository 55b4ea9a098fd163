"""Shapes that fit a size limit → the one that is best after a short recovery.

What a cut costs at once says little of what training wins back: a narrow MLP recovers within a few steps, a lost
layer or a short vocabulary does not. So the finalists of the search train for a few steps each, on the same
batches, and the loss after that decides (successive halving with one round, Jamieson and Talwalkar 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from sxl_train.data.samples import Sample, measure_loss
from sxl_train.plan import step as plan
from sxl_train.prune.importance import Importance
from sxl_train.prune.search import build
from sxl_train.recovery.loop import Settings, train

if TYPE_CHECKING:
    from sxl_train.run.decoder import Decoder

Spell = Callable[[Sequence[Sample], int], tuple[list[int] | None, list[Sample]]]
"""(samples, tokens to keep) → (their old ids or None for all, the samples in these tokens)."""


class Finalist(msgspec.Struct, frozen=True):
    """A shape and its loss in nats per byte after the trial."""

    shape: plan.Shape
    loss: float


def run_trials(
    model: Decoder,
    scores: Importance,
    finalists: Sequence[plan.Shape],
    rows: Sequence[Sample],
    held_out: Sequence[Sample],
    spell: Spell,
    settings: Settings,
) -> list[Finalist]:
    """Each of ``finalists`` cut from ``model`` and trained by ``settings``, best first."""
    found = []
    for shape in finalists:
        kept, own = spell(rows, shape.vocabulary)
        student = build(model, scores, shape, kept)
        train(student, own, settings)
        found.append(Finalist(shape, measure_loss(student, spell(held_out, shape.vocabulary)[1]).per_byte))
    return sorted(found, key=lambda finalist: finalist.loss)
