"""What suites of one turn with tools share: ask, read the calls in three ways, judge them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import msgspec

from sxl_train.answers.markup import Call, read_schemas
from sxl_train.answers.tool_calls import valid
from sxl_train.generate.types import Message, Request, Sample, Tool
from sxl_train.suites import ways
from sxl_train.suites.types import Asker, Options, Outcome

Judge = Callable[[Sequence[Call | None]], str]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One turn to answer."""

    id: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    judge: Judge
    """Calls → why they are wrong, empty where they are right."""
    wanted: str = ""
    """The right calls, as JSON, for people."""
    group: str = ""


def measure(suite: str, questions: Sequence[Question], ask: Asker, options: Options) -> list[Outcome]:
    """Ask every question and judge what is called: as generated, after repairs, and constrained where that is on."""
    free = ask([_request(suite, question, options, "") for question in questions])
    held: Sequence[Sequence[Sample]] = [[]] * len(questions)
    if options.constrained:
        held = ask([_request(suite, question, options, ways.HELD) for question in questions])
    return [
        _outcome(suite, question, sample, next(iter(other), None))
        for question, samples, other in zip(questions, free, held)
        for sample in samples[:1]
    ]


def _request(suite: str, question: Question, options: Options, way: str) -> Request:
    id = f"{suite}:{question.id}" + ("#constrained" if way == ways.HELD else "")
    return ways.request(id, question.messages, question.tools, options, way)


def _outcome(suite: str, question: Question, sample: Sample, held: Sample | None) -> Outcome:
    schemas = read_schemas([dict(tool) for tool in question.tools])
    texts = {"": sample.text, ways.REPAIRED: sample.text} | ({} if held is None else {ways.HELD: held.text})
    made = {way: ways.READERS[way](text, schemas) for way, text in texts.items()}
    scores: dict[str, float] = {}
    counts: dict[str, tuple[int, int]] = {}
    reasons: dict[str, str] = {}
    for way, found in made.items():
        reasons[way] = question.judge(found.calls)
        scores["right" + way] = float(not reasons[way])
        counts |= ways.count(way, found.calls, sum(valid(call, schemas) for call in found.calls))
    return Outcome(
        suite=suite,
        item=question.id,
        group=question.group,
        scores=scores,
        counts=counts,
        kind="nothing was generated" if sample.error else _kind(reasons[""], len(made[""].calls)),
        detail=sample.error or reasons[""],
        request=json.dumps(list(question.messages), ensure_ascii=False),
        text=sample.text,
        wanted=question.wanted,
        finish=sample.finish,
        prompt_tokens=sample.prompt_tokens,
        tokens=sample.tokens,
    )


def _kind(reason: str, calls: int) -> str:
    if not reason:
        return ""
    for mark, kind in _KINDS:
        if mark in reason:
            return kind
    return "no call" if not calls else "wrong arguments"


_KINDS = (
    ("where none fits", "a call where none fits"),
    ("no call where one fits", "no call where one fits"),
    ("does not parse", "a call does not parse"),
    ("0 calls where", "no call"),
    ("calls where", "another number of calls"),
    (", not ", "wrong value or function"),
)
