"""A model and the room left under the size limit → which of its matrices are stored wider than the rest."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.console import say
from sxl_train.config import parse_size
from sxl_train.data.samples import read_unseen
from sxl_train.plan import step as plan
from sxl_train.plan.choose import SAFETY
from sxl_train.plan.formats import FITTED, WIDER
from sxl_train.plan.room import spend_room
from sxl_train.run import checkpoints
from sxl_train.run.tokenizer import open_tokenizer
from sxl_train.storage import precision

if TYPE_CHECKING:
    from sxl_train.run.decoder import Decoder
    from sxl_train.run.step import Context


def choose_others(
    context: Context, format: plan.Format, model: Decoder, folder: Path
) -> tuple[dict[str, plan.Format], precision.Columns | None]:
    """(matrices that the room under the limit stores wider, by sensitivity; weights of their input columns).

    ``folder`` is that of ``model``, for its shape and tokenizer; columns weigh in formats with fitted scales only.
    Prices are those of rows that nothing was trained on: where the loss has come near 0 its gradients have too, and
    rounding seems to cost a sixth of what it does (+0.0004 where +0.0026 came, `benchmarks/models`).
    """
    recipe = context.recipe
    rows = read_unseen(
        recipe.dataset,
        open_tokenizer(folder),
        recipe.quantise.samples,
        recipe.tune.max_length,
        judged=recipe.evaluate.rows,
    )
    shape, limit = plan.read_shape(checkpoints.read_config(folder)), parse_size(recipe.size_limit)
    base = plan.measure(shape, shape, format, plan.read_vocabulary(folder), limit)
    columns = precision.measure_columns(model, rows) if format in FITTED else None
    wider = WIDER.get(format, ())
    costs = precision.measure_sensitivity(model, rows, (format, *wider), columns)
    room = int(limit * (1 - SAFETY)) - base.total
    others = spend_room(shape, format, room, costs) if wider else {}
    rise, plain = precision.expect_rise(costs, format, others), precision.expect_rise(costs, format, {})
    counts = Counter(others.values())
    say(
        f"{context.name:<10} {', '.join(f'{n} matrices in {f}' for f, n in counts.items()) or 'no matrix wider'} of "
        f"{len(costs)}; expected loss +{rise:.4f}, +{plain:.4f} with {format} alone"
    )
    context.measured.update(others=others, expected_rise=rise, expected_rise_alone=plain)
    return others, columns
