"""The demonstration's measure: calls that a model should make in tasks whose values training never saw.

One question a task: what the person asks, and the tools in a short list, as training shows them. The first turn is
generated greedily, and asked only where the plan of the task begins with a call.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import msgspec

from sxl_data import toolsets
from sxl_data.trace.messages import to_messages
from sxl_train.answers.calls import read_true
from sxl_train.answers.markup import Call, read_schemas
from sxl_train.answers.tool_calls import read, valid
from sxl_train.generate.types import Request, Sample
from sxl_train.suites.types import Asker, Options, Outcome, Suite, spread

NAME = "demo-calls"
SETS, SHOWN, COUNT = ("home",), 3, 60
"""The tool sets of the data recipe `demo-agent`, how many tools are declared at a time, and how many questions."""
LONGEST = 96
"""Tokens of an answer at most: the longest true ones have about 70."""
VALID, EXACT = "valid calls", "exact calls"


class Question(msgspec.Struct, frozen=True):
    """One request and the calls that answer it."""

    request: Request
    calls: tuple[Call, ...]


def make_questions(names: Sequence[str] = SETS, count: int = COUNT, shown: int = SHOWN) -> list[Question]:
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


def measure(ask: Asker, options: Options) -> list[Outcome]:
    """The outcomes of `COUNT` questions, or of ``options.limit`` of them."""
    questions = spread(make_questions(), options.limit)
    answers = ask([question.request for question in questions])
    return [judge(question, sample) for question, (sample,) in zip(questions, answers)]


def judge(question: Question, sample: Sample) -> Outcome:
    """Valid: it makes calls, each of a declared tool with arguments that satisfy its schema. Exact: they are those of
    the plan, in its order."""
    schemas = read_schemas([dict(tool) for tool in question.request.tools or ()])
    made = read(sample.text, schemas).calls
    good = bool(made) and all(valid(call, schemas) for call in made)
    exact = made == question.calls
    return Outcome(
        suite=NAME,
        item=question.request.id,
        scores={VALID: float(good), EXACT: float(exact)},
        kind="" if exact else "other calls" if good else "calls that are not valid" if made else "no call",
        request=msgspec.json.encode(question.request).decode(),
        text=sample.text,
        wanted=msgspec.json.encode(question.calls).decode(),
        finish=sample.finish,
        prompt_tokens=sample.prompt_tokens,
        tokens=sample.tokens,
    )


SUITES = (
    Suite(
        name=NAME,
        title="First turns of held-out tasks of the closed tool set home",
        protocol=(
            f"greedy, {SHOWN} tools declared, values that training never saw; valid = every call is of a declared tool "
            "and satisfies its schema, exact = the calls of the plan in its order"
        ),
        measure=measure,
        main=VALID,
    ),
)
