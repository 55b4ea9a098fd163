"""Grades programs whose tests must share their process: BigCodeBench's unit tests.

In: problems and programs. Out: a `Grade` for each, in order. What can be held against a program that talks to its
tests is a comparison with the reference solution: a test that fails once the reference's answers are thrown away, or
the function is not called, must fail then for every program (`units`), and answers have no equality of the program's
own unless the reference's have one. This refuses patched checks, forged results and ended processes; it is no proof as
`grader`'s is, since a program might know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import msgspec

from sxl_data.sandbox.limits import Limits, Tier
from sxl_train.grade.bundle import bundle
from sxl_train.grade.grader import digest, sayable
from sxl_train.grade.problems import Grade, Problem, Status, imported
from sxl_train.grade.seats import Seats
from sxl_train.grade.units import MARK, RUNS

SECONDS = 60.0
"""For each of the three runs."""
_LIMITS = Limits(memory=8_000_000_000, file=64_000_000, output=2_000_000, scratch=128_000_000)


class Run(msgspec.Struct, frozen=True):
    """One of the runs of a program."""

    passed: frozenset[str] = frozenset()
    tests: int = 0
    equal: tuple[str, ...] = ()
    """Classes of answers whose equality the program itself wrote."""
    failed: str = ""
    status: str = ""
    detail: str = ""
    seconds: float = 0.0


class UnitGrader(Seats):
    """Use as a context manager. ``packages`` is the folder of packages that programs may import."""

    def __init__(
        self, packages: str, seconds: float = SECONDS, workers: int | None = None, tier: Tier | None = None
    ) -> None:
        """Raises `UserError` U403 where this machine has no sandbox."""
        super().__init__(msgspec.structs.replace(_LIMITS, seconds=len(RUNS) * seconds + 10), workers, packages, tier)
        self.seconds = seconds
        self.references: dict[str, dict[str, Run] | Grade] = {}
        self._program = bundle("child", "units")

    def grade(
        self, jobs: Sequence[tuple[Problem, str]], progress: Callable[[int], None] | None = None
    ) -> Iterator[Grade]:
        """The grade of each (problem, program), in order; ``progress`` is told how many more are done."""
        named = {digest(problem): problem for problem, _ in jobs}
        new = [(key, problem) for key, problem in named.items() if key not in self.references]
        found = self.pool.map(lambda each: self._runs(each[1], each[1].reference), new)
        self.references |= {key: runs for (key, _), runs in zip(new, found)}
        for grade in self.pool.map(lambda job: self._grade(*job), jobs):
            if progress:
                progress(1)
            yield grade

    def _grade(self, problem: Problem, program: str) -> Grade:
        known = self.references[digest(problem)]
        if isinstance(known, Grade):
            return Grade(status="broken", detail=f"the reference solution: {known.status} {known.detail}"[:500])
        if reason := unusable(known):
            return Grade(status="broken", detail=f"the reference solution: {reason}"[:500])
        runs = self._runs(problem, program)
        return runs if isinstance(runs, Grade) else verdict(known, runs)

    def _runs(self, problem: Problem, program: str) -> dict[str, Run] | Grade:
        """The three runs of ``program``, or its grade where there are none."""
        task = {
            "packages": self.packages,
            "modules": sorted(imported(f"{problem.reference}\n{problem.tests}")),
            "program": sayable(program),
            "tests": problem.tests,
            "entry": problem.judged[0],
            "seconds": self.seconds,
        }
        done = self.seat().run(self._program, msgspec.json.encode(task), self.limits)
        if done.status in ("timeout", "refused"):
            return Grade(status=cast(Status, done.status), detail=done.detail or "")
        if done.status not in ("ok", "failed") or done.truncated:
            return Grade(status="limit", detail="output" if done.truncated else done.status)
        try:
            return msgspec.json.decode(done.stdout.rpartition(MARK)[2], type=dict[str, Run])
        except (msgspec.DecodeError, RecursionError):
            return Grade(status="died", detail=f"exit code {done.exit_code} {done.stderr[-200:]}")


def unusable(reference: dict[str, Run]) -> str:
    """Why nothing can be told by these runs of the reference solution; empty where it can."""
    whole = reference["whole"]
    if whole.failed or whole.status:
        return f"{whole.failed or whole.status} {whole.detail}"
    if len(whole.passed) != whole.tests:
        return f"passes {len(whole.passed)} of {whole.tests} tests; {whole.detail}"
    held = reference["discarded"].passed & reference["absent"].passed
    return "its tests pass without it" if whole.passed <= held else ""


def verdict(reference: dict[str, Run], runs: dict[str, Run]) -> Grade:
    """The grade of a program beside the runs of the reference solution."""
    whole = runs["whole"]
    seconds = whole.seconds
    if whole.failed in ("syntax", "load", "missing"):
        return Grade(status=cast(Status, whole.failed), detail=whole.detail, seconds=seconds)
    if whole.status == "timeout":
        return Grade(status="timeout", detail=whole.detail, seconds=seconds)
    if not reference["whole"].passed <= whole.passed:
        died = whole.tests == 0
        return Grade(status="died" if died else "wrong", detail=whole.detail, seconds=seconds, calls=whole.tests)
    if set(whole.equal) - set(reference["whole"].equal):
        reason = f"answers with `__eq__` of its own: {', '.join(whole.equal)}"
        return Grade(status="wrong", detail=reason, seconds=seconds, calls=whole.tests)
    for how in RUNS[1:]:
        more = runs[how].passed - reference[how].passed
        if more:
            reason = f"{len(more)} of its tests pass when its answers are {how}"
            return Grade(status="wrong", detail=reason, seconds=seconds, calls=whole.tests)
    return Grade(status="passed", seconds=seconds, calls=whole.tests)
