"""A pruned student, its unpruned teacher and traces → a student that has recovered: the step.

Off-policy: the student sees the traces that the tuned model was trained on (`sxl_train.recovery.loop`). The mask is
that of training, so prompts and tool outputs teach nothing. TRL's distillation trainers are on-policy or have no
masks for existing traces, hence a loop of our own.

The teacher is the model before pruning, or another with the same vocabulary, or a file of its top logits. Nothing is
done where nothing was pruned and no teacher is named.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sxl_data.contract.console import say
from sxl_train.data import samples, vocabulary
from sxl_train.data.samples import Sample
from sxl_train.data.vocabulary import KEPT_FILE
from sxl_train.recovery.loop import Settings, recover
from sxl_train.recovery.progress import Keeper
from sxl_train.recovery.teach import Teach, teach_live
from sxl_train.run import checkpoints
from sxl_train.run.tokenizer import open_tokenizer

if TYPE_CHECKING:
    from sxl_train.config import Recipe
    from sxl_train.run.decoder import Decoder
    from sxl_train.run.step import Context

PROGRESS = "progress.pt"
"""File of a distillation under way; a finished one has removed it."""


def run(context: Context) -> Path:
    """The step: the pruned model learns from the one before pruning."""
    recipe = context.recipe
    student_folder = Path(context.model)
    teacher_name = recipe.distil.teacher or find_teacher(context)
    if not teacher_name or not recipe.distil.steps:
        return student_folder
    device = checkpoints.choose_device()
    tokenizer, longest = open_tokenizer(student_folder), recipe.tune.max_length
    rows = samples.read_samples(recipe.dataset, "train", tokenizer, recipe.limit, longest)
    held_out = samples.read_samples(recipe.dataset, "validation", tokenizer, recipe.evaluate.rows, longest)
    student = checkpoints.load(student_folder, "float32", device)
    teach, rows = find_targets(recipe, teacher_name, student, read_kept(student_folder), rows, device)
    keys = recipe.distil
    chosen = Settings(steps=keys.steps, lr=keys.lr, share=keys.share, batch=keys.batch, seed=recipe.seed)
    keeper = Keeper(context.folder / PROGRESS)
    before, after = recover(student, rows, held_out, chosen, teach, keeper)
    keeper.remove()
    undone = "" if after < before else ": no better, the student stays as it was"
    say(f"distil     loss {before:.4f} → {after:.4f}{undone}")
    context.measured.update(loss_before=before, loss=after, teacher=teacher_name, kept=after < before)
    if after >= before:
        return student_folder
    kept = student_folder / KEPT_FILE
    if kept.is_file():
        (context.folder / KEPT_FILE).write_bytes(kept.read_bytes())
    return checkpoints.save(checkpoints.to_bf16(student), context.folder, student_folder)


def find_targets(
    recipe: Recipe, teacher_name: str, student: Decoder, kept: list[int] | None, rows: list[Sample], device: str
) -> tuple[Teach, list[Sample]]:
    """(teacher, samples to learn from): the teacher itself, or its cached top logits.

    The cache is written where it does not exist yet. A teacher with a larger vocabulary reads its own tokens.
    """
    from sxl_train.distil.align import spell, teach_aligned
    from sxl_train.distil.cache import teach_cached, write_cache

    cache = Path(recipe.distil.cache) if recipe.distil.cache else None
    if cache is not None and cache.is_file():
        return teach_cached(cache, device), rows
    teacher = checkpoints.load(teacher_name, "bfloat16", device)
    if cache is None and kept is not None and (Path(teacher_name) / "tokenizer.json").is_file():
        tokenizer = open_tokenizer(teacher_name)
        own = samples.read_samples(recipe.dataset, "train", tokenizer, recipe.limit, recipe.tune.max_length)
        whole = vocabulary.read_tokenizer(Path(teacher_name))
        spelled = vocabulary.respell(own, whole, kept)
        return teach_aligned(teacher, kept, spell(whole, kept), own, spelled), spelled
    teach = teach_live(teacher, student.config.vocab_size, kept, recipe.distil.top_k)
    if cache is None:
        return teach, rows
    return teach_cached(write_cache(teach, rows, cache), device), rows


def find_teacher(context: Context) -> str:
    """The model that the prune step read, or "" where the step did not run or changed nothing."""
    names = [step for step, _ in context.chain]
    if "prune" not in names:
        return ""
    before, after = context.chain[names.index("prune") - 1][1], context.chain[names.index("prune")][1]
    return before if before != after else ""


def read_kept(folder: Path) -> list[int] | None:
    """The teacher's id of each of the student's tokens, or None where the vocabulary was not trimmed."""
    path = Path(folder) / KEPT_FILE
    return msgspec.json.decode(path.read_bytes(), type=list[int]) if path.is_file() else None
