"""A dataset split and a model folder → token sequences with their trained tokens, and the loss on them.

What calibration, distillation and the ranking of pruning axes share: the same rendering and the same mask
as training (`sxl_train.data.mask`), so that a loss here is the loss that training reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from sxl_data.contract.console import Progress
from sxl_data.contract.errors import error
from sxl_train.data import dataset as data
from sxl_train.data import mask
from sxl_train.data.conversations import Row

if TYPE_CHECKING:
    from torch import Tensor, device
    from transformers import PreTrainedTokenizerFast

    from sxl_train.run.decoder import Decoder


class Sample(msgspec.Struct, frozen=True):
    """One conversation: token ids, 1 where a token is trained, and the UTF-8 bytes of the trained text."""

    ids: list[int]
    trained: list[int]
    trained_bytes: int


class Loss(msgspec.Struct, frozen=True):
    """Mean cross-entropy in nats per trained token; per byte it compares across vocabularies."""

    per_token: float
    per_byte: float
    tokens: int


def read_samples(
    dataset: str, split: str, tokenizer: PreTrainedTokenizerFast, limit: int, max_length: int
) -> list[Sample]:
    """Conversations of ``split`` that have a trained token in ``max_length``, of at most ``limit`` spread over it."""
    return to_samples(data.read_rows(data.find_dataset(dataset), split, limit), split, tokenizer, max_length)


def to_samples(rows: Sequence[Row], split: str, tokenizer: PreTrainedTokenizerFast, max_length: int) -> list[Sample]:
    """The ``rows`` of ``split`` that have a trained token in ``max_length``."""
    if not tokenizer.chat_template:
        raise error("T108", found="no chat template beside the tokenizer", expected="that of the tuning")
    template = tokenizer.chat_template
    made = []
    with Progress(split, len(rows)) as progress:
        for row in rows:
            tokens = mask.tokenise(tokenizer, template, row.messages, row.tools)
            made.append(to_sample(tokenizer, tokens, max_length))
            progress.advance()
    return [sample for sample in made if any(sample.trained[1:])]


def read_unseen(
    dataset: str, tokenizer: PreTrainedTokenizerFast, limit: int, max_length: int, judged: int
) -> list[Sample]:
    """At most ``limit`` samples to set something by that nothing was trained on: of the validation split, spread over
    it, and none of the ``judged`` rows that evaluation reports on. Training rows where that leaves too few."""
    both = data.read_several(data.find_dataset(dataset), "validation", (judged, judged + limit))
    reported, others = (to_samples(rows, "validation", tokenizer, max_length) for rows in both)
    aside = {tuple(sample.ids) for sample in reported}
    left = [sample for sample in others if tuple(sample.ids) not in aside]
    found = left[:: max(1, len(left) // limit)][:limit]
    if len(found) < limit:
        found += read_samples(dataset, "train", tokenizer, limit - len(found), max_length)
    return found


def to_sample(tokenizer: PreTrainedTokenizerFast, tokens: mask.Tokens, max_length: int) -> Sample:
    """Cut to ``max_length`` and count the bytes that the trained tokens stand for."""
    ids, phases = tokens.ids[:max_length], tokens.phases[:max_length]
    trained = [int(phase != mask.IGNORED) for phase in phases]
    text = str(tokenizer.decode([i for i, t in zip(ids, trained) if t], skip_special_tokens=False))
    return Sample(ids, trained, len(text.encode("utf-8", "replace")))


def collate(samples: Sequence[Sample], place: str | device = "cpu") -> dict[str, Tensor]:
    """``input_ids``, ``attention_mask`` and ``labels`` (−100 where not trained), padded on the right."""
    import numpy as np
    import torch

    shape = (len(samples), max(len(sample.ids) for sample in samples))
    ids, attention, labels = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.full(shape, -100)
    for row, sample in enumerate(samples):
        length = len(sample.ids)
        ids[row, :length], attention[row, :length] = sample.ids, 1
        labels[row, :length] = np.where(sample.trained, ids[row, :length], -100)
    arrays = {"input_ids": ids, "attention_mask": attention, "labels": labels}
    return {name: torch.from_numpy(array).to(place) for name, array in arrays.items()}


def make_batches(samples: Iterable[Sample], tokens: int = 4096) -> Iterator[list[Sample]]:
    """Samples of similar length together, at most ``tokens`` padded tokens in a batch."""
    batch: list[Sample] = []
    for sample in sorted(samples, key=lambda item: len(item.ids)):
        if batch and len(sample.ids) * (len(batch) + 1) > tokens:
            yield batch
            batch = []
        batch.append(sample)
    if batch:
        yield batch


def measure_loss(model: Decoder, samples: Sequence[Sample], tokens: int = 4096) -> Loss:
    """Cross-entropy of ``model`` on the trained tokens of ``samples``."""
    import torch

    total, count = 0.0, 0
    device = model.get_input_embeddings().weight.device
    for batch in make_batches(samples, tokens):
        inputs = collate(batch, device)
        labels = inputs["labels"][:, 1:]
        with torch.no_grad():
            read = model.model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
            hidden = read.last_hidden_state[:, :-1]
            chosen = labels != -100
            logits = model.lm_head(hidden[chosen]).float()
            total += torch.nn.functional.cross_entropy(logits, labels[chosen], reduction="sum").item()
        count += int(chosen.sum())
    length = sum(sample.trained_bytes for sample in samples)
    return Loss(total / max(count, 1), total / max(length, 1), count)
