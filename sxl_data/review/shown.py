"""What `review agree` says in a terminal."""

from __future__ import annotations

from sxl_data.contract.console import format_table
from sxl_data.review.agreement import Agreement, Group
from sxl_data.review.measures import Estimate
from sxl_data.review.votes import PLURAL

SHOWN = 10


def text(found: Agreement) -> str:
    """The agreement of each kind of raters, with the widest disagreements."""
    lines = [f"{found.items} items of {', '.join(found.of)}"]
    for kind, names in found.raters.items():
        if kind in found.groups:
            lines += ["", *_group(kind, found.groups[kind])]
        elif names:
            lines += [
                "",
                f"{len(names)} {PLURAL[kind] if len(names) > 1 else kind}: {', '.join(names)}; nothing in common",
            ]
    if not found.raters["person"]:
        lines += ["", "No person has rated: these are the ratings of models and none of a human."]
    return "\n".join(lines)


def _group(kind: str, group: Group) -> list[str]:
    short = {name: f"{kind[0].upper()}{n}" for n, name in enumerate(group.raters, 1)}
    lines = [f"rated by {len(group.raters)} {PLURAL[kind].upper()}"]
    lines += [f"  {letter}  {name}" for name, letter in short.items()]
    rows = [
        [q.question, q.scale, str(q.percent.items), *map(_estimate, (q.percent, q.alpha, q.fleiss))]
        for q in group.questions
    ]
    lines += ["", format_table(["question", "scale", "items", "equal pairs", "Krippendorff α", "Fleiss κ"], rows)]
    rows = [
        [q.question, " / ".join(short[name] for name in pair.raters), str(pair.kappa.items), _estimate(pair.kappa)]
        for q in group.questions
        for pair in q.cohen
    ]
    lines += ["", format_table(["question", "raters", "items", "Cohen κ (quadratic weights where ordinal)"], rows)]
    rows = [
        [q.question, short[name], "  ".join(f"{answer} ×{n}" for answer, n in counts.items()) or "none"]
        for q in group.questions
        for name, counts in q.counts.items()
    ]
    lines += ["", format_table(["question", "rater", "answers"], rows), "[ ]: 95 % of resamples of the items"]
    if any(
        0 < e.resamples < e.asked for q in group.questions for e in (q.alpha, q.fleiss, *(p.kappa for p in q.cohen))
    ):
        lines.append("*: undefined in some resamples, whose ratings were all equal; the interval leaves them out")
    for q in group.questions:
        if q.preferred:
            lines += ["", "preferred: " + ", ".join(f"{name} ×{n}" for name, n in q.preferred.items())]
            if q.lead is not None:
                lines.append(f"lead of the first over the second: {_estimate(q.lead)}, n = {q.lead.items}")
    rows = [
        [e.item, e.id, e.question, "  ".join(f"{short[name]}: {answer}" for name, answer in e.answers.items())]
        for e in group.disagreements[:SHOWN]
    ]
    if rows:
        lines += ["", format_table(["item", "row", "question", "disagreement"], rows)]
    if (more := len(group.disagreements) - SHOWN) > 0:
        lines.append(f"and {more} more")
    agreed, decided, left = (sum(getattr(q, name) for q in group.questions) for name in ("agreed", "decided", "open"))
    lines += ["", f"{agreed} answers agreed, {decided} decided, {left} open: {group.adjudication}"]
    return lines


def _estimate(found: Estimate) -> str:
    if found.value is None:
        return "undefined"
    if found.low is None or found.high is None:
        return _number(found.value)
    star = "*" if found.resamples < found.asked else ""
    return f"{_number(found.value)} [{_number(found.low)}, {_number(found.high)}]{star}"


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"
