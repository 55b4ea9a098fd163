"""What a build says of licences that somebody should look at.

In: the recipe's `licences`, and of each source its rows by licence, as they were read. Out: one warning that names the
sources, the worst class first; nothing where the recipe leaves such rows out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
    told = ", a LICENSE or COPYING file beside the rows whose text is not known"
    return printable_line(licence) + (told if licence == UNRECOGNISED else "")


def describe_overridden(stated: Mapping[str, str], rows: Mapping[str, Mapping[str, int]]) -> str:
    """The sources of which the recipe has ``stated`` another licence than some of their rows have; empty where there
    are none."""
    said = []
    for source, licence in stated.items():
        others = {name: count for name, count in rows.get(source, {}).items() if name != licence}
        if licence and others:
            largest = sorted(others.items(), key=lambda item: (-item[1], item[0]))
            shown = ", ".join(f"{printable_line(name)} {format_count(count)}" for name, count in largest[:SHOWN])
            more = f", and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
            said.append(f"{source} states {printable_line(licence)}, rows have {shown}{more}")
    return "; ".join(said)


def warn_of_licences(
    gate: Gate, rows: Mapping[str, Mapping[str, int]], stated: Mapping[str, str] = {}, say: Callable[[str], None] = say
) -> None:
    """Say once which sources have rows that not everybody may use, and which have other licences than the recipe has
    ``stated``."""
    if said := describe_overridden(stated, rows):
        say(f"warning: a licence that a file or a row states goes before the recipe's: {said}")
    if gate == "any" and (said := describe_licences(rows)):
        say(
            f"warning: licences to look at before you publish or train (rows): {said}."
            " `licences: permissive` leaves them out"
        )
