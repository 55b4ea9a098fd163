"""The page of failures: one self-contained HTML file, grouped by kind, every answer beside what was asked and wanted.

Text of models and benchmarks is hostile: all of it is escaped, the page has no script and its policy allows none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from html import escape

from sxl_data.contract.printable import printable
from sxl_data.files.json_text import dump, load
from sxl_data.write.ratings import Ratings, section
from sxl_train.suites.types import Outcome

MOST = 50
"""Failures of one kind that are shown."""
LONGEST = 6_000
"""Characters of each text that are shown."""
_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>Failures</title><style>
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8884;border-radius:4px;padding:.6rem;font-size:13px}
summary{cursor:pointer}h2{margin-top:2rem}h4{margin:.6rem 0 .2rem;font-weight:600}.n{opacity:.7}
</style></head><body>
"""


def write_page(model: str, outcomes: Sequence[Outcome]) -> str:
    """The page as HTML."""
    kinds: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    totals: dict[str, int] = defaultdict(int)
    for outcome in outcomes:
        totals[outcome.suite] += 1
        if outcome.kind:
            kinds[outcome.suite, outcome.kind].append(outcome)
    order = sorted(kinds, key=lambda key: (key[0], -len(kinds[key]), key[1]))
    parts = [_HEAD, f"<h1>Failures of {_text(model)}</h1><ul>"]
    for number, (suite, kind) in enumerate(order):
        of = f"{len(kinds[suite, kind])} of {totals[suite]}"
        parts.append(f'<li><a href="#k{number}">{_text(suite)}: {_text(kind)}</a> <span class="n">{of}</span></li>')
    parts.append("</ul>" if order else "</ul><p>None.</p>")
    for number, (suite, kind) in enumerate(order):
        found = kinds[suite, kind]
        parts.append(f'<h2 id="k{number}">{_text(suite)}: {_text(kind)} <span class="n">{len(found)}</span></h2>')
        parts += [_one(outcome) for outcome in found[:MOST]]
        if len(found) > MOST:
            parts.append(f"<p>{len(found) - MOST} more of this kind are in samples.parquet.</p>")
    return "\n".join([*parts, "</body></html>\n"])


_RATED, _END = "<!-- ratings -->", "</body></html>"


def add_ratings(page: str, ratings: Ratings) -> str:
    """``page`` with what raters said at its end, in the place of older ratings."""
    body = page.partition(_RATED)[0].rpartition(_END)[0] or page.partition(_RATED)[0]
    return f"{body}{_RATED}<h2>Ratings</h2><pre>{_text(section(ratings))}</pre>{_END}\n"


def _one(outcome: Outcome) -> str:
    shown = (
        ("asked", outcome.request),
        ("answered", outcome.text),
        ("graded program" if "runs" in outcome.scores else "wanted", outcome.wanted),
    )
    body = "".join(f"<h4>{name}</h4><pre>{_text(_readable(text))}</pre>" for name, text in shown if text)
    title = f"{_text(outcome.item)} <span class='n'>#{outcome.index} {_text(outcome.detail[:200])}</span>"
    return f"<details><summary>{title}</summary>{body}</details>"


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


def _text(text: str) -> str:
    if len(text) > LONGEST:
        text = text[:LONGEST] + f" … {len(text) - LONGEST:,} more characters"
    return escape(printable(text))
