"""Packed documents that never see each other, without a mask.

Queries, keys and values of a packed sequence and the documents' borders in; attention inside each document out. The
usual way is a block mask of L×L entries, which turns flash attention off. torch has variable-length flash attention
of its own (`torch.nn.attention.varlen`) and transformers takes any function through `AttentionInterface`, so a GPU
needs no further wheel; a CPU loops over the documents, each a plain causal call. Layers that see a window of so many
tokens alone (Gemma's) are given it by transformers. 4.3 × SFTTrainer's default for packed
rows (Qwen2.5-0.5B's shape, one H200). Plain twin: ``tune.fast=false``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

NAME = "sxl_documents"


def use_documents(model: PreTrainedModel) -> None:
    """Let ``model`` attend inside documents; its forward then needs ``cu_seq_lens_q`` and ``max_length_q``."""
    import torch
    from transformers import AttentionInterface

    if torch.cuda.is_available():
        VARLEN[:] = [_find_varlen()]
    # No mask function of this name exists, so transformers builds no mask at all.
    AttentionInterface.register(NAME, attend)
    model.set_attn_implementation(NAME)


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor,
    scaling: float | None = None,
    dropout: float = 0.0,
    cu_seq_lens_q: Tensor | None = None,
    max_length_q: int = 0,
    sliding_window: int | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """[1, heads, tokens, size] each → [1, tokens, heads, size]; borders as int32 offsets from 0 to tokens.

    Tokens behind the last border belong to no document and get zeros.
    """
    assert attention_mask is None and cu_seq_lens_q is not None, "documents' borders are missing"
    assert query.shape[0] == 1 and not dropout, "packed sequences come flattened"
    if query.device.type == "cuda":
        return attend_varlen(query, key, value, cu_seq_lens_q, max_length_q, scaling, sliding_window), None
    return attend_each(query, key, value, cu_seq_lens_q, scaling, sliding_window), None


def attend_each(
    query: Tensor, key: Tensor, value: Tensor, borders: Tensor, scaling: float | None, window: int | None = None
) -> Tensor:
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    lengths = borders.diff().tolist()
    grouped = query.shape[1] != key.shape[1]
    # Split and not sliced: the gradient of each slice would be as long as the whole line.
    documents = zip(*(x.split(lengths, dim=2) for x in (query, key, value)), strict=True)
    parts = []
    for q, k, v in documents:
        length, near = q.shape[2], None
        if window is not None and length > window:
            near = torch.ones(length, length, dtype=torch.bool, device=q.device).tril().triu(1 - window)
        if length:
            parts.append(
                scaled_dot_product_attention(
                    q, k, v, attn_mask=near, is_causal=near is None, scale=scaling, enable_gqa=grouped
                )
            )
    return torch.cat(parts, dim=2).transpose(1, 2)


class Varlen(Protocol):
    """torch's attention inside documents: queries, keys, values, borders and longest of each side."""

    def __call__(
        self, q: Tensor, k: Tensor, v: Tensor, cu_q: Tensor, cu_k: Tensor, max_q: int, max_k: int, /, **options: object
    ) -> Tensor: ...


VARLEN: list[tuple[Varlen, dict[str, object]]] = []
"""torch's function and its options, found before anything is compiled."""


def attend_varlen(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    borders: Tensor,
    longest: int,
    scaling: float | None,
    window: int | None = None,
) -> Tensor:
    import torch

    varlen, options = VARLEN[0]
    if window is not None:
        options = options | {"window_size": (window - 1, 0)}
    heads, groups = query.shape[1], key.shape[1]
    query, key, value = (x[0].transpose(0, 1) for x in (query, key, value))
    if heads != groups and "enable_gqa" not in options:
        # torch below 2.12: its kernel takes grouped heads, its checks do not.
        key, value = (x.repeat_interleave(heads // groups, dim=1) for x in (key, value))
    if scaling is not None and abs(scaling - query.shape[-1] ** -0.5) > 1e-9:
        query = query * (scaling * query.shape[-1] ** 0.5)
    kind = query.dtype
    if kind == torch.float32:  # norms of queries and keys may leave autocast in float32; the kernel takes 16 bits
        query, key, value = (x.to(torch.bfloat16) for x in (query, key, value))
    return varlen(query, key, value, borders, borders, longest, longest, **options)[None].to(kind)


def knows_windows() -> bool:
    """Whether layers can be held to a window here: torch's kernel takes one from 2.11 on."""
    import inspect

    import torch

    if not torch.cuda.is_available():
        return True
    from torch.nn.attention.varlen import varlen_attn

    return "window_size" in inspect.signature(varlen_attn).parameters


def _find_varlen() -> tuple[Varlen, dict[str, object]]:
    """torch's function and how this version spells causal and grouped."""
    import inspect

    from torch.nn.attention.varlen import varlen_attn

    known = inspect.signature(varlen_attn).parameters
    options: dict[str, object] = {"window_size": (-1, 0)} if "window_size" in known else {"is_causal": True}
    return cast("Varlen", varlen_attn), options | ({"enable_gqa": True} if "enable_gqa" in known else {})
