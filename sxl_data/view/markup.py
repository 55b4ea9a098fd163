"""Pages for a browser: the frame, the text, the tables with bars that every page here is made of.

In: strings of anybody. Out: HTML that loads nothing and runs nothing: a content security policy allows one style sheet,
by its digest, and images that are part of the page. There is no link but to a heading of the same page, all text is
escaped, and what does not print (bidi controls among it) is shown as an escape. Colours follow the reader's theme.
A bar is an SVG in the row of the table that has its number, so that a chart and its table cannot differ, fit a phone,
and are read out as a table. A drawing library would take longer than all else on the page, and be missing in a base
install.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape as quoted
from importlib.resources import files
from typing import NamedTuple

from sxl_data.contract.printable import printable, printable_line

BAR = 1000
"""Width of a bar's drawing, in its own units; it is stretched to the width of its cell."""


WORDS = 40
"""Characters of a cell from which its column is words."""


class Bar(NamedTuple):
    """The cell of a bar: its parts, each a share of the whole from 0 to 1 and the class that colours it."""

    parts: Sequence[tuple[float, str]]
    label: str = ""


class Raw(str):
    """Markup that was made here and is put in a page as it is."""

    __slots__ = ()


Cell = str | int | float | Bar | None


def text(value: str) -> Raw:
    """``value`` as text of a page; its line breaks stay."""
    return Raw(quoted(printable(value)))


def line(value: str) -> Raw:
    """``value`` as text of a page, on one line."""
    return Raw(quoted(printable_line(value)))


def document(title: str, body: Iterable[str], sections: Sequence[tuple[str, str]] = ()) -> str:
    """A whole page; ``sections`` are the ids and the names of what its list of contents leads to."""
    style = files("sxl_data.view").joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    links = "".join(f'<li><a href="#{key}">{line(name)}</a></li>' for key, name in sections)
    contents = f'<nav aria-label="Contents"><ul>{links}</ul></nav>' if links else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><meta name="referrer" content="no-referrer">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{line(title)}</title><style>{style}</style></head>\n<body>"
        f'<a class="skip" href="#main">Skip to the content</a><header><h1>{line(title)}</h1></header>{contents}\n'
        f'<main id="main" tabindex="-1">\n' + "\n".join(body) + "\n</main></body></html>\n"
    )


def section(key: str, title: str, *body: str) -> Raw:
    """A part of a page with a heading that `document` can lead to."""
    inner = "\n".join(part for part in body if part)
    return Raw(f'<section id="{key}" aria-labelledby="{key}-h"><h2 id="{key}-h">{line(title)}</h2>\n{inner}</section>')


def paragraph(words: str, kind: str = "") -> Raw:
    """``words`` as a paragraph: text, unless they are `Raw`."""
    inner = words if isinstance(words, Raw) else line(words)
    return Raw(f"<p{_class(kind)}>{inner}</p>")


def table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]], marked: Sequence[int] = ()) -> Raw:
    """A table; numbers stand to the right, a `Bar` is drawn. ``marked`` rows have a line below them."""
    listed = list(rows)
    kinds = [_kind(row[i] for row in listed) for i in range(len(headers))]
    head = "".join(f'<th scope="col"{_class(kind)}>{line(name)}</th>' for name, kind in zip(headers, kinds))
    body = []
    for number, row in enumerate(listed):
        cells = "".join(_cell(value, kind, at == 0) for at, (value, kind) in enumerate(zip(row, kinds)))
        body.append(f"<tr{_class('cut' if number in marked else '')}>{cells}</tr>")
    return Raw(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{line(caption)}"><table>'
        f"<caption>{line(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def folded(summary: str, *body: str, kind: str = "", opened: bool = False) -> Raw:
    """What is shown when its ``summary`` is opened."""
    inner = summary if isinstance(summary, Raw) else line(summary)
    return Raw(f"<details{_class(kind)}{' open' if opened else ''}><summary>{inner}</summary>{''.join(body)}</details>")


def bars(counts: Sequence[tuple[str, int]], kind: str = "kept") -> list[list[Cell]]:
    """Rows of a table with one bar each: name, count, and the count's share of the largest."""
    most = max((count for _, count in counts), default=0) or 1
    return [[name, count, Bar([(count / most, kind)])] for name, count in counts]


def _cell(value: Cell, kind: str, first: bool) -> str:
    if isinstance(value, Bar):
        inner: str = _drawn(value)
    elif isinstance(value, int | float):
        inner = f"{value:,}".replace(",", "\u202f") if isinstance(value, int) else f"{value:.3f}"
    else:
        inner = value if isinstance(value, Raw) else line(value or "")
    return f'<th scope="row"{_class(kind)}>{inner}</th>' if first else f"<td{_class(kind)}>{inner}</td>"


def _drawn(bar: Bar) -> str:
    """Bars beside each other; read out by the number in the same row, or by the label."""
    said = f'role="img" aria-label="{line(bar.label)}"' if bar.label else 'aria-hidden="true"'
    at, drawn = 0.0, []
    for share, kind in bar.parts:
        wide = max(0.0, min(share, 1.0)) * BAR
        if wide:
            drawn.append(f'<rect class="{kind}" x="{at:.0f}" y="0" width="{max(wide, 2):.0f}" height="10"/>')
        at += wide
    return f'<svg viewBox="0 0 {BAR} 10" preserveAspectRatio="none" {said}>{"".join(drawn)}</svg>'


def _kind(column: Iterable[Cell]) -> str:
    """How a column stands: bars, numbers to the right, words with room to read them."""
    values = list(column)
    if any(isinstance(value, Bar) for value in values):
        return "bar"
    if values and all(isinstance(value, int | float | None) or _is_number(str(value)) for value in values):
        return "n"
    return "words" if any(isinstance(value, str) and len(value) > WORDS for value in values) else ""


def _is_number(value: str) -> bool:
    return value.lstrip("+-")[:1].isdigit()


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
