"""What raters said, as a card or a report may show it: persons and models apart, a model never as a human.

In: ``ratings.json``, which `sxl-data review agree` writes into a round. Out: a section of Markdown. Every number has
its n and its interval; a kind of raters that nobody belongs to is named as missing.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data.contract.documents import read_document
from sxl_data.contract.errors import error
from sxl_data.write.markdown import cell, table

RATINGS = "ratings.json"
FORMAT = "sxl-ratings-1"
KINDS = {"person": "persons", "model": "models"}
MAX_BYTES = 64_000_000


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number from ``n`` items with its interval of 95 %; all None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Rated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question: how often each answer was given (in the scale's order), equal pairs, and Krippendorff's α."""

    question: str
    ask: str
    answers: dict[str, int]
    equal: Share
    alpha: Share
    preferred: dict[str, int] = {}


class Raters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The raters of one kind, by name, and what they answered."""

    names: tuple[str, ...]
    questions: tuple[Rated, ...]


class Ratings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A round that was compared. ``ids`` are the rows that were judged, ``of`` what they were drawn from."""

    format: str
    sample: str
    title: str
    of: tuple[str, ...]
    ids: tuple[str, ...]
    raters: dict[str, Raters]
    """By kind: person, model. One that has no raters is not there."""


def read_ratings(round: str | Path) -> Ratings:
    """The ratings in the folder ``round``. Raises `UserError` H712 where `review agree` wrote none."""
    path = Path(round) / RATINGS
    found = read_document(path, Ratings, "H712", "a round after `sxl-data review agree`", MAX_BYTES)
    if found.format != FORMAT or not found.raters or set(found.raters) - KINDS.keys():
        raise error("H712", file=str(path), found=f"raters {', '.join(found.raters)}", expected="persons or models")
    return found


def section(ratings: Ratings, level: int = 2) -> str:
    """The ratings as a section of Markdown whose heading has ``level`` signs."""
    mark = "#" * level
    of = ", ".join(cell(name) for name in ratings.of)
    lines = [f"{mark} Ratings", "", f"{len(ratings.ids)} items of {of}, drawn blind: {cell(ratings.title)}.", ""]
    for kind, name in KINDS.items():
        group = ratings.raters.get(kind)
        if group is None:
            lines += [
                f"No {kind} rated." if kind == "model" else "**No person rated: no number here is a human's.**",
                "",
            ]
            continue
        who = "; ".join(cell(name) for name in group.names)
        lines += [f"{mark}# Rated by {len(group.names)} {name if len(group.names) > 1 else kind}: {who}", ""]
        lines += table(("question", "answers", "equal pairs", "Krippendorff α [95 %]", "n"), _rows(group), right=3)
        lines.append("")
    return "\n".join(lines)


def _rows(group: Raters) -> list[list[str]]:
    rows = []
    for rated in group.questions:
        given = rated.preferred or rated.answers
        said = ", ".join(f"{cell(answer)} ×{number}" for answer, number in given.items())
        rows.append([cell(rated.ask), said, _number(rated.equal), _number(rated.alpha), str(rated.alpha.n)])
    return rows


def _number(share: Share) -> str:
    if share.value is None:
        return "–"
    if share.low is None or share.high is None:
        return f"{share.value:.2f}"
    return f"{share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"
