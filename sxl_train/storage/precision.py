"""A model, samples and the bytes left under a limit → which matrices are worth a wider format.

Mixed precision by sensitivity: what rounding a matrix costs is expected from the diagonal of the Fisher
information, ½ Σ F·(Q(W) − W)², in nats per trained token (Hassibi and Stork 1993; Dong et al. 2020, HAWQ-V2). One
backward pass over the samples prices every matrix in every format, and the room goes where it buys most per byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sxl_data.contract.console import Progress, say
from sxl_train.config import parse_size
from sxl_train.data.samples import Sample, collate, read_unseen
from sxl_train.plan import shapes
from sxl_train.plan import step as plan
from sxl_train.plan.choose import SAFETY
from sxl_train.plan.formats import FITTED, WIDER, choose_type
from sxl_train.plan.room import Costs, spend_room
from sxl_train.run import checkpoints
from sxl_train.run.tokenizer import open_tokenizer
from sxl_train.storage import blocks, packed

if TYPE_CHECKING:
    from torch import Tensor, nn

    from sxl_train.run.decoder import Decoder
    from sxl_train.run.step import Context

Columns: TypeAlias = "Mapping[str, Tensor]"
"""Matrix → the mean square of each of its input columns; the embedding's are those of the output head."""


def measure_columns(model: Decoder, samples: Sequence[Sample]) -> dict[str, Tensor]:
    """The mean square of what enters each column of each matrix of ``model`` on ``samples``."""
    import torch

    squares: dict[str, Tensor] = {}
    tokens = sum(len(sample.ids) for sample in samples)
    tied = model.config.tie_word_embeddings
    handles = []

    def watch(name: str, module: nn.Module) -> None:
        def add(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            found = inputs[0].detach().float().square().flatten(0, -2).sum(0)
            squares[name] = squares[name] + found if name in squares else found

        handles.append(module.register_forward_pre_hook(add))

    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            is_head = module is model.get_output_embeddings()
            watch("model.embed_tokens.weight" if is_head and tied else name + ".weight", module)
    device = model.get_input_embeddings().weight.device
    try:
        with torch.no_grad(), Progress("columns", len(samples), "samples") as progress:
            for sample in samples:
                model(input_ids=collate([sample], device)["input_ids"], use_cache=False)
                progress.advance()
    finally:
        for handle in handles:
            handle.remove()
    return {name: found / max(tokens, 1) for name, found in squares.items()}


def measure_sensitivity(
    model: Decoder, samples: Sequence[Sample], formats: Sequence[plan.Format], columns: Columns | None = None
) -> Costs:
    """What storing each matrix of ``model`` (float32, plain) in each of ``formats`` costs on ``samples``.

    In nats per trained token.
    """
    import torch

    weights = {name: weight for name, weight in model.named_parameters() if weight.dim() == 2}
    squares = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    device, tokens = model.get_input_embeddings().weight.device, 0
    progress = Progress("sensitivity", len(samples), "samples")
    for sample in samples:  # one at a time: a gradient of many samples is no estimate of their squares
        progress.advance()
        inputs = collate([sample], device)
        labels = inputs["labels"][:, 1:]
        chosen = labels != -100
        said = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False)
        logits = said.logits[:, :-1][chosen].float()
        torch.nn.functional.cross_entropy(logits, labels[chosen], reduction="sum").backward()
        tokens += int(chosen.sum())
        for name, weight in weights.items():
            assert weight.grad is not None
            squares[name] += weight.grad.square()
            weight.grad = None
    progress.close()
    model.zero_grad(set_to_none=True)
    with torch.no_grad():
        return {
            name: {
                format: float((squares[name] * (round_to(weight, name, format, columns) - weight).square()).sum())
                / (2 * max(tokens, 1))
                for format in formats
            }
            for name, weight in weights.items()
        }


def round_to(weight: Tensor, name: str, format: plan.Format, columns: Columns | None = None) -> Tensor:
    """``weight`` as ``format`` stores the matrix ``name``, in its own dtype."""
    import torch

    from sxl_train.storage.nf4 import round_to_nf4

    linear = not any(part in name for part in ("embed_tokens", "lm_head"))
    if format == "f8":
        return packed.to_float8(weight).to(torch.bfloat16).to(weight.dtype)
    if format in ("nf4", "nf4_dq") and linear:
        return round_to_nf4(weight, format == "nf4_dq")
    kind = "bf16"
    if format in FITTED:
        tensor = shapes.Tensor(name, tuple(weight.shape), "linear" if linear else "embedding")
        kind = choose_type(tensor, format)
    if kind == "f16":
        return weight.half().to(weight.dtype)
    if kind in blocks.LOWEST:
        return blocks.round_to_blocks(weight, kind, (columns or {}).get(name))
    return weight.to(torch.bfloat16).to(weight.dtype)


def expect_rise(costs: Costs, format: plan.Format, others: Mapping[str, plan.Format]) -> float:
    """The sum of what the matrices cost, in nats per token."""
    return sum(found[others.get(name, format)] for name, found in costs.items())


def choose_others(
    context: Context, format: plan.Format, model: Decoder, folder: Path
) -> tuple[dict[str, plan.Format], Columns | None]:
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
    columns = measure_columns(model, rows) if format in FITTED else None
    wider = WIDER.get(format, ())
    costs = measure_sensitivity(model, rows, (format, *wider), columns)
    room = int(limit * (1 - SAFETY)) - base.total
    others = spend_room(shape, format, room, costs) if wider else {}
    rise, plain = expect_rise(costs, format, others), expect_rise(costs, format, {})
    counts = Counter(others.values())
    say(
        f"{context.name:<10} {', '.join(f'{n} matrices in {f}' for f, n in counts.items()) or 'no matrix wider'} of "
        f"{len(costs)}; expected loss +{rise:.4f}, +{plain:.4f} with {format} alone"
    )
    context.measured.update(others=others, expected_rise=rise, expected_rise_alone=plain)
    return others, columns
