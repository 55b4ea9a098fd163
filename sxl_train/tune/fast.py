"""A causal language model in, the same model made faster in place; every change is tested against the plain path.

- attention inside documents (`attention.py`), so a packed batch needs no mask;
- the loss of trained positions only (`loss.py`);
- decoder layers compiled, where a GPU makes that pay (`tune.compile`).

What was tried and won too little, so that the libraries' own is used, is listed in `sxl_train.tune`.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from sxl_train.config import Tune
from sxl_train.tune.attention import knows_windows, use_documents
from sxl_train.tune.loss import add_loss

if TYPE_CHECKING:
    from peft import PeftModel
    from peft.tuners.trainable_tokens import TrainableTokensLayer
    from torch import Tensor, nn
    from transformers import PretrainedConfig

    from sxl_train.run.decoder import Decoder, Layer

SCALED_HEADS = ("final_logit_softcapping", "logit_scale", "logits_scaling", "output_multiplier", "lm_head_multiplier")

WINDOWED = ("gemma3_text",)
"""Models some of whose layers see a window alone, and whose attention has nothing else that ours lacks."""


def can_be_fast(config: PretrainedConfig) -> str | None:
    """None, or why a model of this configuration must take the plain path."""
    text = config.get_text_config()
    for name in SCALED_HEADS:
        if getattr(text, name, None) not in (None, 1, 1.0):
            return f"its head has {name}"
    if getattr(text, "output_router_logits", False) or getattr(text, "num_experts", 0):
        return "it is a mixture of experts"
    kinds = set(getattr(text, "layer_types", None) or ["full_attention"])
    if text.model_type in WINDOWED and not getattr(text, "use_bidirectional_attention", False) and knows_windows():
        kinds.discard("sliding_attention")
    if kinds - {"full_attention"} or getattr(text, "use_sliding_window", False):
        return "its attention is not full and causal: " + ", ".join(sorted(kinds))
    return None


def find_plain_reason(config: PretrainedConfig, tune: Tune) -> str | None:
    """Why a model takes SFTTrainer's own path, or None where it can be made fast."""
    return can_be_fast(config) if tune.fast else "tune.fast is off"


def make_fast(
    model: Decoder | PeftModel, compile_layers: bool, recompute: float = 0.0, upper: bool = False, by_trl: bool = False
) -> None:
    """Change ``model`` (a `PeftModel` or a plain one) in place. Its forward then takes ``loss_weights``.

    ``upper``: only the last layers have adapters; trained token rows then learn from the head alone, since a gradient
    through the lookup would need a backward pass of all layers. ``by_trl``: its loss in place of ours."""
    from peft import PeftModel
    from peft.tuners.trainable_tokens import TrainableTokensLayer

    inner = cast("Decoder", model.get_base_model() if isinstance(model, PeftModel) else model)
    use_documents(inner)
    if upper:
        inner.get_input_embeddings().register_forward_hook(lambda module, given, made: made.detach())
    for module in model.modules():
        if isinstance(module, TrainableTokensLayer):
            keep_places(module)
    add_loss(inner, by_trl)
    if compile_layers:
        import torch
        import torch._functorch.config

        torch._functorch.config.activation_memory_budget = 1.0 - recompute
        # Where processes hold copies, dynamo would cut each layer into pieces so that gradients travel early; a layer
        # is a piece already, and cut further it loses its fusions.
        torch._dynamo.config.optimize_ddp = False
        torch._dynamo.config.cache_size_limit = max(64, torch._dynamo.config.cache_size_limit)
        for layer in find_layers(inner):
            layer.forward = torch.compile(layer.forward, dynamic=False)


def keep_places(layer: TrainableTokensLayer) -> None:
    """Let peft's layer of trained token rows find their places where it computes: it would send them there in each
    pass, which makes the host wait and cannot be recorded (`graphs.py`)."""
    import torch

    device = cast("Tensor", layer.base_layer.weight).device
    places = {name: torch.as_tensor(indices, device=device) for name, indices in layer.token_indices.items()}

    def merge(self: TrainableTokensLayer, names: Sequence[str]) -> Tensor:
        table = cast("Tensor", self.base_layer.weight)
        for name in names:
            rows = cast("Tensor", self.trainable_tokens_delta[name])
            table = table.index_copy(0, places[name], rows.to(table))
        return table

    layer.get_merged_weights = types.MethodType(merge, layer)  # type: ignore[method-assign]


def narrow(model: nn.Module) -> None:
    """Every trained weight to bf16: no autocast, no casts in each pass.

    Exact float32 copies live in the optimiser (`optimiser.MasterAdamW`).
    """
    import torch

    for parameter in model.parameters():
        if parameter.requires_grad and parameter.dtype == torch.float32:
            parameter.data = parameter.data.to(torch.bfloat16)


def find_layers(model: Decoder) -> Sequence[Layer]:
    """The decoder layers of a causal language model."""
    return cast("Sequence[Layer]", getattr(model, model.base_model_prefix).layers)
