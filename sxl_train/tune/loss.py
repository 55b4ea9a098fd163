"""A model's loss from hidden states, of trained positions alone, each token with its own weight.

SFTTrainer's loss knows no weights and looks for the trained positions on the GPU, which then waits for the host. Here
the collator has found them. What follows is `cross_entropy`, or on a CPU, where that is slower while all logits fit,
PyTorch's own.
"""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, cast

import torch
from torch.nn.functional import cross_entropy, linear

from sxl_train.tune.cross_entropy import CrossEntropy

if TYPE_CHECKING:
    from peft.tuners.trainable_tokens import TrainableTokensLayer
    from torch import Tensor, nn

    from sxl_train.run.decoder import Decoder

VOCABULARY = 32768
"""Columns of a chunk of TRL's function."""
MOST = 2**27
"""Logits that a CPU holds at once; beyond, they are made in chunks too."""


def add_loss(model: Decoder, by_trl: bool = False) -> None:
    """With ``loss_weights`` the forward returns ``{"loss": weighted sum, "tokens": trained tokens}``.

    The other arguments are those of `data.collate`. ``by_trl``: by its chunked function in place of ours.
    """
    plain = model.forward

    @functools.wraps(type(model).forward)
    def forward(
        self: Decoder,
        *args: object,
        labels: Tensor | None = None,
        loss_weights: Tensor | None = None,
        places: Tensor | None = None,
        **kwargs: object,
    ) -> object:
        if loss_weights is None or labels is None or places is None:
            return plain(*args, **({"labels": labels} if labels is not None else {}), **kwargs)
        kwargs.pop("num_items_in_batch", None)
        backbone = getattr(self, self.base_model_prefix)
        hidden = backbone(*args, use_cache=False, **kwargs).last_hidden_state
        states, following, weights = select_trained(hidden, labels, loss_weights, places)
        total = self.get_output_embeddings()(states, following, weights)
        return {"loss": total, "tokens": (following >= 0).sum()}

    model.forward = types.MethodType(forward, model)
    head = model.get_output_embeddings()
    project = head.forward

    # The head itself makes the loss: where weights are sharded, calling a module is what gathers them.
    @functools.wraps(project)
    def judge(
        self: nn.Module,
        states: Tensor,
        following: Tensor | None = None,
        weights: Tensor | None = None,
        **kwargs: object,
    ) -> Tensor:
        if following is None or weights is None:
            return cast("Tensor", project(states, **kwargs))
        return measure(states, self, following, weights, by_trl)

    head.forward = types.MethodType(judge, head)  # type: ignore[method-assign]


def select_trained(hidden: Tensor, labels: Tensor, weights: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Keep the positions whose next token is trained: [1, n, w], [1, n], [m] → [m, w], [m], [m].

    A place at the end is padding: behind it comes the first token, whose label is −100 and whose weight is 0.
    """
    after = (places + 1) % labels.shape[1]
    return hidden.flatten(0, 1).index_select(0, places), labels.flatten()[after], weights.flatten()[after]


def measure(states: Tensor, head: nn.Module, labels: Tensor, weights: Tensor, by_trl: bool = False) -> Tensor:
    """Σ weights · −log p of the labels in float32, of [m, width], [m], [m]; ``head`` may have trained rows (peft)."""
    inner = cast("nn.Linear", getattr(head, "original_module", head))
    rows: TrainableTokensLayer | None = getattr(head, "token_adapter", None)
    bias = getattr(inner, "bias", None)
    if states.device.type == "cuda" or states.shape[0] * inner.weight.shape[0] > MOST:
        # The weight of peft's wrapper is the table with the trained rows written in.
        if not by_trl:
            gradient = torch.is_grad_enabled()
            return cast("Tensor", CrossEntropy.apply(states, head.weight, bias, labels, weights, gradient))
        from trl.kernels.chunked_logprob import ChunkedLogProbFunction

        arguments = (labels.clamp(min=0), 1.0, VOCABULARY, None, 1.0, ())
        losses: tuple[Tensor, ...] = ChunkedLogProbFunction.apply(states, head.weight, bias, *arguments)
        return -(losses[0] * weights).sum()
    logits = linear(states, inner.weight, bias)
    if rows is not None:
        for name in rows.active_adapters:  # only their own columns get a gradient
            places = torch.as_tensor(rows.token_indices[name])
            values = cast("Tensor", rows.trainable_tokens_delta[name]).to(states.dtype)
            logits.index_copy_(1, places, linear(states, values, None if bias is None else bias[places]))
    return (cross_entropy(logits.float(), labels, reduction="none") * weights).sum()
