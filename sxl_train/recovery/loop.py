"""Student, samples and perhaps a teacher → the student trained in place: a loop of one screen.

On every trained token the student matches the teacher's distribution as well as the token itself:
loss = (1 − share) · cross-entropy + share · KL(teacher ‖ student) (Hinton et al. 2015). The student that comes out is
never worse than the one that went in: `recover` measures both on held-out traces and keeps the better.
"""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_train.data import samples
from sxl_train.data.samples import Sample, collate
from sxl_train.recovery.progress import Keeper, Lines
from sxl_train.recovery.teach import Teach, measure_divergence
from sxl_train.run.interrupt import Signals

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from sxl_train.run.decoder import Decoder


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the student is trained; ``batch`` counts padded tokens, ``share`` is the divergence's weight."""

    steps: int = 100
    lr: float = 1e-4
    share: float = 0.5
    batch: int = 8192
    warmup: float = 0.05
    floor: float = 0.1
    clip: float = 1.0
    seed: int = 0


def train(
    student: Decoder,
    rows: Sequence[Sample],
    settings: Settings,
    teach: Teach | None = None,
    keeper: Keeper | None = None,
    attempt: int = 0,
) -> list[float]:
    """Train ``student`` in place for ``settings.steps`` steps and return the loss of each.

    Without ``teach`` this is plain cross-entropy. Weights are float32, matrix products bf16 on a GPU. With a
    ``keeper`` the state of this ``attempt`` is saved now and then, and gone on from where there is one; a signal then
    saves and raises KeyboardInterrupt.
    """
    import torch

    device = student.get_input_embeddings().weight.device
    student.train()
    optimiser = torch.optim.AdamW(
        student.parameters(), lr=settings.lr, betas=(0.9, 0.95), weight_decay=0.0, fused=device.type == "cuda"
    )
    batches = draw_batches(rows, settings.batch, settings.seed)
    losses: list[Tensor | float] = []
    first = 0
    if keeper is not None and (state := keeper.take(attempt)):
        student.load_state_dict(state["student"])
        optimiser.load_state_dict(state["optimiser"])
        first, losses = state["step"], list(state["losses"])
        for _ in range(first):
            next(batches)
        say(f"distil     continues at step {first} of {settings.steps}")
    signals = Signals()
    if keeper is not None:
        signals.open()
    try:
        with contextlib.closing(Lines(settings.steps, first)) as lines:
            for step in range(first, settings.steps):
                losses.append(take_step(student, optimiser, next(batches), settings, teach, step))
                lines.advance(losses[-10:])
                check_finite(losses, settings.steps)
                if keeper is not None and (signals.came or keeper.is_due()):
                    losses = [float(value) for value in losses]
                    own = {"student": student.state_dict(), "optimiser": optimiser.state_dict()}
                    keeper.save({"attempt": attempt, "step": step + 1, "losses": losses} | own)
                    if signals.came:
                        say(f"distil     step {step + 1} is saved")
                        raise KeyboardInterrupt
    finally:
        signals.close()
    student.eval()
    return [float(value) for value in losses]


def take_step(
    student: Decoder, optimiser: Optimizer, batch: Sequence[Sample], settings: Settings, teach: Teach | None, step: int
) -> Tensor:
    """One update; the loss, still on its device."""
    import torch

    kind = student.get_input_embeddings().weight.device.type
    for group in optimiser.param_groups:
        group["lr"] = settings.lr * scale_rate(step, settings)
    with torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda"):
        loss = compute_loss(student, batch, settings, teach)
        loss.backward()
    torch.nn.utils.clip_grad_norm_(student.parameters(), settings.clip)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return loss.detach()


def check_finite(losses: list[Tensor | float], steps: int) -> None:
    """T112 where the last of ``losses`` is no number; looked at every 50 steps, since it waits for the device."""
    if (len(losses) % 50 == 0 or len(losses) == steps) and not math.isfinite(float(losses[-1])):
        raise error("T112", found=float(losses[-1]), pointer="/distil/lr")


def recover(
    student: Decoder,
    rows: Sequence[Sample],
    held_out: Sequence[Sample],
    settings: Settings,
    teach: Teach | None = None,
    keeper: Keeper | None = None,
) -> tuple[float, float]:
    """`train`, undone where the loss on ``held_out`` did not fall; (loss before, loss of what is kept).

    Losses are per token. A model that pruning hardly touched is hurt by a rate that a badly cut one needs, so a failure
    is tried once more with a quarter of it.
    """
    before = {name: weight.detach().to("cpu", copy=True) for name, weight in student.state_dict().items()}
    pruned = samples.measure_loss(student, held_out).per_token
    for attempt, share in enumerate((1, 0.25)):
        if keeper is not None and keeper.is_over(attempt):
            continue
        chosen = msgspec.structs.replace(settings, lr=settings.lr * share)
        train(student, rows, chosen, teach, keeper, attempt)
        after = samples.measure_loss(student, held_out).per_token
        if after < pruned:
            return pruned, after
        say(f"distil     loss {pruned:.4f} → {after:.4f} with a rate of {chosen.lr:.1e}: undone")
        student.load_state_dict(before)
    return pruned, pruned


def compute_loss(student: Decoder, batch: Sequence[Sample], settings: Settings, teach: Teach | None) -> Tensor:
    """Mean loss over the trained tokens of ``batch``."""
    import torch

    device = student.get_input_embeddings().weight.device
    inputs = collate(batch, device)
    labels = inputs["labels"][:, 1:]
    chosen = labels != -100
    # Padding is on the right and attention is causal: no mask is needed, and none is faster.
    hidden = student.model(input_ids=inputs["input_ids"], use_cache=False).last_hidden_state[:, :-1]
    logits = student.lm_head(hidden[chosen]).float()
    loss = torch.nn.functional.cross_entropy(logits, labels[chosen])
    if teach is None or not settings.share:
        return loss
    return (1 - settings.share) * loss + settings.share * measure_divergence(logits, teach(batch, chosen))


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
