"""What a build says of licences that somebody should look at.

In: the recipe's `licences`, and of each source its rows by licence, as they were read. Out: one warning that names the
sources, the worst class first; nothing where the recipe leaves such rows out.
"""

from __future__ import annotations

from collections.abc import Mapping

from sxl_data.contract.console import format_count, say
from sxl_data.contract.printable import printable_line
from sxl_data.read.licences import UNRECOGNISED
from sxl_data.rules.spdx import CLASSES, Class, Gate, classify

SHOWN = 5
WORDS: dict[Class, str] = {
    "missing": "none stated",
    "free-text": "no SPDX expression",
    "unknown": "on no list of licences",
    "non-commercial": "non-commercial",
    "restricted": "with restrictions",
    "copyleft": "copyleft",
}


def describe_licences(rows: Mapping[str, Mapping[str, int]]) -> str:
    """The sources that have rows of other than permissive licences, by class; empty where there are none."""
    said = []
    for kind in reversed(CLASSES[1:]):
        found = []
        for source, licences in rows.items():
            mine = {name: count for name, count in licences.items() if classify(name) == kind}
            if mine:
                names = ", ".join(_named(name) for name in sorted(filter(None, mine))[:SHOWN])
                found.append(
                    (
                        sum(mine.values()),
                        f"{source} {format_count(sum(mine.values()))}" + (f" ({names})" if names else ""),
                    )
                )
        if found:
            found.sort(key=lambda item: -item[0])
            more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            said.append(f"{WORDS[kind]}: " + ", ".join(text for _, text in found[:SHOWN]) + more)
    return "; ".join(said)


def _named(licence: str) -> str:
    told = ", the LICENSE or COPYING file beside the rows, which precedes the source's `licence`"
    return printable_line(licence) + (told if licence == UNRECOGNISED else "")


def warn_of_licences(gate: Gate, rows: Mapping[str, Mapping[str, int]]) -> None:
    """Say once which sources have rows that not everybody may use."""
    if gate == "any" and (said := describe_licences(rows)):
        say(
            f"warning: licences to look at before you publish or train (rows): {said}."
            " `licences: permissive` leaves them out"
        )
