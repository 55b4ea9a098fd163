"""What suites of programming problems share: ask, make a program of each answer, grade it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Protocol

import msgspec

from sxl_data.contract.console import Progress
from sxl_train.generate.types import Request, Sample
from sxl_train.grade.grader import Grader
from sxl_train.grade.problems import Grade, Problem
from sxl_train.run.objects import Object
from sxl_train.suites.score import UNJUDGED
from sxl_train.suites.types import Asker, Options, Outcome, spread

KINDS = {
    "wrong": "wrong answer",
    "raised": "raises an exception",
    "missing": "no function of the wanted name",
    "load": "fails before any call",
    "syntax": "is no Python",
    "timeout": "out of time",
    "limit": "over a limit of the sandbox",
    "died": "ends the process",
    "refused": "was not started by the sandbox",
    "broken": UNJUDGED,
}


CUT = ("syntax", "load", "missing")
"""Grades that an answer may owe to where it was cut; a program that answers wrongly is whole."""


class CodeItem(msgspec.Struct, frozen=True, kw_only=True):
    """One problem as it is asked."""

    problem: Problem
    prompt: str | None = None
    """Text to continue; or ``user``, a message to answer."""
    user: str | None = None
    stop: tuple[str, ...] = ()
    program: Callable[[str], str]
    """The program of an answer."""
    also: Problem | None = None
    """Fewer tests, which are scored beside: those of the original of a suite that adds some."""


class Judge(Protocol):
    """Who grades."""

    def grade(
        self, jobs: Sequence[tuple[Problem, str]], progress: Callable[[int], None] | None = None
    ) -> Iterator[Grade]:
        """The grade of each (problem, program), in order."""
        ...


def measure(
    suite: str, items: Sequence[CodeItem], ask: Asker, options: Options, judge: Judge | None = None
) -> list[Outcome]:
    """Ask every item, grade every answer; ``judge`` is a `Grader` where none is given."""
    chosen = spread(items, options.limit)
    requests = [_request(suite, item, options) for item in chosen]
    answers = ask(requests)
    rows = [(item, request, sample) for item, request, group in zip(chosen, requests, answers) for sample in group]
    programs = [item.program(sample.text) for item, _, sample in rows]
    jobs = [(item.problem, program) for (item, _, _), program in zip(rows, programs)]
    others = [(item.also, program) for (item, _, _), program in zip(rows, programs) if item.also is not None]
    own = Grader() if judge is None else nullcontext(judge)
    with own as grader, Progress(f"{suite} graded", len(jobs) + len(others), "programs") as progress:
        grades = list(grader.grade(jobs, progress.advance))
        base = iter(list(grader.grade(others, progress.advance)))
    found = []
    for (item, request, sample), program, grade in zip(rows, programs, grades):
        scores = {"pass": float(grade.passed), "runs": float(grade.ran)}
        if item.also is not None:
            scores["pass, original tests"] = float(next(base).passed)
        found.append(_outcome(suite, item, request, sample, program, grade, scores))
    return found


def _request(suite: str, item: CodeItem, options: Options) -> Request:
    common: Object = {
        "id": f"{suite}:{item.problem.id}",
        "samples": options.samples,
        "max_tokens": options.max_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p if options.temperature else 1.0,
        "seed": options.seed,
        "stop": item.stop,
    }
    if item.prompt is not None:
        return Request(prompt=item.prompt, **common)
    return Request(messages=({"role": "user", "content": item.user},), **common)


def _outcome(
    suite: str, item: CodeItem, request: Request, sample: Sample, program: str, grade: Grade, scores: dict[str, float]
) -> Outcome:
    kind = KINDS.get(grade.status, "")
    if sample.error:
        kind = "nothing was generated"
    elif grade.status in CUT and sample.finish == "length":
        kind += ", cut at the limit of tokens"
    return Outcome(
        suite=suite,
        item=item.problem.id,
        index=sample.index,
        scores=scores,
        kind=kind,
        detail=sample.error or grade.detail,
        request=json.dumps(item.prompt or item.user, ensure_ascii=False),
        text=sample.text,
        wanted=program,
        finish=sample.finish,
        prompt_tokens=sample.prompt_tokens,
        tokens=sample.tokens,
    )
