"""What sxl stands on: each package that it asks for, and what those ask for, with version and licence, as Markdown.

Read from the metadata of what is installed here, so the list is that of this environment; nothing is looked up. A
licence is what the package states: its SPDX expression, else its classifiers, else the first line of its field.

    python .ci/licences.py        # prints the page that `make docs` puts into the site
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = "sheikh-sxl"
ASIDE = ("dev", "browser", "all")
"""Extras that nobody needs who uses sxl, and the one that names others."""


def page() -> str:
    """The list."""
    asked = found()
    strong = [name for name, (there, _) in sorted(asked.items()) if "GPL" in licence(there)]
    lines = [
        "# Licences of dependencies",
        "",
        f"{len(asked)} packages of the environment that this page was made in, as their own metadata states it. sxl "
        "itself is MIT; it ships none of these. Wanted by: `base`, extras, or the package that asks for it.",
        "",
        "Under a licence of the GNU family: "
        + (", ".join(f"{name} (through {asked[name][1]})" for name in strong) or "none")
        + ".",
        "",
        "| package | version | licence | wanted by |",
        "|---|---|---|---|",
    ]
    for name, (there, wanted) in sorted(asked.items()):
        lines.append(f"| {name} | {there.version} | {licence(there)} | {wanted} |")
    return "\n".join(lines) + "\n"


def found() -> dict[str, tuple[Distribution, str]]:
    """Name → the installed package, and who wants it: the base, else extras, else the first package that does."""
    ours = distribution(OURS)
    direct: dict[str, list[str]] = {name: ["`base`"] for name in _wanted(ours, "")}
    for extra in ours.metadata.get_all("Provides-Extra") or ():
        for name in () if extra in ASIDE else _wanted(ours, extra):
            if direct.setdefault(name, []) != ["`base`"]:
                direct[name].append(f"`{extra}`")
    waiting = [(name, ", ".join(wanted)) for name, wanted in direct.items()]
    known: dict[str, tuple[Distribution, str]] = {}
    for name, wanted in waiting:  # grows while it is read
        if name in known or name == OURS:
            continue
        try:
            there = distribution(name)
        except PackageNotFoundError:
            continue  # of an extra that is not installed here
        known[name] = (there, wanted)
        waiting += [(other, name) for other in _wanted(there, "")]
    return known


def _wanted(package: Distribution, extra: str) -> Iterator[str]:
    """Canonical names of what ``package`` asks for here, with one of its extras or without."""
    for text in package.requires or ():
        asked = Requirement(text)
        plain = asked.marker is None or asked.marker.evaluate({"extra": ""})
        if (plain and not extra) or (extra and not plain and asked.marker and asked.marker.evaluate({"extra": extra})):
            yield canonicalize_name(asked.name)


def licence(package: Distribution) -> str:
    """What ``package`` states, short."""
    meta = package.metadata
    if stated := meta.get("License-Expression"):
        return stated
    named = [c.rpartition(" :: ")[2] for c in meta.get_all("Classifier") or () if c.startswith("License :: ")]
    text = ", ".join(name for name in named if name != "OSI Approved") or (meta.get("License") or "").strip()
    return text.partition("\n")[0].replace("|", "\\|")[:80] or "not stated"


if __name__ == "__main__":
    sys.stdout.write(page())
