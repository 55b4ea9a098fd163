"""Requests → the tokens of their prompts. Text of a conversation never becomes a control token (`data.control`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from sxl_data.contract.errors import UserError, error
from sxl_train.data import mask
from sxl_train.generate.rows import refuse
from sxl_train.generate.types import Request, Sample

Encode = Callable[[Request], list[int]]


class Job(msgspec.Struct, frozen=True):
    """A request and the tokens of its prompt; at most ``limit`` tokens follow them."""

    request: Request
    ids: list[int]
    limit: int


def prepare(requests: Sequence[Request], encode: Encode, context: int) -> Iterator[Job | Sample]:
    """A job for each request, or its samples where nothing can be generated. Raises `UserError` U102 for repeated ids.

    ``context`` is the most tokens that the model takes.
    """
    names: set[str] = set()
    for request in requests:
        if request.id in names:
            raise error("U102", pointer="/id", found=repr(request.id), expected="an id that no other request has")
        names.add(request.id)
        if (request.messages is None) == (request.prompt is None):
            raise error("U102", pointer=f"/{request.id}", found="both or none", expected="messages or a prompt")
    for request in requests:
        try:
            ids = encode(request)
        except UserError as problem:
            if problem.findings[0].code != "T108":
                raise
            yield from refuse(request, problem.findings[0].found or "the template refuses it")
            continue
        limit = min(request.max_tokens, context - len(ids))
        if not ids or limit < 1:
            why = f"a prompt of {len(ids)} tokens, and the model takes {context}" if ids else "an empty prompt"
            yield from refuse(request, why, len(ids))
        else:
            yield Job(request, ids, limit)


def need_template(template: mask.Template | None, where: str) -> mask.Template:
    """``template``; `UserError` T108 where the model has none and a conversation is to be rendered."""
    if template is None:
        raise error(
            "T108",
            file=where,
            found="no chat template",
            expected="one in its tokenizer",
            why="a conversation is rendered by the model's own template",
            fix="give prompts in place of messages, or tune the model with tune.template=sxl",
        )
    return template


def as_dicts(values: Sequence[dict[str, object]] | None) -> list[dict[str, object]] | None:
    """A list, as templates want it, or None where there is nothing."""
    return [dict(value) for value in values] if values else None


def count_same(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with. Slices are compared, by halves: conversations are long."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
