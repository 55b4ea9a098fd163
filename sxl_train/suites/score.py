"""Outcomes in, measures out: each with how many of what it counts, and an interval of 95 %."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from sxl_train.suites.statistics import Estimate, estimate, pass_at
from sxl_train.suites.types import Outcome


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One suite's numbers."""

    measures: dict[str, Estimate]
    kinds: dict[str, int]
    """Kind of failure → samples."""
    excluded: dict[str, str] = {}
    """Items that cannot be judged here, with the reason; no measure counts them."""


def score(outcomes: Sequence[Outcome]) -> Measured:
    """The measures of one suite."""
    excluded = {o.item: o.detail for o in outcomes if o.kind == UNJUDGED}
    kept = [outcome for outcome in outcomes if outcome.item not in excluded]
    items: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    groups: dict[str, str] = {}
    for outcome in kept:
        groups[outcome.item] = outcome.group or outcome.item
        for name, value in outcome.scores.items():
            items[name][outcome.item].append(value)
    found: dict[str, Estimate] = {}
    for name, values in items.items():
        if name == "pass" or name.startswith("pass,"):
            found |= _pass_at(name, values)
        else:
            found[name] = estimate([(groups[item], sum(scores) / len(scores), 1) for item, scores in values.items()])
    counts: dict[str, list[tuple[str, float, int]]] = defaultdict(list)
    for outcome in kept:
        for name, (held, of) in outcome.counts.items():
            if of:
                counts[name].append((outcome.item, float(held), of))
    found |= {name: estimate(values, "calls") for name, values in counts.items()}
    kinds = Counter(outcome.kind for outcome in kept if outcome.kind)
    return Measured(measures=found, kinds=dict(kinds.most_common()), excluded=excluded)


UNJUDGED = "the tests gave no verdict"
"""The kind of outcomes that say nothing of a model."""


def _pass_at(name: str, values: dict[str, list[float]]) -> dict[str, Estimate]:
    """pass@1, pass@10 … as far as there are samples."""
    samples = min(len(scores) for scores in values.values())
    found = {}
    for k in (1, 5, 10, 100):
        if k <= samples:
            shares = [(item, pass_at(len(scores), round(sum(scores)), k), 1) for item, scores in values.items()]
            found[name.replace("pass", f"pass@{k}", 1)] = estimate(shares)
    return found


def paired(outcomes: Sequence[Outcome], name: str) -> dict[str, tuple[str, float]]:
    """Item → (cluster, mean score) of one measure, for comparing models."""
    wanted = "pass" + name.removeprefix("pass@1") if name.startswith("pass@1") else name
    scores: dict[str, list[float]] = defaultdict(list)
    groups: dict[str, str] = {}
    for outcome in outcomes:
        if wanted in outcome.scores and outcome.kind != UNJUDGED:
            scores[outcome.item].append(outcome.scores[wanted])
            groups[outcome.item] = outcome.group or outcome.item
    return {item: (groups[item], sum(values) / len(values)) for item, values in scores.items()}
