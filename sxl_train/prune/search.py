"""A model, its importance scores and a size limit → the cuts that cost least, by measured validation loss.

Greedy: from the whole model, try one step on every axis (fewer tokens, narrower MLP, a layer less, a key/value
group less), measure the loss of each on real samples, and take the step with the smallest rise per byte
saved; again, until the predicted size is under the limit. Loss is per byte of text, so that vocabularies
compare. The trials of the first round are the ranking of the axes that the report prints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from sxl_train.data.samples import Sample, measure_loss
from sxl_train.data.vocabulary import trim_model
from sxl_train.plan import step as plan
from sxl_train.plan.choose import list_cuts, list_trims, measure
from sxl_train.plan.shapes import AXES, Sizes
from sxl_train.prune.importance import Importance
from sxl_train.prune.slices import choose_cut, cut

if TYPE_CHECKING:
    from sxl_train.run.decoder import Decoder

Vocabularies = Callable[[int], tuple[list[int] | None, list[Sample]]]
"""Tokens to keep → (their old ids or None for all, the validation samples in these tokens)."""


class Trial(Sizes, frozen=True, kw_only=True):
    """One cut that was measured. ``loss`` in nats per byte; ``price`` is its rise per MB saved."""

    axis: str
    total: int
    loss: float
    price: float


class Route(msgspec.Struct, frozen=True):
    """The steps taken, the whole model first, and every trial of the first round."""

    steps: list[Trial]
    ranking: list[Trial]


def search(
    model: Decoder,
    scores: Importance,
    shape: plan.Shape,
    tokenizer: plan.Vocabulary | int,
    format: plan.Format,
    limit: int,
    vocabularies: Vocabularies,
    axes: Sequence[str] = AXES,
) -> Route:
    """Cut ``axes`` step by step until ``format`` takes at most ``limit`` bytes, or nothing is left to cut."""

    def try_cut(axis: str, cut_shape: plan.Shape, before: Trial | None) -> Trial:
        kept, rows = vocabularies(cut_shape.vocabulary)
        loss = measure_loss(build(model, scores, cut_shape, kept), rows).per_byte
        total = measure(shape, cut_shape, format, tokenizer, limit).total
        price = 0.0 if before is None else (loss - before.loss) / max(before.total - total, 1) * 1e6
        return Trial(axis=axis, total=total, loss=loss, price=price, **cut_shape.axes)

    now, steps = shape, [try_cut("none", shape, None)]
    ranking: list[Trial] = []
    while steps[-1].total > limit * (1 - 0.002):
        trials = [
            try_cut(axis, next_cut, steps[-1]) for axis in axes if (next_cut := step_down(now, shape, axis)) is not None
        ]
        if not trials:
            break
        trials.sort(key=lambda trial: trial.price)
        ranking = ranking or trials
        best = trials[0]
        now = shape.prune(vocabulary=best.vocabulary, mlp=best.mlp, layers=best.layers, groups=best.groups)
        steps.append(best)
    return Route(steps, ranking)


def list_finalists(
    route: Route, shape: plan.Shape, tokenizer: plan.Vocabulary | int, format: plan.Format, limit: int, count: int
) -> list[plan.Shape]:
    """At most ``count`` shapes under ``limit`` bytes: the end of ``route``, then what the plan expects most of.

    Loss right after a cut says little of what training wins back (a narrow MLP recovers, a lost layer does
    not), so the greedy route alone misses good shapes. One shape is offered for each vocabulary.
    """
    sizes = [shape.vocabulary, *list_trims(shape.vocabulary)]
    found = [shape.prune(**route.steps[-1].axes)]
    planned = []
    for size in sizes if isinstance(tokenizer, plan.Vocabulary) and tokenizer.byte_level else sizes[:1]:
        cuts = list(list_cuts(shape.prune(vocabulary=size), trim=False))
        best = plan.choose(shape, tokenizer, limit, [format], cuts=cuts)
        if best is not None:
            planned.append(best)
    for best in sorted(planned, key=lambda p: p.loss):
        made = shape.prune(**best.axes)
        if made not in found:
            found.append(made)
    return found[:count]


def build(model: Decoder, scores: Importance, what: plan.Shape, kept: Sequence[int] | None) -> Decoder:
    """``model`` cut to the sizes of ``what`` by ``scores``, with the token rows ``kept``."""
    smaller = cut(model, choose_cut(scores, what.layers, what.mlp, what.groups))
    return smaller if kept is None else trim_model(smaller, kept)


def step_down(now: plan.Shape, whole: plan.Shape, axis: str) -> plan.Shape | None:
    """``now`` with one step less on ``axis``, or None where it is at its end."""
    if axis == "mlp":
        step = max(round(whole.mlp / 12 / 64) * 64, 64)
        return now.prune(mlp=now.mlp - step) if now.mlp - step >= whole.mlp // 4 else None
    if axis == "layers":
        return now.prune(layers=now.layers - 1) if now.layers > max(whole.layers // 3, 2) else None
    if axis == "groups":
        fewer = [count for count in range(now.groups - 1, 0, -1) if whole.allows(count)]
        return now.prune(groups=fewer[0]) if fewer else None
    sizes = list_trims(now.vocabulary)
    return now.prune(vocabulary=sizes[0]) if sizes else None
