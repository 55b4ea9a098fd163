"""What suites of one turn with tools share: ask, read the calls in three ways, judge them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import msgspec

from sxl_train.answers.markup import Call, read_schemas
from sxl_train.answers.tool_calls import read, repaired, valid
from sxl_train.generate.types import Message, Request, Sample, Tool
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
    free = ask([_request(suite, question, options, False) for question in questions])
    held = ask([_request(suite, q, options, True) for q in questions]) if options.constrained else [[]] * len(questions)
    return [
        _outcome(suite, question, sample, next(iter(other), None))
        for question, samples, other in zip(questions, free, held)
        for sample in samples[:1]
    ]


def _request(suite: str, question: Question, options: Options, constrained: bool) -> Request:
    return Request(
        id=f"{suite}:{question.id}" + ("#constrained" if constrained else ""),
        messages=question.messages,
        tools=question.tools,
        max_tokens=options.max_tokens,
        temperature=options.temperature,
        top_p=options.top_p if options.temperature else 1.0,
        seed=options.seed,
        constrained=constrained,
    )


def _outcome(suite: str, question: Question, sample: Sample, held: Sample | None) -> Outcome:
    schemas = read_schemas([dict(tool) for tool in question.tools])
    ways = {"": read(sample.text, schemas), ", repaired": repaired(sample.text, schemas)}
    if held is not None:
        ways[", constrained"] = read(held.text, schemas)
    scores: dict[str, float] = {}
    counts: dict[str, tuple[int, int]] = {}
    reasons: dict[str, str] = {}
    for way, found in ways.items():
        reasons[way] = question.judge(found.calls)
        scores["right" + way] = float(not reasons[way])
        counts["calls parse" + way] = (sum(call is not None for call in found.calls), len(found.calls))
        counts["calls valid" + way] = (sum(valid(call, schemas) for call in found.calls), len(found.calls))
    return Outcome(
        suite=suite,
        item=question.id,
        group=question.group,
        scores=scores,
        counts=counts,
        kind="nothing was generated" if sample.error else _kind(reasons[""], len(ways[""].calls)),
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
