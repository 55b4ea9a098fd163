"""A teacher with the whole vocabulary → targets for a student whose vocabulary was trimmed.

Asked in the student's tokens the teacher is lost: it never saw text spelled so, and where a removed token
is due it bets on a wrong one. So it reads the text in its own tokens. Where both have read the same bytes, its
next-token distribution is the target, the mass of each removed token moved to the piece that the student's
spelling of it starts with. Inside a removed token the teacher has nothing to say: the token itself teaches.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sxl_train.data.samples import Sample, collate
from sxl_train.distil.cache import hash_sample
from sxl_train.recovery.teach import Targets, Teach
from sxl_train.run.objects import Object

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from sxl_train.run.decoder import Decoder


SILENT = -1e4
"""Logit of a token that has no mass, small enough for that and still a number."""


class Spelling(msgspec.Struct, frozen=True):
    """For each of the teacher's tokens its bytes, and the student's token that its spelling starts with."""

    lengths: list[int]
    first: list[int]


def spell(whole: Object, kept: Sequence[int]) -> Spelling:
    """The spelling of every token of ``whole`` (a tokenizer.json) in the ``kept`` old ids, renumbered."""
    ids: dict[str, int] = whole["model"]["vocab"]
    left = {a + b: a for a, b in reversed(whole["model"]["merges"])}
    new = {old: index for index, old in enumerate(kept)}
    size = max([*ids.values(), *(token["id"] for token in whole.get("added_tokens", []))]) + 1
    lengths, first = [0] * size, [0] * size
    for text, index in ids.items():
        lengths[index] = len(text)  # byte-level text has one character for a byte
        while ids[text] not in new and text in left:
            text = left[text]
        first[index] = new.get(ids[text], 0)
    for token in whole.get("added_tokens", []):
        lengths[token["id"]] = len(token["content"].encode())
        first[token["id"]] = new.get(token["id"], 0)
    return Spelling(lengths, first)


def align(student: Sample, teacher: Sample, spelling: Spelling, kept: Sequence[int]) -> list[tuple[int, int]]:
    """(student's position, teacher's position) of every place where both have read the same bytes."""
    ends, places = 0, {}
    for position, token in enumerate(teacher.ids):
        ends += spelling.lengths[token]
        places[ends] = position
    ends, found = 0, []
    for position, token in enumerate(student.ids):
        ends += spelling.lengths[kept[token]]
        if ends in places:
            found.append((position, places[ends]))
    return found


def teach_aligned(
    teacher: Decoder, kept: Sequence[int], spelling: Spelling, own: Sequence[Sample], students: Sequence[Sample]
) -> Teach:
    """Targets for the samples ``students``, which are the teacher's samples ``own`` spelled in ``kept``."""
    import numpy as np
    import torch

    device = teacher.get_input_embeddings().weight.device
    rows = teacher.get_input_embeddings().weight.shape[0]
    first = torch.tensor((spelling.first + [0] * rows)[:rows], device=device)
    partners = {hash_sample(new): (new, old) for old, new in zip(own, students, strict=True)}

    @functools.cache
    def places(key: int) -> NDArray[np.int32]:
        return np.array(align(*partners[key], spelling, kept), dtype=np.int32).reshape(-1, 2).T.copy()

    def teach(batch: Sequence[Sample], chosen: Tensor) -> Targets:
        keys = [hash_sample(sample) for sample in batch]
        olds = [partners[key][1] for key in keys]
        position_of = np.full(tuple(chosen.shape), -1)
        for row, key in enumerate(keys):
            here, there = places(key)
            inside = here < chosen.shape[1]
            position_of[row, here[inside]] = there[inside]
        source = torch.from_numpy(position_of).to(device)[chosen]
        aligned = (source >= 0).nonzero().squeeze(1)
        sample_of = torch.arange(len(batch), device=device)[:, None].expand(tuple(chosen.shape))[chosen][aligned]
        with torch.no_grad():
            hidden = teacher.model(input_ids=collate(olds, device)["input_ids"], use_cache=False).last_hidden_state
            shares = teacher.lm_head(hidden[sample_of, source[aligned]]).float().softmax(-1)
            folded = torch.zeros(len(shares), len(kept), device=device).index_add_(1, first, shares)
            # All mass on the token itself, where the teacher is silent: the divergence from that is cross-entropy.
            tokens = collate(batch, device)["input_ids"][:, 1:][chosen]
            targets = torch.full((len(tokens), len(kept)), SILENT, device=device).scatter_(1, tokens[:, None], 0.0)
            targets[aligned] = folded.clamp_min(1e-9).log()
        return targets

    return teach
