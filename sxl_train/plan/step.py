"""The plan: from ``config.json`` and the tokenizer alone, how a model gets under the size limit.

No torch and no weights here, so that ``--dry-run`` answers for any model at once. ``run`` writes
``plan.json``, which the prune and quantise steps follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sxl_data.contract.console import format_table, say
from sxl_data.contract.errors import UserError, finding
from sxl_train import config as recipes
from sxl_train.plan.choose import Plan, choose, forecast_sizes, measure
from sxl_train.plan.formats import GGUF, SAFETENSORS, Format
from sxl_train.plan.shapes import AXES, Shape, read_shape
from sxl_train.plan.tokenizers import Vocabulary, read_vocabulary
from sxl_train.run import bases, hub
from sxl_train.run.checkpoints import read_config

if TYPE_CHECKING:
    from sxl_train.run.step import Context

BYTES_PER_TOKEN = 70
"""Of the tokenizer files of a base that is not built yet."""


def run(context: Context) -> Path:
    """The step: choose a plan, write ``plan.json``, change no model."""
    shape, tokenizer = read_base(context.recipe)
    plan = make_plan(context.recipe, shape, tokenizer)
    say(describe(plan, shape))
    context.measured.update({"predicted_bytes": plan.total, "expected_loss_rise": plan.loss, "format": plan.format})
    (context.folder / "plan.json").write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n")
    return Path(context.model)


def rehearse(recipe: recipes.Recipe) -> str:
    """What ``--dry-run`` prints: every format of the whole model, and the plan that was chosen."""
    shape, tokenizer = read_base(recipe)
    limit = recipes.parse_size(recipe.size_limit)
    plans = forecast_sizes(shape, tokenizer, (*SAFETENSORS, *GGUF), limit)
    plan = make_plan(recipe, shape, tokenizer)
    return f"{format_plans([*plans, plan], shape)}\n{describe(plan, shape)}"


def make_plan(recipe: recipes.Recipe, shape: Shape, tokenizer: Vocabulary | int) -> Plan:
    """The plan that the recipe allows; `UserError` T502 where none meets the limit."""
    limit = recipes.parse_size(recipe.size_limit)
    formats = list_formats(recipe)
    prune = recipe.prune
    cuts: list[Shape] | None = [shape]
    if "prune" in recipe.steps and prune.mode == "manual":
        cuts = [shape.prune(**{axis: getattr(prune, axis) for axis in AXES})]
    elif "prune" in recipe.steps and prune.mode == "auto":
        cuts = None
    trim = isinstance(tokenizer, Vocabulary) and tokenizer.byte_level
    plan = choose(shape, tokenizer, limit, formats, trim=trim, cuts=cuts)
    if plan is None:
        small = min(
            (measure(shape, cut, f, tokenizer, limit) for f in formats for cut in (cuts or [shape])),
            key=lambda item: item.total,
        )
        found = f"{recipe.base_model}: {shape.count() / 1e6:.0f} M parameters, {small.total / 1e6:.0f} MB as "
        found += small.format + ("" if cuts is None else ", and the recipe does not let it be pruned")
        raise UserError(finding("T502", pointer="/size_limit", found=found, expected=recipe.size_limit))
    return plan


def list_formats(recipe: recipes.Recipe) -> tuple[Format, ...]:
    """The storage formats that the recipe allows for the packaged folder."""
    four: Format = "nf4_dq" if recipe.quantise.double_quant else "nf4"
    if "quantise" not in recipe.steps or recipe.quantise.scheme == "none":
        return ("bf16",)
    if recipe.quantise.scheme == "gguf":
        return ("f16", "q8_0", "q4_0")
    if recipe.quantise.scheme == "nf4":
        return (four,)
    if recipe.quantise.scheme == "int4":
        return ("int4",)
    if recipe.method == "qlora":
        return ("int4", four)
    return ("bf16", "f8", "int4", four) if recipe.quantise.float8 else ("bf16", "int4", four)


def read_plan(context: Context) -> Plan:
    """The plan of this run: ``plan/plan.json``, or made now where the recipe has no plan step."""
    folder = context.folder_of("plan") if "plan" in context.recipe.steps else None
    if folder is not None and (folder / "plan.json").is_file():
        return msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)
    return make_plan(context.recipe, *read_base(context.recipe))


def read_base(recipe: recipes.Recipe) -> tuple[Shape, Vocabulary | int]:
    """Shape and tokenizer of the recipe's base; for the demo base those it is going to have."""
    if recipe.base_model == "demo":
        rows = recipe.base.vocabulary
        return read_shape(bases.configure(recipe.base, rows).to_dict()), BYTES_PER_TOKEN * rows
    wanted = ["config.json", "tokenizer*", "vocab.json", "merges.txt", "*.jinja", "special_tokens_map.json"]
    folder = hub.fetch(bases.resolve(recipe.base_model), wanted, revision=recipe.revision)
    return read_shape(read_config(folder)), read_vocabulary(folder)


def format_plans(plans: Sequence[Plan], shape: Shape) -> str:
    """A table of plans; ``shape`` is the unpruned model."""
    rows = []
    for plan in plans:
        sizes = (f"{size / 1e6:.1f}" for size in (plan.weights, plan.tokenizer, plan.total))
        fits = "yes" if plan.fits else "no"
        rows.append((plan.format, *plan.axes.values(), f"{plan.kept:.0%}", *sizes, f"+{plan.loss:.1%}", fits))
    measured = ("linears kept", "weights MB", "tokenizer MB", "total MB", "expected loss", "fits")
    return format_table(("format", *AXES, *measured), rows)


def describe(plan: Plan, shape: Shape) -> str:
    """The plan in one line: what is cut, how it is stored, how large it will be."""
    whole = shape.axes
    cuts = [f"{axis} {whole[axis]} → {size}" for axis, size in plan.axes.items() if size != whole[axis]]
    return (
        f"plan       {', '.join(cuts) or 'nothing pruned'}; stored as {plan.format}; "
        f"{''.join(f'{count} matrices as {wider}; ' for wider, count in plan.others.items())}"
        f"{plan.total / 1e6:.1f} MB, expected loss +{plan.loss:.1%}"
    )
