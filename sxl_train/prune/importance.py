"""A model and calibration samples → how much each MLP neuron, key/value group and layer does.

One pass over the samples, no gradients:

- an MLP neuron by the size of what it adds to the residual stream: RMS of its activation (the input of
  ``down_proj``) times the norm of its ``down_proj`` column;
- a key/value group, with its query heads, by the mean norm of what its slice of ``o_proj`` adds;
- a layer by block influence, 1 − cos(input, output) of the residual stream (Men et al. 2024, ShortGPT).

Activation-based scores after Muralidharan et al. 2024 (Minitron) and Sun et al. 2023 (Wanda).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sxl_train.data.samples import Sample, collate

if TYPE_CHECKING:
    from torch import Tensor, nn

    from sxl_train.run.decoder import Decoder, Layer


class Importance(msgspec.Struct, frozen=True):
    """Scores, larger = needed more: ``mlp[layer][neuron]``, ``groups[layer][group]``, ``layers[layer]``."""

    mlp: list[list[float]]
    groups: list[list[float]]
    layers: list[float]


def measure_importance(model: Decoder, samples: Sequence[Sample]) -> Importance:
    """Scores of ``model`` (Llama, Qwen2 or Qwen3 kind) on ``samples``, every token counted once."""
    import torch

    layers, config = model.model.layers, model.config
    groups = config.num_key_value_heads
    squares = [torch.zeros(()) for _ in layers]
    added = torch.zeros(len(layers), groups)
    influence = [0.0] * len(layers)
    tokens = sum(len(sample.ids) for sample in samples)
    handles = []

    def watch(index: int, layer: Layer) -> None:
        def before_down(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            squares[index] = squares[index].to(inputs[0].device) + inputs[0].float().square().sum(dim=(0, 1))

        def before_output(module: nn.Linear, inputs: tuple[Tensor, ...]) -> None:
            parts = inputs[0].unflatten(-1, (groups, -1))
            weight = module.weight.unflatten(1, (groups, -1))
            for group in range(groups):
                # The norm is taken of what arrives in the residual stream, so opposing heads cancel here too.
                out = parts[..., group, :] @ weight[:, group].T
                added[index, group] += float(out.float().norm(dim=-1).sum())

        def around(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor | tuple[Tensor, ...]) -> None:
            hidden = output[0] if isinstance(output, tuple) else output
            cosine = torch.nn.functional.cosine_similarity(inputs[0].float(), hidden.float(), dim=-1)
            influence[index] += float((1 - cosine).sum())

        handles.append(layer.mlp.down_proj.register_forward_pre_hook(before_down))
        handles.append(layer.self_attn.o_proj.register_forward_pre_hook(before_output))
        handles.append(layer.register_forward_hook(around))

    for index, layer in enumerate(layers):
        watch(index, layer)
    device = model.get_input_embeddings().weight.device
    try:
        with torch.no_grad():
            for sample in samples:  # one at a time: padding would count as activity
                inputs = collate([sample], device)
                model.model(input_ids=inputs["input_ids"])
    finally:
        for handle in handles:
            handle.remove()
    columns = [layer.mlp.down_proj.weight.float().norm(dim=0) for layer in layers]
    return Importance(
        [((squares[i] / tokens).sqrt() * columns[i]).tolist() for i in range(len(layers))],
        (added / tokens).tolist(),
        [influence[i] / tokens for i in range(len(layers))],
    )
