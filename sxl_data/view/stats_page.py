"""What is in files of traces, as one page: the counts of `stats` with bars.

In: the counts. Out: one HTML document that loads nothing; each bar stands in the table that has its number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sxl_data.contract.codes import CODES
from sxl_data.contract.console import format_count
from sxl_data.view.markup import Bar, Cell, Raw, bars, document, line, paragraph, section, table
from sxl_data.view.stats import Stats

_TOP = 40
_SECTIONS = (("rates", "Rates"), ("phases", "Phases"), ("turns", "Turns"), ("kinds", "Kinds"), ("codes", "Findings"))


def page(found: Stats, names: Sequence[str]) -> str:
    """The counts ``found`` of the files ``names`` as an HTML document."""
    facts = ("files", "traces", "unread", "turns", "calls", "results")
    tiles = "".join(f"<div><dt>{name}</dt><dd>{format_count(getattr(found, name))}</dd></div>" for name in facts)
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    parts = [
        Raw(f'<p>{line(shown)}</p><dl class="tiles">{tiles}</dl>'),
        _rates(found),
        _phases(found),
        _turns(found),
        _kinds(found),
        _codes(found),
    ]
    return document("What is in these traces", parts, _SECTIONS)


def _rates(found: Stats) -> Raw:
    rows: list[list[Cell]] = []
    for name, value in found.rates().items():
        many = name.endswith(("per trace", "per turn", "per tool act"))
        said = "–" if value is None else f"{value:.2f}" if many else f"{value:.1%}"
        rows.append([name, said, Bar([(value, "kept"), (1 - value, "soft")]) if value is not None and not many else ""])
    return section("rates", "Rates", table("Blue is the share", ["what", "value", " "], rows))


def _phases(found: Stats) -> Raw:
    total = sum(found.share.values()) or 1
    rows: list[list[Cell]] = [
        [name, f"{size / total:.1%}", format_count(size), Bar([(size / total, "kept")])]
        for name, size in found.share.items()
    ]
    caption = f"{found.unit.capitalize()} of text by phase"
    return section("phases", "What the text is", table(caption, ["phase", "share", found.unit, " "], rows))


def _turns(found: Stats) -> Raw:
    return section(
        "turns",
        "Turns and calls",
        _histogram("Traces by turns", "turns", found.turns_per_trace),
        _histogram("Turns by calls", "calls", found.calls_per_turn),
    )


def _histogram(caption: str, of: str, counts: Counter[int]) -> Raw:
    """A bin for each number up to 8, then one for each doubling."""
    bins: Counter[tuple[int, int]] = Counter()
    for number, count in counts.items():
        high = number if number <= 8 else 1 << (number - 1).bit_length()
        bins[(number if number <= 8 else high // 2 + 1, high)] += count
    named = [(f"{low}" if low == high else f"{low} – {high}", bins[low, high]) for low, high in sorted(bins)]
    return table(caption, [of, "count", " "], bars(named)) if named else Raw("")


def _kinds(found: Stats) -> Raw:
    parts = []
    for title, counter in (
        ("tool", found.tools),
        ("result status", found.statuses),
        ("outcome", found.outcomes),
        ("kind", found.kinds),
        ("format", found.formats),
        ("licence", found.licences),
    ):
        if counter:
            listed = [(name or "(none)", count) for name, count in counter.most_common(_TOP)]
            more = len(counter) - len(listed)
            parts.append(table(f"By {title}", [title, "count", " "], bars(listed)))
            parts.append(paragraph(f"… and {format_count(more)} more", "soft") if more > 0 else Raw(""))
    return section("kinds", "Tools, results, kinds", *parts)


def _codes(found: Stats) -> Raw:
    most = max(found.codes.values(), default=1)
    rows: list[list[Cell]] = [
        [f"{code} {CODES[code].rule}", count, Bar([(count / most, "lost")]), CODES[code].title]
        for code, count in found.codes.most_common()
    ]
    body = table("Findings by code", ["code", "count", " ", "meaning"], rows)
    return section("codes", "What the validator found", body if rows else paragraph("Nothing."))
