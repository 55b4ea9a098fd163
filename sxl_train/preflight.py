"""What would go wrong after an hour, found before any weight is loaded.

A recipe and its dataset in; nothing, or a `UserError` with every finding, out. The tokenizer and the configuration
of the base are read, its weights never. `rehearse` is ``--dry-run``: the same checks on every row, and what they
counted.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from sxl_data.contract.config import Loaded
from sxl_data.contract.console import format_count, format_table
from sxl_data.contract.errors import Finding, UserError, error, finding
from sxl_train.config import Recipe
from sxl_train.data import dataset as data
from sxl_train.data import mask
from sxl_train.data import packing as sequences
from sxl_train.data.conversations import Row
from sxl_train.plan.shapes import read_shape
from sxl_train.run.bases import find_gguf, resolve
from sxl_train.run.forecast import check_disk, check_memory, find_config, show_memory
from sxl_train.run.tokenizer import open_tokenizer
from sxl_train.suites.registry import check_suites
from sxl_train.tune.conflicts import check_keys

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PROBE_ROWS = 64
SHOWN = 3


class Report(msgspec.Struct):
    """What the check saw."""

    tokenizer: PreTrainedTokenizerFast
    template: mask.Template
    counts: sequences.Counts
    pieces: list[sequences.Piece]
    warnings: list[Finding]
    capacity: int


def needs_base(recipe: Recipe) -> bool:
    """Whether the run makes, expands or extends a base; a run without tuning starts from a finished model."""
    return recipe.base_model == "demo" or "tune" in recipe.steps or find_gguf(recipe.base_model) is not None


def check(recipe: Recipe, dataset: data.Dataset, rows: int = PROBE_ROWS) -> Report:
    """Base, template, mask and disk. Raises `UserError` T101–T114 with all findings; ``rows`` 0 reads all."""
    from sxl_train.data.special_tokens import add_special_tokens, choose_template
    from sxl_train.run.quiet import hush

    hush()
    config = find_config(recipe)
    if recipe.base_model != "demo" and {"plan", "prune", "quantise"} & set(recipe.steps):
        read_shape(config.to_dict())  # what these steps cannot handle is refused now, not after the tuning
    found = data.read_rows(dataset, "train", min(rows, recipe.limit or rows) if rows else recipe.limit)
    if not found:
        raise error("T102", file=recipe.dataset, found="no rows in train")
    tokenizer = _open_tokenizer(recipe, found)
    template = choose_template(recipe.tune.template, tokenizer)
    add_special_tokens(tokenizer, template)
    capacity = min(recipe.tune.max_length, getattr(config, "max_position_embeddings", None) or recipe.tune.max_length)
    pieces, counts = sequences.cut_rows(found, tokenizer, template, recipe.tune, capacity)
    findings = list(_judge(recipe, dataset, pieces, counts, tokenizer, capacity))
    findings += check_disk(recipe, config) + check_memory(recipe, config, capacity) + check_keys(recipe)
    findings += check_suites(recipe)
    errors = [item for item in findings if item.level == "error"]
    if errors:
        raise UserError(*errors)
    return Report(tokenizer, template, counts, pieces, findings, capacity)


def rehearse(title: str, loaded: Loaded[Recipe]) -> str:
    """``--dry-run``: what the recipe sets, token counts, three examples with marks, memory, sizes, time."""
    from sxl_train.run.recipes import print_recipe

    recipe = loaded.value
    dataset = data.find_dataset(recipe.dataset)
    report = check(recipe, dataset, rows=0)
    counts, capacity = report.counts, report.capacity
    packed = sequences.make_sequences(report.pieces, recipe.tune, capacity)
    share = counts.trained / max(1, counts.tokens)
    rows = [
        ("rows in train", format_count(counts.rows)),
        ("pieces after cutting", format_count(counts.pieces)),
        ("split at user turns: the template erases reasoning", format_count(counts.split)),
        ("cut at a loop's border", format_count(counts.cut)),
        ("left out: too long, or nothing to train", f"{counts.dropped_long + counts.dropped_empty}"),
        ("tokens", format_count(counts.tokens)),
        ("trained tokens", f"{format_count(counts.trained)} ({share:.0%})"),
        ("of them reasoning", format_count(counts.reflect)),
        (f"packed sequences of {capacity}", format_count(len(packed))),
        ("filled", f"{counts.tokens / max(1, len(packed) * capacity):.0%}"),
    ]
    parts = [
        f"recipe {title}, nothing will be trained",
        print_recipe(loaded, every=False),
        format_table(("tokens", ""), rows),
        "three examples; trained text is inside ⟦r reasoning⟧ and ⟦a answers, calls and the stop token⟧",
    ]
    for piece in choose_examples(report.pieces):
        text = mask.show(report.tokenizer, mask.Tokens(piece.ids, piece.phases))
        parts.append(f"── {piece.row}\n{text}")
    parts += [str(UserError(item)) for item in report.warnings]
    parts.append(show_memory(recipe, capacity))
    from sxl_train import timing
    from sxl_train.plan import step as plan

    parts.append(plan.rehearse(recipe))
    parts.append(timing.show(timing.forecast(recipe, len(packed), capacity)))
    return "\n\n".join(parts)


def choose_examples(pieces: list[sequences.Piece]) -> list[sequences.Piece]:
    """`SHOWN` pieces, of those with reasoning, with several turns and the others alike."""
    kinds = []
    for piece in pieces:
        turns = sum(before == mask.IGNORED != phase for before, phase in itertools.pairwise(piece.phases))
        kinds.append("reasoning" if mask.REFLECT in piece.phases else "turns" if turns > 1 else "plain")
    return [pieces[place] for place in data.spread(kinds, SHOWN)]


def _judge(
    recipe: Recipe,
    dataset: data.Dataset,
    pieces: list[sequences.Piece],
    counts: sequences.Counts,
    tokenizer: PreTrainedTokenizerFast,
    capacity: int,
) -> list[Finding]:
    found = []
    if not counts.trained:
        found.append(
            finding(
                "T104",
                file=dataset.source,
                found=f"{counts.rows} rows, no trained token; "
                f"{counts.dropped_long} of them are longer than {capacity} tokens",
                expected="assistant messages that fit",
            )
        )
    elif counts.dropped_empty - counts.dropped_long > counts.rows / 10:
        found.append(
            finding("T104", file=dataset.source, found=f"{counts.dropped_empty} of {counts.rows} rows", expected="none")
        )
    stop = tokenizer.eos_token_id
    if pieces and not any(p.ids[i] == stop and p.phases[i] for p in pieces for i in range(len(p.ids))):
        found.append(finding("T103", found=f"{tokenizer.eos_token} is nowhere in the trained text"))
    if counts.unasked:
        found.append(finding("T116", file=dataset.source, found=f"{counts.unasked} turns", expected="none"))
    if counts.cut or counts.dropped_long:
        found.append(
            finding(
                "T106",
                file=dataset.source,
                found=f"{counts.cut} of {counts.rows} rows cut, {counts.dropped_long} left out",
                expected=f"at most {capacity} tokens",
            )
        )
    return found


def _open_tokenizer(recipe: Recipe, rows: list[Row]) -> PreTrainedTokenizerFast:
    from sxl_train.data import base

    if recipe.base_model != "demo":
        return open_tokenizer(resolve(recipe.base_model), recipe.revision)
    template = mask.Template(mask.OWN.read_text(encoding="utf-8"))
    texts = [mask.render(template, row.messages, row.tools) for row in rows]
    return base.train_tokenizer(texts, recipe.base.vocabulary, recipe.base.context)
