"""A teacher's targets for the trained tokens of a batch, and how far a student is from them.

Targets are logits over the student's whole vocabulary, or the teacher's top tokens with their log-probabilities,
which is what fits into a file (`sxl_train.distil.cache`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from sxl_data.contract.errors import error
from sxl_train.data.samples import Sample, collate

if TYPE_CHECKING:
    from torch import Tensor

    from sxl_train.run.decoder import Decoder

Targets: TypeAlias = "Tensor | tuple[Tensor, Tensor]"
Teach: TypeAlias = "Callable[[Sequence[Sample], Tensor], Targets]"
"""(batch, mask of trained positions) → teacher's targets, rows in the order of the trained tokens."""


def measure_divergence(logits: Tensor, target: Targets) -> Tensor:
    """KL(teacher ‖ student), mean over rows.

    ``target`` is a dense matrix of teacher logits, or (ids, log-probabilities) of its top tokens: the rest of both
    distributions is then compared as one lump, so that the student cannot hide mass there.
    """
    import torch

    own = torch.log_softmax(logits, dim=-1)
    if not isinstance(target, tuple):
        wanted = torch.log_softmax(target.float(), dim=-1)
        return (wanted.exp() * (wanted - own)).sum(-1).mean()
    ids, wanted = target
    picked = own.gather(-1, ids)
    total = (wanted.exp() * (wanted - picked)).sum(-1)
    rest_wanted = (1 - wanted.exp().sum(-1)).clamp_min(1e-6)
    rest_own = (1 - picked.exp().sum(-1)).clamp_min(1e-6)
    return (total + rest_wanted * (rest_wanted.log() - rest_own.log())).mean()


def teach_live(teacher: Decoder, vocabulary: int, kept: Sequence[int] | None = None, top: int = 0) -> Teach:
    """Targets from a teacher in memory; ``kept`` gives its id of each of the student's tokens.

    Raises `UserError` T505 where the vocabularies cannot be matched.
    """
    import torch

    rows = teacher.get_input_embeddings().weight.shape[0]
    if (kept is None and rows != vocabulary) or (kept is not None and max(kept) >= rows):
        raise error("T505", found=f"{rows} tokens", expected=f"{vocabulary} tokens")
    device = teacher.get_input_embeddings().weight.device
    picked = None if kept is None else torch.tensor(list(kept), device=device)

    def teach(batch: Sequence[Sample], chosen: Tensor) -> Targets:
        ids = collate(batch, device)["input_ids"]
        with torch.no_grad():
            known = ids if picked is None else picked[ids]
            hidden = teacher.model(input_ids=known, use_cache=False).last_hidden_state[:, :-1]
            logits = teacher.lm_head(hidden[chosen]).float()
            logits = logits if picked is None else logits[:, picked]
            return pick_top(logits, top) if top and top < logits.shape[-1] else logits

    return teach


def pick_top(logits: Tensor, top: int) -> tuple[Tensor, Tensor]:
    """(ids, log-probabilities) of the ``top`` tokens of each row, normalised over the whole vocabulary."""
    import torch

    best = logits.topk(top, dim=-1)
    return best.indices, best.values - torch.logsumexp(logits, dim=-1, keepdim=True)
