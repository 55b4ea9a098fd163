"""A pruned student, its unpruned teacher and traces → a student that has recovered.

Off-policy: the student sees the traces that the tuned model was trained on, and on every trained token
matches the teacher's distribution as well as the token itself. The mask is that of training, so prompts and
tool outputs teach nothing. TRL's distillation trainers are on-policy or have no masks for existing traces,
hence this loop of one screen.

loss = (1 − share) · cross-entropy + share · T² · KL(teacher ‖ student), temperature T (Hinton et al. 2015).
In the last ``aware`` share of the steps the student computes with weights rounded to NF4 while the gradient
passes straight through (Bengio et al. 2013), so that quantising afterwards costs little. The student that comes
out is never worse than the one that went in: `recover` measures both on held-out traces and keeps the better.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sxl_data.contract.console import Progress, say
from sxl_data.contract.errors import error
from sxl_train import checkpoints, plan, samples
from sxl_train.distil_teach import Partial, Teach, measure_divergence, teach_live
from sxl_train.prune import vocabulary
from sxl_train.prune.vocabulary import KEPT_FILE
from sxl_train.samples import Sample, collate

if TYPE_CHECKING:
    from sxl_train.config import Recipe
    from sxl_train.step import Context


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the student is trained; ``batch`` counts padded tokens, ``share`` is the divergence's weight."""

    steps: int = 100
    lr: float = 1e-4
    share: float = 0.5
    temperature: float = 1.0
    batch: int = 8192
    warmup: float = 0.05
    floor: float = 0.1
    clip: float = 1.0
    aware: float = 0.0
    seed: int = 0


def run(context: Context) -> Path:
    """The step: the pruned, or to be quantised, model learns from the one before pruning."""
    recipe = context.recipe
    student_folder = Path(context.model)
    aware = recipe.distil.quantise_aware and plan.read_plan(context).format.startswith("nf4")
    pruned_from = find_teacher(context)
    teacher_name = recipe.distil.teacher or pruned_from or (context.model if aware else "")
    if not teacher_name or not recipe.distil.steps:
        return student_folder
    device = checkpoints.choose_device()
    tokenizer = samples.load_tokenizer(student_folder)
    rows = samples.read_samples(recipe.dataset, "train", tokenizer, recipe.limit or 0, recipe.tune.max_length)
    held_out = samples.read_samples(
        recipe.dataset, "validation", tokenizer, recipe.evaluate.rows, recipe.tune.max_length
    )
    student = checkpoints.load(student_folder, "float32", device)
    teach, rows = find_targets(recipe, teacher_name, student, read_kept(student_folder), rows, device)
    chosen = Settings(
        steps=recipe.distil.steps, lr=recipe.distil.lr, share=recipe.distil.share,
        temperature=recipe.distil.temperature, batch=recipe.distil.batch, seed=recipe.seed,
        aware=0.0 if not aware else 1 / 3 if pruned_from else 1.0,
    )  # fmt: skip
    before, after = recover(student, rows, held_out, chosen, teach)
    say(f"distil     loss {before:.4f} → {after:.4f}{' as NF4' if aware else ''}"
        f"{'' if after < before else ': no better, the student stays as it was'}")  # fmt: skip
    context.measured.update(loss_before=before, loss=after, teacher=teacher_name, kept=after < before)
    if after >= before:
        return student_folder
    kept = student_folder / KEPT_FILE
    if kept.is_file():
        (context.folder / KEPT_FILE).write_bytes(kept.read_bytes())
    return checkpoints.save(checkpoints.to_bf16(student), context.folder, student_folder)


def find_targets(recipe: Recipe, teacher_name: str, student: Any, kept: list[int] | None,
                 rows: list[Sample], device: str) -> tuple[Teach, list[Sample]]:  # fmt: skip
    """(teacher, samples to learn from): the teacher itself, or its cached top logits.

    The cache is written where it does not exist yet. A teacher with a larger vocabulary reads its own tokens.
    """
    from sxl_train.distil_align import spell, teach_aligned
    from sxl_train.distil_cache import teach_cached, write_cache

    cache = Path(recipe.distil.cache) if recipe.distil.cache else None
    if cache is not None and cache.is_file():
        return teach_cached(cache, device), rows
    teacher = checkpoints.load(teacher_name, "bfloat16", device)
    if cache is None and kept is not None and (Path(teacher_name) / "tokenizer.json").is_file():
        own = samples.read_samples(recipe.dataset, "train", samples.load_tokenizer(Path(teacher_name)),
                                   recipe.limit or 0, recipe.tune.max_length)  # fmt: skip
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


def train(
    student: Any, rows: Sequence[Sample], settings: Settings, teach: Teach | None = None
) -> list[float]:
    """Train ``student`` in place for ``settings.steps`` steps and return the loss of each.

    Without ``teach`` this is plain cross-entropy. Weights are float32, matrix products bf16 on a GPU.
    """
    import torch

    device = student.get_input_embeddings().weight.device
    student.train()
    optimiser = torch.optim.AdamW(student.parameters(), lr=settings.lr, betas=(0.9, 0.95), weight_decay=0.0,
                                  fused=device.type == "cuda")  # fmt: skip
    batches = draw_batches(rows, settings.batch, settings.seed)
    rounding_from = round(settings.steps * (1 - settings.aware))
    losses: list[float] = []
    pending: list[Any] = []
    with Progress("distil", settings.steps, "steps") as progress:
        for step in range(settings.steps):
            batch = next(batches)
            for group in optimiser.param_groups:
                group["lr"] = settings.lr * scale_rate(step, settings)
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                if step >= rounding_from:
                    with rounded(student):
                        loss = compute_loss(student, batch, settings, teach)
                        loss.backward()
                else:
                    loss = compute_loss(student, batch, settings, teach)
                    loss.backward()
            torch.nn.utils.clip_grad_norm_(student.parameters(), settings.clip)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            pending.append(loss.detach())
            progress.advance()
            if len(pending) == 50 or step + 1 == settings.steps:  # reading a loss waits for the device
                losses += [float(value) for value in pending]
                pending.clear()
                if not math.isfinite(losses[-1]):
                    raise error("T112", found=losses[-1], pointer="/distil/lr")
    student.eval()
    return losses


def recover(student: Any, rows: Sequence[Sample], held_out: Sequence[Sample], settings: Settings,
            teach: Teach | None = None) -> tuple[float, float]:  # fmt: skip
    """`train`, undone where the loss on ``held_out`` did not fall; (loss before, loss of what is kept).

    Losses are per token, with rounded weights where ``settings`` asks for them, as they will be stored.
    """
    before = {name: weight.detach().to("cpu", copy=True) for name, weight in student.state_dict().items()}
    pruned = measure(student, held_out, settings)
    train(student, rows, settings, teach)
    after = measure(student, held_out, settings)
    if after <= pruned:
        return pruned, after
    student.load_state_dict(before)
    return pruned, pruned


def measure(student: Any, held_out: Sequence[Sample], settings: Settings) -> float:
    """Held-out loss per token of ``student`` as it will be stored."""
    if not settings.aware:
        return samples.measure_loss(student, held_out).per_token
    with rounded(student):
        return samples.measure_loss(student, held_out).per_token


def compute_loss(student: Any, batch: Sequence[Sample], settings: Settings, teach: Teach | None) -> Any:
    """Mean loss over the trained tokens of ``batch``."""
    import torch

    device = student.get_input_embeddings().weight.device
    inputs = collate(batch, device)
    labels = inputs["labels"][:, 1:]
    chosen = labels != -100
    # Padding is on the right and attention is causal: no mask is needed, and none is faster.
    hidden = student.model(input_ids=inputs["input_ids"], use_cache=False).last_hidden_state[:, :-1]
    logits = student.lm_head(hidden[chosen]).float()
    losses = torch.nn.functional.cross_entropy(logits, labels[chosen], reduction="none")
    if teach is None or not settings.share:
        return losses.mean()
    target = teach(batch, chosen)
    if isinstance(target, Partial):
        divergence = measure_divergence(logits[target.rows], target.logits, settings.temperature)
        part = len(target.rows) / len(losses)
        untaught = losses.sum() - losses[target.rows].sum()
        divergence = part * divergence + untaught / len(losses)
    else:
        divergence = measure_divergence(logits, target, settings.temperature)
    return (1 - settings.share) * losses.mean() + settings.share * divergence


def draw_batches(rows: Sequence[Sample], tokens: int, seed: int) -> Iterator[list[Sample]]:
    """Batches of similar length, in a new order every epoch, for ever."""
    epoch = 0
    while True:
        order = random.Random(f"{seed}/{epoch}")
        shuffled = list(rows)
        order.shuffle(shuffled)
        batches = list(samples.make_batches(shuffled, tokens))
        order.shuffle(batches)
        yield from batches
        epoch += 1


def scale_rate(step: int, settings: Settings) -> float:
    """Linear warm-up, then a cosine down to ``floor``."""
    rise = max(round(settings.steps * settings.warmup), 1)
    if step < rise:
        return (step + 1) / rise
    part = (step - rise) / max(settings.steps - rise, 1)
    return settings.floor + (1 - settings.floor) * 0.5 * (1 + math.cos(math.pi * part))


@contextmanager
def rounded(model: Any) -> Iterator[None]:
    """Within, every linear layer but the head computes with NF4-rounded weights; gradients pass straight."""
    import torch

    from sxl_train.quantise import round_to_nf4

    linears = [module for name, module in model.named_modules()
               if isinstance(module, torch.nn.Linear) and not name.endswith("lm_head")]  # fmt: skip
    exact = [module.weight.data for module in linears]
    for module in linears:
        module.weight.data = round_to_nf4(module.weight.data)
    try:
        yield
    finally:
        for module, weight in zip(linears, exact):
            module.weight.data = weight
