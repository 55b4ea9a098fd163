"""What the evaluate step measured with benchmarks → a section of the model card. Nothing is computed again."""

from __future__ import annotations

from collections.abc import Mapping

from sxl_train.run.objects import Object, Value

LEAD = (
    "Of the packaged weights. Each number with its interval of 95 % (Wilson; by clusters where items share a source) "
    "and what it counts. A limit says how many items of a suite were asked, spread evenly; such a number is no score "
    "of the benchmark."
)


def benchmarks(records: Mapping[str, Mapping[str, Value]]) -> str:
    """The section; empty where no suite ran."""
    suites: dict[str, Object] = records.get("evaluate", {}).get("measured", {}).get("suites", {})
    if not suites:
        return ""
    lines = ["| suite | measure | value | 95 % | n |", "|---|---|---:|---|---|"]
    notes = []
    for name, suite in suites.items():
        measures: dict[str, Object] = suite["measured"]["measures"]
        order = dict.fromkeys([suite["main"], *measures])
        for number, measure in enumerate(order):
            if measures.get(measure, {}).get("n"):
                m = measures[measure]
                interval = f"{100 * m['low']:.1f} – {100 * m['high']:.1f}"
                shown = f"{100 * m['value']:.1f} %"
                lines.append(f"| {'' if number else name} | {measure} | {shown} | {interval} | {m['n']} {m['unit']} |")
        limit = suite["options"].get("limit")
        part = f" A part: {suite['items']} items." if limit else ""
        protocol = " ".join(suite["protocol"].replace("\n", "\\n").split())
        notes.append(f"- {name}: {suite['title']}; {protocol}.{part}")
    ratings = records["evaluate"].get("ratings", "")
    return "\n".join(["## Benchmarks", "", LEAD, "", *lines, "", *notes, *(["", ratings] if ratings else [])])
