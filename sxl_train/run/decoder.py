"""What every model of a run is: a decoder of transformers with its layers and its output head apart.

For annotations alone, and nothing of torch is imported when a program runs. Llama's classes stand for all of them, as
Qwen's, Mistral's and Gemma's have the same parts by the same names; what is repeated here transformers leaves open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import LlamaForCausalLM, PretrainedConfig
    from transformers.models.llama.modeling_llama import LlamaDecoderLayer as Layer

    __all__ = ["Decoder", "Layer"]

    class Decoder(LlamaForCausalLM):
        """A causal language model."""

        config: PretrainedConfig  # type: ignore[assignment]
        device: torch.device

        def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> Decoder: ...  # type: ignore[override]
        def get_input_embeddings(self) -> nn.Embedding: ...
        def get_output_embeddings(self) -> nn.Linear: ...
