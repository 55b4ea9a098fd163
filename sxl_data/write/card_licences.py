"""The card's part on licences: what the whole falls under, rows by licence, whom to name, and what to look at.

In: the manifest. Out: Markdown. The licence of the whole is computed from those of the rows: it allows no more than the
least of them does.
"""

from __future__ import annotations

from sxl_data.contract.console import format_count
from sxl_data.rules.spdx import CLASSES, Class, asks_attribution, classify, worst
from sxl_data.write.manifest import Manifest, SourceSummary
from sxl_data.write.markdown import cell, table

WHOLE: dict[Class, str] = {
    "permissive": "Every row is under a licence that allows every use and asks no more than to be named.",
    "copyleft": "As a whole it is under copyleft: what is made with it may fall under the same terms.",
    "restricted": "As a whole it is restricted: some licences forbid some uses or changes.",
    "non-commercial": "As a whole it is for non-commercial use only.",
    "unknown": "As a whole it has no licence that anybody could name: some rows are under licences of no list.",
    "free-text": "As a whole it has no licence that a program could name: some rows state theirs in words.",
    "missing": "As a whole it has no licence: some rows state none, and nobody may copy those.",
}


def licences(manifest: Manifest) -> str:
    """The section."""
    kept = [source for source in manifest.sources if source.kept]
    rows = {name: sum(found.values()) for name, found in manifest.counts.get("licence", {}).items()}
    stated = list(rows) or [source.licence for source in kept]
    lines = ["## Licences\n", f"{WHOLE[worst(stated)]} Rows keep the licence of their source (column `licence`).\n"]
    if rows:
        counted = [[cell(name) or "none", classify(name), format_count(count)] for name, count in rows.items()]
        lines += [*table(["licence", "class", "rows"], counted, right=1), ""]
    lines += _warnings(kept)
    lines += ["### Attribution\n", *table(["source", "licence", "name", "where"], [_credit(s) for s in kept]), ""]
    return "\n".join(lines)


def _warnings(sources: list[SourceSummary]) -> list[str]:
    lines = []
    for kind in reversed(CLASSES[1:]):
        found = [source for source in sources if any(classify(name) == kind for name in _of(source))]
        if found:
            names = ", ".join(f"{cell(s.name)} ({_names(s, kind)})" for s in found)
            lines.append(f"- **{kind}**: {names}.")
    nameless = [s.name for s in sources if not s.attribution and any(map(asks_attribution, _of(s)))]
    if nameless:
        lines.append(f"- **attribution asked for and not given**: {', '.join(map(cell, nameless))}.")
    if unknown := [cell(source.name) for source in sources if not source.licence and "" in _of(source)]:
        lines.append(f"- Licence unknown for: {', '.join(unknown)}. Find out before you publish.")
    return ["To look at before you publish it or train on it:\n", *lines, ""] if lines else []


def _names(source: SourceSummary, kind: Class) -> str:
    names = sorted(cell(name) or "none stated" for name in _of(source) if classify(name) == kind)
    count = sum(count for name, count in source.licences.items() if classify(name) == kind)
    return ", ".join(names[:5]) + (f", {format_count(count)} rows" if count else "")


def _of(source: SourceSummary) -> list[str]:
    """The licences of a source's rows, or its own where they were not counted."""
    return list(source.licences) or [source.licence]


def _credit(source: SourceSummary) -> list[str]:
    hub = f"https://huggingface.co/datasets/{source.hub}" if source.hub else ""
    names = ", ".join(cell(name) for name in sorted(filter(None, _of(source)))[:4]) or "none stated"
    where = " ".join(
        filter(None, (hub, cell(source.licence_url), source.revision and f"@ {cell(source.revision[:12])}"))
    )
    return [cell(source.name), names, cell(source.attribution) or "–", where or "–"]
