"""Conversations in, packed training sequences out.

A trace longer than ``max_length`` is cut where a loop ends (after the results of a call, or after an answer),
never inside a call. What follows the last trained token is left off: it would cost time and teach nothing.
Packing is best fit decreasing; documents in a pack never attend to each other (`attention.py`).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import msgspec

from sxl_train.config import Tune
from sxl_train.data import mask
from sxl_train.data.conversations import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class Piece(msgspec.Struct, frozen=True):
    """Token ids, the phase of each (see `mask`), and the row they came from."""

    ids: list[int]
    phases: list[int]
    row: str


class Packed(TypedDict):
    """A packed row, as the trainer reads it; ``labels`` are −100 where nothing is trained."""

    input_ids: list[int]
    labels: list[int]
    weights: list[float]
    seq_lengths: list[int]


class Counts(msgspec.Struct):
    """What became of the rows."""

    rows: int = 0
    pieces: int = 0
    tokens: int = 0
    trained: int = 0
    reflect: int = 0
    cut: int = 0
    split: int = 0
    dropped_long: int = 0
    dropped_empty: int = 0
    unasked: int = 0
    """Trained turns that do not go on from what inference puts before them."""


def cut_rows(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerFast, template: mask.Template, tune: Tune, max_length: int
) -> tuple[list[Piece], Counts]:
    """Pieces of every row, each at most ``max_length`` tokens. Raises `UserError` T108, T110."""
    counts, pieces = Counts(), []
    splits = tune.split_on_user == "always" or (tune.split_on_user == "auto" and erases_reasoning(template))
    for row in rows:
        counts.rows += 1
        parts = split_on_user(row.messages) if splits else [(0, row.messages)]
        counts.split += len(parts) > 1
        made = []
        for first, messages in parts:
            made += _fit(row, first, messages, tokenizer, template, tune, max_length, counts)
        counts.dropped_empty += not made
        pieces += made
    counts.pieces = len(pieces)
    for piece in pieces:
        counts.tokens += len(piece.ids)
        counts.trained += sum(phase != mask.IGNORED for phase in piece.phases)
        counts.reflect += sum(phase == mask.REFLECT for phase in piece.phases)
    return pieces, counts


def find_borders(messages: Sequence[mask.Message]) -> list[int]:
    """Lengths of the prefixes that end with a whole loop: an answer, or a call and all its results."""
    borders = []
    for index, message in enumerate(messages):
        following = messages[index + 1]["role"] if index + 1 < len(messages) else ""
        ended = message["role"] == "tool" or (message["role"] == "assistant" and not message.get("tool_calls"))
        last_call = message["role"] == "assistant" and not following
        if (ended or last_call) and following != "tool":
            borders.append(index + 1)
    return borders


def split_on_user(messages: list[mask.Message]) -> list[tuple[int, list[mask.Message]]]:
    """(first trained message, messages) for each user turn that is answered."""
    users = [
        index
        for index, message in enumerate(messages[:-1])
        if message["role"] == "user" and messages[index + 1]["role"] == "assistant"
    ]
    if not users:
        return [(0, messages)]
    return [(first, messages[:end]) for first, end in zip([0, *users[1:]], [*users[1:], len(messages)])]


def erases_reasoning(template: mask.Template) -> bool:
    """Whether a later user turn makes the template drop the reasoning of an earlier one."""
    call = {"type": "function", "function": {"name": "f", "arguments": {}}}
    messages: list[mask.Message] = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "", "reasoning_content": "sxlfirst", "tool_calls": [call]},
        {"role": "tool", "content": "two", "name": "f"},
        {"role": "assistant", "content": "three", "reasoning_content": "sxlsecond"},
    ]
    later: list[mask.Message] = [{"role": "user", "content": "four"}, {"role": "assistant", "content": "five"}]
    try:
        before, after = mask.render(template, messages, None), mask.render(template, messages + later, None)
    except Exception:  # the preflight reports templates that raise, with the reason
        return False
    return "sxlfirst" in before and not ("sxlfirst" in after and "sxlsecond" in after)


def pack(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Indices grouped so that each group's lengths sum to at most ``capacity``: best fit decreasing.

    The result depends on the lengths and their order alone. O(n log n).
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    free: list[tuple[int, int]] = []
    groups: list[list[int]] = []
    for index in order:
        place = bisect_left(free, (lengths[index], -1))
        if place == len(free):
            groups.append([index])
            room, group = capacity - lengths[index], len(groups) - 1
        else:
            room, group = free.pop(place)
            groups[group].append(index)
            room -= lengths[index]
        if room > 0:
            insort(free, (room, group))
    return groups


def make_sequences(pieces: Sequence[Piece], tune: Tune, capacity: int) -> list[Packed]:
    """Packed rows for the trainer."""
    weight = {mask.IGNORED: 0.0, mask.REFLECT: tune.weight_reflect, mask.ACT: tune.weight_act}
    groups = pack([len(p.ids) for p in pieces], capacity) if tune.packing else [[i] for i in range(len(pieces))]
    sequences: list[Packed] = []
    for group in groups:
        ids: list[int] = []
        labels: list[int] = []
        weights: list[float] = []
        for piece in (pieces[i] for i in group):
            # Nothing of its own document comes before a first token.
            own = [0.0, *(weight[phase] for phase in piece.phases[1:])]
            ids += piece.ids
            labels += [i if w else -100 for i, w in zip(piece.ids, own)]
            weights += own
        lengths = [len(pieces[i].ids) for i in group]
        sequences.append({"input_ids": ids, "labels": labels, "weights": weights, "seq_lengths": lengths})
    return sequences


def _fit(
    row: Row,
    first: int,
    messages: list[mask.Message],
    tokenizer: PreTrainedTokenizerFast,
    template: mask.Template,
    tune: Tune,
    max_length: int,
    counts: Counts,
) -> list[Piece]:
    tokens = _trim(mask.tokenise(tokenizer, template, messages, row.tools, first))
    if tokens is None:
        return []
    if len(tokens.ids) <= max_length:
        counts.unasked += tokens.unasked
        return [Piece(tokens.ids, tokens.phases, row.id)]
    if tune.long == "drop":
        counts.dropped_long += 1
        return []
    counts.cut += 1
    made: list[Piece] = []
    head = next((i for i, m in enumerate(messages) if m["role"] == "assistant"), len(messages))
    while True:
        borders = [b for b in find_borders(messages) if b > first]
        best, fitting = 0, None
        low, high = 0, len(borders) - 1
        while low <= high:  # the longest prefix of whole loops that fits
            middle = (low + high) // 2
            tokens = _trim(mask.tokenise(tokenizer, template, messages[: borders[middle]], row.tools, first))
            if tokens is not None and len(tokens.ids) > max_length:
                high = middle - 1
            else:
                best, fitting, low = borders[middle], tokens, middle + 1
        if fitting is not None:
            counts.unasked += fitting.unasked
            made.append(Piece(fitting.ids, fitting.phases, row.id))
        if tune.long != "window" or first or best >= len(messages) or not borders:
            break
        # The next window starts with the task again; a loop that is too long by itself is left out.
        messages = messages[:head] + messages[best if best > head else borders[0] :]
        if not any(m["role"] == "assistant" for m in messages):
            break
    counts.dropped_long += not made
    return made


def _trim(tokens: mask.Tokens) -> mask.Tokens | None:
    """Without the untrained end; None where nothing is trained."""
    last = max((i for i, phase in enumerate(tokens.phases) if phase != mask.IGNORED), default=0)
    return mask.Tokens(tokens.ids[: last + 1], tokens.phases[: last + 1], tokens.unasked) if last else None
