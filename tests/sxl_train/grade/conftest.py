"""Cheats are tried in each sandbox that this machine has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from sxl_data.sandbox.run import TIERS, why_not
from sxl_train.grade.grader import Grader
from sxl_train.grade.problems import Grade, Problem

Named = list[tuple[str, Grade]]
Attempt = Callable[[Mapping[str, str], str, Sequence[Problem], float], dict[str, Named]]


@pytest.fixture
def attempt() -> Attempt:
    """Tier → (name, grade) of every cheat and, as "honest", of the reference. A cheat meets each problem and each tier;
    where there are two tiers, another problem in each of them."""
    tiers = [tier for tier in TIERS if why_not(tier) is None]

    def run(cheats: Mapping[str, str], reference: str, problems: Sequence[Problem], seconds: float) -> dict[str, Named]:
        found = {}
        for number, tier in enumerate(tiers):
            jobs = [(problem, "honest", reference) for problem in problems]
            for place, (name, program) in enumerate(cheats.items()):
                chosen = problems if len(tiers) == 1 else [problems[(place + number) % len(problems)]]
                jobs += [(problem, name, program) for problem in chosen]
            jobs.append((problems[0], "honest", reference))
            with Grader(seconds=seconds, tier=tier) as grader:
                grades = list(grader.grade([(problem, program) for problem, _, program in jobs]))
            found[tier] = [(name, grade) for (_, name, _), grade in zip(jobs, grades)]
        return found

    return run
