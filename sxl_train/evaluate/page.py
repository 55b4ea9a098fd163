"""The page of failures: one self-contained HTML file, grouped by kind, every answer beside what was asked and wanted.

Text of models and benchmarks is hostile; `view.markup` makes the page, which loads and runs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sxl_data.files.json_text import dump, load
from sxl_data.view.markup import Raw, document, folded, line, paragraph, section
from sxl_data.view.markup import text as shown_text
from sxl_data.write.ratings import Ratings
from sxl_data.write.ratings import section as rated
from sxl_train.suites.types import Outcome

MOST = 50
"""Failures of one kind that are shown."""
LONGEST = 6_000
"""Characters of each text that are shown."""
_RATED, _END = "<!-- ratings -->", "</main></body></html>"


def write_page(model: str, outcomes: Sequence[Outcome]) -> str:
    """The page as HTML."""
    kinds: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    totals: dict[str, int] = defaultdict(int)
    for outcome in outcomes:
        totals[outcome.suite] += 1
        if outcome.kind:
            kinds[outcome.suite, outcome.kind].append(outcome)
    order = sorted(kinds, key=lambda key: (key[0], -len(kinds[key]), key[1]))
    parts: list[str] = [] if order else [paragraph("None.")]
    sections = []
    for number, (suite, kind) in enumerate(order):
        found = kinds[suite, kind]
        sections.append((f"k{number}", f"{suite}: {kind} ({len(found)} of {totals[suite]})"))
        more = f"{len(found) - MOST} more of this kind are in samples.parquet." if len(found) > MOST else ""
        shown = [_one(outcome) for outcome in found[:MOST]]
        parts.append(section(*sections[-1], *shown, paragraph(more) if more else ""))
    return document(f"Failures of {model}", parts, sections)


def add_ratings(page: str, ratings: Ratings) -> str:
    """``page`` with what raters said at its end, in the place of older ratings."""
    body = page.partition(_RATED)[0].rpartition(_END)[0] or page.partition(_RATED)[0]
    said = section("ratings", "Ratings", Raw(f"<pre>{_text(rated(ratings))}</pre>"))
    return f"{body}{_RATED}{said}{_END}\n"


def _one(outcome: Outcome) -> Raw:
    shown = (
        ("asked", outcome.request),
        ("answered", outcome.text),
        ("graded program" if "runs" in outcome.scores else "wanted", outcome.wanted),
    )
    body = [f"<p>{name}</p><pre class='screen'>{_text(_readable(text))}</pre>" for name, text in shown if text]
    number = f" <span class='soft'>#{outcome.index} {line(outcome.detail[:200])}</span>"
    return folded(Raw(line(outcome.item) + number), *body)


def _readable(text: str) -> str:
    """Prompts and conversations are kept as JSON: a text as it was, a message as its role and what it says."""
    try:
        value = load(text)
    except ValueError:
        return text
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not value or not all(isinstance(m, dict) and "role" in m for m in value):
        return text
    lines = []
    for message in value:
        lines.append(f"[{message['role']}] {message.get('content') or ''}".rstrip())
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            lines.append(f"    calls {dump(call.get('function', call) if isinstance(call, dict) else call)}")
    return "\n".join(lines)


def _text(text: str) -> Raw:
    if len(text) > LONGEST:
        text = text[:LONGEST] + f" … {len(text) - LONGEST:,} more characters"
    return shown_text(text)
