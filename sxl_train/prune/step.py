"""A tuned model and the plan → a smaller dense model of the same architecture, loadable like any other.

Cut are the vocabulary, whole layers, MLP neurons and key/value groups; what of each is decided by importance
on the training traces, and how much of each by the measured loss per byte saved (``prune.order: measured``)
or by the plan's expectation (``planned``, no trials). `axes.json` beside the model ranks the axes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sxl_data.contract.console import format_count, format_table, say
from sxl_train.config import parse_size
from sxl_train.data import samples, vocabulary
from sxl_train.data.samples import Sample
from sxl_train.plan import step as plan
from sxl_train.plan.shapes import AXES
from sxl_train.prune.importance import Importance, measure_importance
from sxl_train.prune.search import Route, build, list_finalists, search
from sxl_train.recovery.loop import Settings, train
from sxl_train.run import checkpoints
from sxl_train.run.objects import Object
from sxl_train.run.tokenizer import open_tokenizer

if TYPE_CHECKING:
    from sxl_train.run.decoder import Decoder
    from sxl_train.run.step import Context


def run(context: Context) -> Path:
    """The step: cut what the plan asks for; nothing where the whole model fits or pruning is off."""
    recipe, folder = context.recipe, Path(context.model)
    base, _ = plan.read_base(recipe)
    wanted = plan.read_plan(context)
    asked = {axis: size for axis, size in wanted.axes.items() if size < base.axes[axis]}
    if recipe.prune.mode == "off" or not asked:
        return folder
    model = checkpoints.load(folder, "float32", checkpoints.choose_device())
    views = Views(folder, context)
    scores = measure_importance(model, views.train[: recipe.prune.samples])
    shape, sizes = views.shape, asked
    if recipe.prune.mode == "auto" and recipe.prune.order == "measured":
        target = (shape, plan.read_vocabulary(folder), wanted.format, parse_size(recipe.size_limit))
        route = search(model, scores, *target, views.look)
        sizes = route.steps[-1].axes
        say(format_route(route))
        if recipe.prune.trial_steps and len(route.steps) > 1:
            finalists = list_finalists(route, *target, recipe.prune.finalists)
            sizes = choose_finalist(context, views, model, scores, finalists)
        (context.folder / "axes.json").write_bytes(msgspec.json.format(msgspec.json.encode(route), indent=1))
        context.measured["ranking"] = [(trial.axis, trial.price) for trial in route.ranking]
    smaller = shape.prune(**sizes)
    before = samples.measure_loss(model, views.held_out)
    kept, held_out = views.look(smaller.vocabulary, everything=True)
    made = build(model, scores, smaller, kept)
    after = samples.measure_loss(made, held_out)
    context.measured.update(
        {f"kept_{axis}": size for axis, size in smaller.axes.items()},
        loss_per_byte_before=before.per_byte,
        loss_per_byte=after.per_byte,
        parameters=smaller.count(),
    )
    checkpoints.save(checkpoints.to_bf16(made), context.folder, folder if kept is None else None)
    if kept is not None:
        vocabulary.write_tokenizer(folder, context.folder, vocabulary.trim_tokenizer(views.whole, kept), kept)
    return context.folder


def choose_finalist(
    context: Context, views: Views, model: Decoder, scores: Importance, finalists: Sequence[plan.Shape]
) -> dict[str, int]:
    """The sizes of the finalist that is best after a short recovery, on the same batches for each.

    What a cut costs at once says little of what training wins back: a narrow MLP recovers within a few steps, a lost
    layer or a short vocabulary does not (successive halving with one round, Jamieson and Talwalkar 2016).
    """
    recipe = context.recipe
    settings = Settings(
        steps=recipe.prune.trial_steps, lr=recipe.distil.lr, batch=recipe.distil.batch, share=0.0, seed=recipe.seed
    )
    enough = recipe.prune.trial_steps * max(recipe.distil.batch // 64, 1)
    found = []
    for shape in finalists:
        kept, own = views.spell(views.train[:enough], shape.vocabulary)
        student = build(model, scores, shape, kept)
        train(student, own, settings)
        loss = samples.measure_loss(student, views.look(shape.vocabulary, everything=True)[1]).per_byte
        found.append((loss, shape))
    found.sort(key=lambda trial: trial[0])
    rows = [(*map(format_count, shape.axes.values()), f"{loss:.4f}") for loss, shape in found]
    say(format_table((*AXES, "nats a byte after the trial"), rows))
    context.measured["finalists"] = rows
    return found[0][1].axes


class Views:
    """The samples of a run in the whole vocabulary and, on demand, in a trimmed one."""

    def __init__(self, folder: Path, context: Context) -> None:
        recipe, tokenizer = context.recipe, open_tokenizer(folder)
        longest = recipe.tune.max_length
        self.train = samples.read_samples(recipe.dataset, "train", tokenizer, recipe.limit, longest)
        self.held_out = samples.read_samples(recipe.dataset, "validation", tokenizer, recipe.evaluate.rows, longest)
        self.searched = max(recipe.prune.samples // 4, 1)
        self.shape = plan.read_shape(checkpoints.read_config(folder))
        self.whole: Object = {}
        self.kept: dict[int, list[int]] = {}
        self.folder = folder

    def look(self, size: int, everything: bool = False) -> tuple[list[int] | None, list[Sample]]:
        """Old ids of the ``size`` tokens kept (None for all) and held-out samples in these tokens."""
        return self.spell(self.held_out if everything else self.held_out[: self.searched], size)

    def spell(self, rows: Sequence[Sample], size: int) -> tuple[list[int] | None, list[Sample]]:
        """Old ids of the ``size`` tokens kept (None for all) and ``rows`` in these tokens."""
        if size >= self.shape.vocabulary:
            return None, list(rows)
        if not self.whole:
            self.whole = vocabulary.read_tokenizer(self.folder)
            self.counts: Counter[int] = Counter()
            for sample in self.train:
                self.counts.update(sample.ids)
        if size not in self.kept:
            self.kept[size] = vocabulary.choose_tokens(self.whole, self.counts, size)
        return self.kept[size], vocabulary.respell(rows, self.whole, self.kept[size])


def format_route(route: Route) -> str:
    """The ranking of the axes, where anything had to be cut, and the sizes after each cut, as tables."""
    first = [(t.axis, f"{t.price * 1000:.2f}", f"{t.loss:.4f}") for t in route.ranking]
    taken = [
        (t.axis, *map(format_count, t.axes.values()), f"{t.total / 1e6:.2f}", f"{t.loss:.4f}") for t in route.steps
    ]
    ranked = [format_table(("first cut tried", "millinats a byte per MB", "nats a byte"), first)] if first else []
    return "\n".join([*ranked, format_table(("cut", *AXES, "MB", "nats a byte"), taken)])
