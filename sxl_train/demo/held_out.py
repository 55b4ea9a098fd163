"""Calls that a model should make, from tasks whose values training never saw; verdicts on those that it makes.

One question a task: what the person asks, and the tools in a short list, as training shows them. The first turn is
generated greedily, and counted where the plan of the task begins with a call.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence

import msgspec

from sxl_data import toolsets
from sxl_data.trace.messages import to_messages
from sxl_train.evaluate.calls import read_true
from sxl_train.evaluate.markup import Call, read_schemas
from sxl_train.evaluate.statistics import wilson
from sxl_train.evaluate.tool_calls import read, valid
from sxl_train.generate.types import Backend, Request

LONGEST = 96
"""Tokens of an answer at most: the longest true ones have about 70."""


class Question(msgspec.Struct, frozen=True):
    """One request and the calls that answer it."""

    request: Request
    calls: tuple[Call, ...]


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's first turns were worth. A turn is valid where it makes calls and each is one of a declared tool
    with arguments that satisfy its schema; exact where they are those of the plan, in its order."""

    turns: int
    valid: int
    exact: int
    tokens: int
    seconds: float
    answers: dict[str, str]
    """Task → what the model wrote."""

    @property
    def tokens_per_s(self) -> float:
        """Generated tokens over the whole time, prompts included."""
        return self.tokens / self.seconds if self.seconds else 0.0


def make_questions(names: Sequence[str], count: int, shown: int) -> list[Question]:
    """``count`` questions of the sets ``names`` in turn, whose plan begins with a call; ``shown`` tools in each."""
    endless = [_make(name, shown) for name in names]
    return [next(endless[place % len(endless)]) for place in range(count)]


def _make(name: str, shown: int) -> Iterator[Question]:
    toolset = toolsets.get(name)
    for number in itertools.count():
        task = toolsets.make_task(toolset, number, side="values")
        trace = toolsets.run(toolset, task, slips=0.0, shown=shown).trace
        messages, tools = to_messages(trace)
        first = next(place for place, message in enumerate(messages) if message["role"] == "assistant")
        calls = read_true(messages[first])
        if calls and len(trace.tools) <= shown:
            request = Request(
                id=task.id, messages=tuple(messages[:first]), tools=tuple(tools or ()), max_tokens=LONGEST
            )
            yield Question(request, tuple(calls))


def ask(backend: Backend, questions: Sequence[Question]) -> Score:
    """Answer all ``questions`` in batches and judge the answers."""
    began = time.perf_counter()
    answers = {sample.request: sample for sample in backend.generate([question.request for question in questions])}
    seconds = time.perf_counter() - began
    good = exact = 0
    for question in questions:
        schemas = read_schemas([dict(tool) for tool in question.request.tools or ()])
        made = read(answers[question.request.id].text, schemas).calls
        good += bool(made) and all(valid(call, schemas) for call in made)
        exact += made == question.calls
    return Score(
        turns=len(questions),
        valid=good,
        exact=exact,
        tokens=sum(sample.tokens for sample in answers.values()),
        seconds=seconds,
        answers={question.request.id: answers[question.request.id].text for question in questions},
    )


def show(part: int, whole: int) -> str:
    """``45 of 60, 75 % (63–84)``: a share with its interval of 95 %."""
    if not whole:
        return "–"
    low, high = wilson(part / whole, whole)
    return f"{part} of {whole}, {100 * part / whole:.0f} % ({100 * low:.0f}–{100 * high:.0f})"
