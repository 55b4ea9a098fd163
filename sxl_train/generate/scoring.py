"""Contexts and continuations in, likelihoods out, for a transformers model.

A pair is encoded as one text and divided where the context's own tokens end, as lm-evaluation-harness does. Equal
prefixes are computed once: pairs whose continuation is one token share their whole context.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sxl_train.generate.types import Score

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from sxl_train.run.decoder import Decoder

PAIRS = 64
"""Sequences that are read at a time."""


def score(
    model: Decoder, tokenizer: PreTrainedTokenizerFast, pairs: Sequence[tuple[str, str]], chunk: int, context: int
) -> list[Score]:
    """One score for each pair; a pair that is longer than ``context`` loses its first tokens."""
    import torch

    encoded = [divide(tokenizer, *pair) for pair in pairs]
    readings: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for at, (head, tail) in enumerate(encoded):
        readings[tuple((head + tail)[:-1][-context:])].append(at)
    found: list[Score | None] = [None] * len(pairs)
    order = sorted(readings)
    while order:
        some: list[tuple[int, ...]] = []
        while order and len(some) < PAIRS and (not some or (len(some) + 1) * len(order[-1]) <= 2 * chunk):
            some.append(order.pop())
        with torch.inference_mode():
            _score(model, some, readings, encoded, found)
    return [item for item in found if item is not None]


def _score(
    model: Decoder,
    some: Sequence[tuple[int, ...]],
    readings: dict[tuple[int, ...], list[int]],
    encoded: Sequence[tuple[list[int], list[int]]],
    found: list[Score | None],
) -> None:
    import torch

    from sxl_train.generate.batch import prefill

    def begin(reading: tuple[int, ...], at: int) -> int:
        """The place whose logits say the first token of the continuation."""
        return max(len(reading) - len(encoded[at][1]), 0)

    places = sorted({p for r in some for at in readings[r] for p in range(begin(r, at), len(r))})
    _, _, logits = prefill(model, some, places)
    for row, reading in enumerate(some):
        for at in readings[reading]:
            wanted = torch.tensor(encoded[at][1][-len(reading) :], device=logits.device)
            first = places.index(begin(reading, at))
            chances = logits[row, first : first + len(wanted)].float().log_softmax(dim=-1)
            each = chances.gather(1, wanted[:, None])[:, 0]
            greedy = bool((chances.argmax(dim=-1) == wanted).all())
            found[at] = Score(logprob=float(each.double().sum()), tokens=len(encoded[at][1]), greedy=greedy)


def divide(tokenizer: PreTrainedTokenizerFast, context: str, continuation: str) -> tuple[list[int], list[int]]:
    """(tokens of the context, tokens of the continuation), at least one each.

    Spaces at the context's end belong to the continuation: a token holds the space before a word.
    """
    spaces = len(context) - len(context.rstrip())
    if spaces:
        context, continuation = context[:-spaces], context[-spaces:] + continuation
    head: list[int] = tokenizer(context)["input_ids"]
    whole: list[int] = tokenizer(context + continuation)["input_ids"]
    if not head:
        first = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
        head, whole = [first], [first, *whole]
    return whole[: len(head)], whole[len(head) :]
