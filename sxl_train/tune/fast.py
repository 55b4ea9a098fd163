"""A causal language model in, the same model made faster in place; every change is tested against the plain path.

- attention inside documents (`attention.py`), so a packed batch needs no mask;
- the loss from hidden states, trained positions only (`loss.py`);
- adapters as one fused multiply-add on the frozen layer's output;
- trained token rows looked up beside the frozen embedding instead of copying the whole table in each pass;
- decoder layers compiled, where a GPU makes that pay.
"""

from __future__ import annotations

import functools
import types
from typing import Any

from sxl_train.tune.attention import use_documents
from sxl_train.tune.loss import cross_entropy, select_trained

SCALED_HEADS = ("final_logit_softcapping", "logit_scale", "logits_scaling", "output_multiplier", "lm_head_multiplier")


def can_be_fast(config: Any) -> str | None:
    """None, or why a model of this configuration must take the plain path."""
    text = config.get_text_config()
    for name in SCALED_HEADS:
        if getattr(text, name, None) not in (None, 1, 1.0):
            return f"its head has {name}"
    if getattr(text, "output_router_logits", False) or getattr(text, "num_experts", 0):
        return "it is a mixture of experts"
    kinds = set(getattr(text, "layer_types", None) or ["full_attention"])
    if kinds != {"full_attention"} or getattr(text, "use_sliding_window", False):
        return "its attention is not full and causal: " + ", ".join(sorted(kinds))
    return None


def make_fast(model: Any, compile_layers: bool, recompute: float = 0.0, upper: bool = False) -> None:
    """Change ``model`` (a `PeftModel` or a plain one) in place. Its forward then takes ``loss_weights``.

    ``upper``: only the last layers have adapters, and no gradient goes below them."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    use_documents(inner)
    for module in model.modules():
        _fuse_adapter(module)
    _add_loss(inner, _fuse_rows(inner, upper))
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


def narrow(model: Any) -> None:
    """Every trained weight to bf16: no autocast, no casts in each pass.

    Exact float32 copies live in the optimiser (`optimiser.MasterAdamW`).
    """
    import torch

    for parameter in model.parameters():
        if parameter.requires_grad and parameter.dtype == torch.float32:
            parameter.data = parameter.data.to(torch.bfloat16)


def find_layers(model: Any) -> Any:
    """The decoder layers of a causal language model."""
    return getattr(model, model.base_model_prefix).layers


def _add_loss(model: Any, rows: Any) -> None:
    """With ``loss_weights`` the forward returns ``{"loss": weighted sum, "tokens": trained tokens}``."""
    plain = model.forward

    @functools.wraps(type(model).forward)
    def forward(
        self: Any, *args: Any, labels: Any = None, loss_weights: Any = None, places: Any = None, **kwargs: Any
    ) -> Any:
        if loss_weights is None:
            return plain(*args, **({"labels": labels} if labels is not None else {}), **kwargs)
        kwargs.pop("num_items_in_batch", None)
        backbone = getattr(self, self.base_model_prefix)
        hidden = backbone(*args, use_cache=False, **kwargs).last_hidden_state
        states, following, weights = select_trained(hidden, labels, loss_weights, places)
        loss = self.get_output_embeddings()(states, following, weights)
        return {"loss": loss, "tokens": following.numel()}

    model.forward = types.MethodType(forward, model)
    head = model.get_output_embeddings()
    project = head.forward

    # The head itself makes the loss: where weights are sharded, calling a module is what gathers them.
    @functools.wraps(project)
    def judge(self: Any, states: Any, following: Any = None, weights: Any = None, **kwargs: Any) -> Any:
        if following is None:
            return project(states, **kwargs)
        bias = getattr(getattr(self, "original_module", self), "bias", None)
        if rows is not None:
            return cross_entropy(states, rows.table, following, weights, bias, rows.places, rows.values())
        return cross_entropy(states, self.weight, following, weights, bias)

    head.forward = types.MethodType(judge, head)


def _fuse_adapter(module: Any) -> None:
    """Let a plain LoRA layer compute y = Wx + s·B(Ax) with the sum made inside the second multiplication.

    The class is changed and not the forward of each layer, so that one compiled graph serves all layers.
    """
    from peft.tuners.lora import Linear

    if type(module) is not Linear or module.lora_variant or len(module.lora_A) != 1:
        return
    (dropout,) = module.lora_dropout.values()
    if type(dropout).__name__ == "Identity" and type(module.base_layer).__name__ == "Linear":
        module.__class__ = _fused_class()


@functools.cache
def _fused_class() -> type:
    import torch
    from peft.tuners.lora import Linear

    class FusedLinear(Linear):  # type: ignore[misc]
        def forward(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
            base = self.base_layer(x)
            if self.disable_adapters or self.merged:
                return base
            (name,) = self.lora_A.keys()
            down, up = self.lora_A[name].weight.to(base.dtype), self.lora_B[name].weight.to(base.dtype)
            low = torch.nn.functional.linear(x.to(base.dtype), down) * self.scaling[name]
            summed = torch.addmm(base.flatten(0, -2), low.flatten(0, -2), up.t())
            return summed.view(base.shape)

    return FusedLinear


class Rows:
    """Trained rows of a frozen token table."""

    def __init__(self, adapter: Any) -> None:
        import torch

        self.adapter = adapter
        (self.name,) = adapter.trainable_tokens_delta
        self.places = torch.as_tensor(adapter.token_indices[self.name], device=self.table.device)
        self.slots = torch.full((self.table.shape[0],), -1, device=self.table.device)
        self.slots[self.places] = torch.arange(len(self.places), device=self.table.device)

    @property
    def table(self) -> Any:
        """The frozen table; looked up each time, because sharding puts another tensor in its place."""
        return self.adapter.base_layer.weight

    def values(self) -> Any:
        """The rows as a parameter: [rows, width]."""
        return self.adapter.trainable_tokens_delta[self.name]


def _fuse_rows(model: Any, upper: bool) -> Rows | None:
    """Let the embedding look its trained rows up; the trained rows of the head, its own or the embedding's. With
    ``upper`` the head alone teaches them: a gradient through the lookup would need a backward pass of all layers."""
    adapter = _find_rows(model.get_input_embeddings())
    if adapter is None:
        return None
    import torch

    rows = Rows(adapter)

    def forward(self: Any, ids: Any, *args: Any, **kwargs: Any) -> Any:
        frozen = torch.nn.functional.embedding(ids, rows.table)
        slots = rows.slots[ids]
        values = rows.values().detach() if upper else rows.values()
        own = torch.nn.functional.embedding(slots.clamp(min=0), values)
        return torch.where((slots >= 0)[..., None], own.to(frozen.dtype), frozen)

    adapter.forward = types.MethodType(forward, adapter)
    head = _find_rows(model.get_output_embeddings())
    if head is None:
        return None
    return rows if head.tied_adapter is adapter else Rows(head)


def _find_rows(module: Any) -> Any:
    from peft.tuners.trainable_tokens import TrainableTokensLayer

    adapter = getattr(module, "token_adapter", None)
    whole = isinstance(adapter, TrainableTokensLayer) and (adapter.tied_adapter or adapter)
    return adapter if whole and len(whole.trainable_tokens_delta) == 1 else None
