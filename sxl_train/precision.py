"""A model, samples and the bytes left under a limit → which matrices are worth a wider format.

Mixed precision by sensitivity: what rounding a matrix costs is expected from the diagonal of the Fisher
information, ½ Σ F·(Q(W) − W)², in nats per trained token (Hassibi and Stork 1993; Dong et al. 2020, HAWQ-V2). One
backward pass over the samples prices every matrix in every format, and the room goes where it buys most per byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sxl_train import plan
from sxl_train.plan.formats import store
from sxl_train.samples import Sample, collate

Costs = dict[str, dict[str, float]]
"""Tensor → format → expected rise of the loss in nats per token."""
ENTRY = 100
"""Bytes that a matrix outside NF4 may add to the header and to config.json."""


def measure_sensitivity(model: Any, samples: Sequence[Sample], formats: Sequence[plan.Format]) -> Costs:
    """What storing each matrix of ``model`` (float32, plain) in each of ``formats`` costs on ``samples``."""
    import torch

    weights = {name: weight for name, weight in model.named_parameters() if weight.dim() == 2}
    squares = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    device, tokens = model.get_input_embeddings().weight.device, 0
    for sample in samples:  # one at a time: a gradient of many samples is no estimate of their squares
        inputs = collate([sample], device)
        labels = inputs.pop("labels")[:, 1:]
        chosen = labels != -100
        logits = model(**inputs, use_cache=False).logits[:, :-1][chosen].float()
        torch.nn.functional.cross_entropy(logits, labels[chosen], reduction="sum").backward()
        tokens += int(chosen.sum())
        for name, weight in weights.items():
            squares[name] += weight.grad.square()
            weight.grad = None
    model.zero_grad(set_to_none=True)
    with torch.no_grad():
        return {
            name: {
                format: float((squares[name] * (round_to(weight, name, format) - weight).square()).sum())
                / (2 * max(tokens, 1))
                for format in formats
            }
            for name, weight in weights.items()
        }


def round_to(weight: Any, name: str, format: plan.Format) -> Any:
    """``weight`` as ``format`` stores the matrix ``name``, in its own dtype."""
    import torch

    from sxl_train.float8 import round_to_float8
    from sxl_train.quantise import round_to_nf4

    linear = not any(part in name for part in ("embed_tokens", "lm_head"))
    if format == "f8":
        return round_to_float8(weight)
    if format in ("nf4", "nf4_dq") and linear:
        return round_to_nf4(weight, format == "nf4_dq")
    return weight.to(torch.bfloat16).to(weight.dtype)


def spend_room(shape: plan.Shape, format: plan.Format, room: int, costs: Costs) -> dict[str, plan.Format]:
    """Matrices to store wider than ``format``, at most ``room`` bytes more in all; greedy by gain per byte."""
    wider = plan.WIDER[format]
    offers = []
    for tensor in shape.tensors():
        if tensor.kind == "vector" or count_bytes(tensor, wider) == count_bytes(tensor, format):
            continue  # NF4 leaves the embedding in bf16
        more = count_bytes(tensor, wider) - count_bytes(tensor, format) + ENTRY
        offers.append(((costs[tensor.name][format] - costs[tensor.name][wider]) / more, more, tensor.name))
    chosen: dict[str, plan.Format] = {}
    for gain, more, name in sorted(offers, reverse=True):
        if gain > 0 and more <= room:
            chosen[name], room = wider, room - more
    return chosen


def count_bytes(tensor: Any, format: plan.Format) -> int:
    """Bytes of one tensor's parts in a safetensors file, names left out."""
    from math import prod

    from sxl_train.plan.formats import DTYPE_BYTES

    return sum(DTYPE_BYTES[dtype] * prod(extents) for _, dtype, extents in store(tensor, format))


def expect_rise(costs: Costs, format: plan.Format, others: Mapping[str, plan.Format]) -> float:
    """The sum of what the matrices cost, in nats per token."""
    return sum(found[others.get(name, format)] for name, found in costs.items())
