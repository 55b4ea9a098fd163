"""What every model of a run is: a decoder of transformers, its layers and its output head apart.

For annotations alone: transformers declares neither, so a checker would take both for tensors. Nothing is defined, and
nothing of torch is imported, when a program runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor, nn
    from transformers import PretrainedConfig, PreTrainedModel
    from transformers.cache_utils import Cache
    from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast

    class Attention(nn.Module):
        """Attention of a layer."""

        q_proj: nn.Linear
        o_proj: nn.Linear

    class Mlp(nn.Module):
        """Gated MLP of a layer."""

        down_proj: nn.Linear

    class Layer(nn.Module):
        """One layer."""

        self_attn: Attention
        mlp: Mlp

    class Hidden(BaseModelOutputWithPast):
        """What the last layer gives, [rows, tokens, width]."""

        last_hidden_state: Tensor  # type: ignore[assignment]

    class Said(CausalLMOutputWithPast):
        """What the head gives, [rows, tokens, vocabulary]."""

        logits: Tensor  # type: ignore[assignment]
        loss: Tensor  # type: ignore[assignment]

    class Layers(nn.Module):
        """The decoder without its head."""

        layers: Sequence[Layer]

        def __call__(
            self, *, input_ids: Tensor, attention_mask: Tensor | None = None, use_cache: bool = False
        ) -> Hidden: ...

    class Decoder(PreTrainedModel):
        """A causal language model."""

        config: PretrainedConfig
        model: Layers
        lm_head: nn.Linear
        device: torch.device

        def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> Decoder: ...  # type: ignore[override]
        def get_input_embeddings(self) -> nn.Embedding: ...
        def get_output_embeddings(self) -> nn.Linear: ...
        def __call__(
            self,
            *,
            input_ids: Tensor | None = None,
            inputs_embeds: Tensor | None = None,
            attention_mask: Tensor | None = None,
            labels: Tensor | None = None,
            position_ids: Tensor | None = None,
            past_key_values: Cache | None = None,
            logits_to_keep: int | Tensor = 0,
            use_cache: bool = False,
        ) -> Said: ...
