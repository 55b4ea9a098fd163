"""Reports and comparisons as tables: every number with its n and its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sxl_data.contract.console import format_table
from sxl_train.evaluate.benchmark import Report
from sxl_train.suites.score import paired
from sxl_train.suites.statistics import Difference, Estimate, compare
from sxl_train.suites.types import Outcome

HEADERS = ("suite", "measure", "value", "95 %", "n")
DIFFERENCE_HEADERS = ("suite", "measure", "n", "first", "second", "difference", "95 %", "won : lost", "p", "")


def percent(value: float) -> str:
    """``12.3 %``; a dash where nothing was counted."""
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def interval(found: Estimate | Difference, *, points: bool = False) -> str:
    """``8.1 – 17.9``, in per cent or points."""
    sign = "+" if points else ""
    return f"{100 * found.low:{sign}.1f} – {100 * found.high:{sign}.1f}"


def rows(report: Report) -> list[tuple[str, ...]]:
    """One row for each measure; the suite's name on its first."""
    found: list[tuple[str, ...]] = []
    for name, suite in report.suites.items():
        measures = suite.measured.measures
        order = [suite.main, *(measure for measure in measures if measure != suite.main)]
        for number, measure in enumerate(order):
            if measure in measures:
                shown = measures[measure]
                counted = f"{shown.n} {shown.unit}"
                found.append((name if not number else "", measure, percent(shown.value), interval(shown), counted))
    return found


def as_text(report: Report) -> str:
    """The report for a terminal."""
    text = format_table(HEADERS, rows(report))
    for name, suite in report.suites.items():
        if suite.measured.kinds:
            kinds = ", ".join(f"{kind} {count}" for kind, count in suite.measured.kinds.items())
            text += f"\n{name}, failures by kind: {kinds}"
        if suite.measured.excluded:
            text += f"\n{name}, not counted because the tests fail even the reference: "
            text += ", ".join(suite.measured.excluded)
    return text


def as_markdown(report: Report) -> str:
    """The report as the table of a model card."""
    lines = ["| " + " | ".join(HEADERS) + " |", "|---|---|---:|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows(report)]
    lines += ["", *(f"- {name}: {suite.title}; {suite.protocol}." for name, suite in report.suites.items())]
    return "\n".join(line.replace("\n", "\\n") for line in lines) + "\n"


def differences(left: Sequence[Outcome], right: Sequence[Outcome]) -> Mapping[tuple[str, str], Difference]:
    """(suite, measure) → what differs, for everything that both measured."""
    found = {}
    suites = sorted({o.suite for o in left} & {o.suite for o in right})
    for suite in suites:
        mine, theirs = ([o for o in side if o.suite == suite] for side in (left, right))
        names = {name: None for outcome in mine for name in outcome.scores}
        for name in names:
            first, second = paired(mine, name), paired(theirs, name)
            if first.keys() & second.keys():
                found[suite, name] = compare(first, second)
    return found


def differences_as_text(found: Mapping[tuple[str, str], Difference]) -> str:
    """What differs, and what chance alone explains."""
    table = []
    for (suite, name), one in found.items():
        verdict = "noise" if one.noise else "second is better" if one.difference > 0 else "second is worse"
        table.append(
            (
                suite,
                name,
                str(one.n),
                percent(one.left),
                percent(one.right),
                f"{100 * one.difference:+.1f}",
                interval(one, points=True),
                f"{one.won} : {one.lost}",
                f"{one.p:.3f}",
                verdict,
            )
        )
    text = format_table(DIFFERENCE_HEADERS, table)
    methods = sorted({one.method for one in found.values()})
    tests = f"\n{len(found)} comparisons at 5 %: about {0.05 * len(found):.1f} would differ by chance alone" * (
        len(found) > 1
    )
    return text + "\np by " + "; ".join(methods) + tests
