"""Every code that a user can meet, as data.

A code is append-only: it keeps its meaning for ever, so that a suppression or a search written today still works. What
a rule finds stands in the rule's own file, with its check and its repair; what no rule finds stands in the tables of
this package. The first question about a family of rules loads it: nothing here imports what stands above.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Literal

import msgspec

Level = Literal["error", "warning", "note"]

TABLES = (
    "agent",
    "shape",
    "content",
    "cleaning",
    "worth",
    "corpus",
    "usage",
    "publishing",
    "release",
    "training",
    "evaluation",
    "review",
    "sharing",
)
"""Modules of this package with codes that no rule finds."""
RULES = {
    "S": ("rules.fields", "rules.shape"),
    "P": ("rules.pairing",),
    "O": ("rules.order",),
    "A": ("rules.arguments",),
    "C": ("rules.content", "rules.private"),
    "R": ("validate.trainability",),
    "M": ("rules.metrics",),
    "L": ("rules.licences",),
}
"""Letter → the modules with its rules, each with a table `CODES`. They are above this one, so they are only named."""


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be wrong, or one reason why a row left the build."""

    code: str
    rule: str
    level: Level
    title: str
    why: str
    fix: str
    fixable: bool = False
    stage: str = ""


def table(text: str) -> tuple[Code, ...]:
    """The codes of ``text``: a line ``CODE level rule`` for each, with ``fixable`` behind it where `validate --fix`
    mends it, and below it, indented by four, ``title``, ``why``, ``fix`` and perhaps ``stage``, each with its words,
    which may go on in a line that is indented further."""
    found: list[dict[str, str | bool]] = []
    name = ""
    for line in text.strip().splitlines():
        if not line.startswith(" "):
            code, level, rule, *more = line.split()
            found.append({"code": code, "level": level, "rule": rule, "fixable": more == ["fixable"]})
        elif line.startswith(" " * 8):
            found[-1][name] = f"{found[-1][name]} {line.strip()}"
        else:
            name, _, words = line.strip().partition(" ")
            found[-1][name] = words.strip()
    return tuple(msgspec.convert(entry, Code, strict=True) for entry in found)


class Registry(Mapping[str, Code]):
    """The codes by their names; a family of rules is loaded by the first question about it."""

    def __init__(self) -> None:
        self._codes: dict[str, Code] = {}
        self._waiting = dict(RULES)
        for name in TABLES:
            self._add(import_module(f"{__name__}.{name}").CODES)

    def __getitem__(self, code: str) -> Code:
        if code not in self._codes:
            self._load(code[:1])
        return self._codes[code]

    def __iter__(self) -> Iterator[str]:
        for letter in RULES:
            self._load(letter)
        return iter(self._codes)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _load(self, letter: str) -> None:
        for name in self._waiting.get(letter, ()):
            self._add(import_module(f"sxl_data.{name}").CODES)
        self._waiting.pop(letter, None)

    def _add(self, codes: tuple[Code, ...]) -> None:
        for entry in codes:
            assert self._codes.setdefault(entry.code, entry) is entry, f"{entry.code} is defined twice"


CODES = Registry()


def get(code: str) -> Code:
    """The entry of ``code``; an unknown one is our bug."""
    return CODES[code]
