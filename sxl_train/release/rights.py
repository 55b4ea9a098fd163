"""Under which licence a model is, and whom it has to name: computed from the base and from the rows it was tuned on.

The least permissive of both decides. What a permissive recipe made of a permissive base is under the base's licence;
rows for non-commercial use only make a model that says so, whatever its base allows. This reads licences as data; it
is no legal advice, and says so on the card.
"""

from __future__ import annotations

import msgspec

from sxl_data.rules.spdx import CLASSES, Class, asks_attribution, classify
from sxl_data.write.manifest import Manifest

BASES = {"apache-2.0": "Apache-2.0", "mit": "MIT", "cc-by-4.0": "CC-BY-4.0", "cc-by-nc-4.0": "CC-BY-NC-4.0"}
"""The Hub writes ids in lower case."""
WORDS: dict[Class, str] = {
    "permissive": "Base and data allow every use and ask no more than to be named.",
    "copyleft": "Part of what it was made of is under copyleft: what is made with it may fall under the same terms.",
    "restricted": "Part of what it was made of forbids some uses or changes.",
    "non-commercial": "For non-commercial use only: part of what it was made of allows no other.",
    "unknown": "Part of what it was made of is under licences of no list: find out before you use it.",
    "free-text": "Part of what it was made of states its licence in words: read them before you use it.",
    "missing": "Part of what it was made of states no licence: nobody may copy it.",
}


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """The licence of a model and where it comes from."""

    licence: str
    """The Hub's id: an SPDX id in lower case, or ``other``."""
    spdx: str
    """The same as an SPDX expression; NOASSERTION where there is none to name."""
    kind: Class
    words: str
    why: list[str]
    """What decided, in words."""
    credits: list[dict[str, str]]
    """Whom to name: what, licence, who, where."""


def compute(base: str, base_licence: str, chosen: str, manifest: Manifest | None) -> Rights:
    """Of a model on ``base`` under ``base_licence``; ``chosen`` is the recipe's word, which may be stricter and not
    looser than what base and data ask."""
    stated = BASES.get(base_licence.lower(), base_licence)
    parts = [("base " + base, stated)] if base != "demo" else []
    parts += [(f"rows of {source}", licence) for source, licence in _rows(manifest)]
    kind: Class = max((classify(licence) for _, licence in parts), key=CLASSES.index, default="missing")
    why = [f"{name}: {licence or 'none stated'} ({classify(licence)})" for name, licence in parts]
    own = chosen or (stated if kind == "permissive" and stated else "")
    if base == "demo" and kind == "permissive" and not own:
        own = "MIT"
    if own and CLASSES.index(classify(own)) < CLASSES.index(kind):
        why.append(f"the recipe says {own}, which allows more than that, so it does not hold")
        own = ""
    if not own:
        worst = {licence for _, licence in parts if classify(licence) == kind}
        own = worst.pop() if len(worst) == 1 else ""
    known = bool(own) and classify(own) not in ("missing", "free-text", "unknown")
    return Rights(
        licence=own.lower() if known and " " not in own else "other",
        spdx=own if known else "NOASSERTION",
        kind=kind,
        words=WORDS[kind],
        why=why,
        credits=_credits(base, stated, manifest),
    )


def _rows(manifest: Manifest | None) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for source in manifest.sources if manifest else ():
        if source.kept:
            for licence in source.licences or {source.licence: 0}:
                found[source.name, licence] = None
    return list(found)


def _credits(base: str, licence: str, manifest: Manifest | None) -> list[dict[str, str]]:
    credits = [
        {"what": f"base model {base}", "licence": licence, "who": "its authors, see the licence text", "where": base}
    ]
    for source in manifest.sources if manifest else ():
        if source.kept:
            licences = sorted(filter(None, source.licences or [source.licence]))
            asked = any(map(asks_attribution, licences))
            who = source.attribution or ("not given, although the licence asks for it" if asked else "–")
            where = source.hub or source.licence_url or "–"
            names = ", ".join(licences) or "none stated"
            credits.append({"what": f"rows of {source.name}", "licence": names, "who": who, "where": where})
    return credits if base != "demo" else credits[1:]


def attribution(rights: Rights) -> str:
    """`ATTRIBUTION.md`."""
    lines = ["# Attribution", "", rights.words, "", "| what | licence | who | where |", "|---|---|---|---|"]
    lines += [
        "| " + " | ".join(_cell(c[key]) for key in ("what", "licence", "who", "where")) + " |" for c in rights.credits
    ]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
