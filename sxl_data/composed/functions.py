"""Functions to compose requests for: their parameters, and how people ask for what they do.

In: the families that ship (``families/*.txt``). A family is a heading ``# name``; a function a line
``name: what it does.``, then its parameters, ``- name/other name?=default kind: what it is`` (``?`` for one that may
be left out), then ways to ask: ``=`` begins a noun phrase (``=s`` a plural one), ``!`` an imperative, ``?`` a question
and ``.`` whole sentences, in the grammar of `pattern`. A name with a dot is a field of an object. Out: `Function`s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

from sxl_data.composed.kinds import Kind, parse_kind
from sxl_data.composed.pattern import parse, slots_of
from sxl_data.trace.types import Tool

FORMS = ("=s", "=", "!", "?", ".")


class Parameter(msgspec.Struct, frozen=True):
    """One parameter. ``names``: its name, and others that a declaration may give it."""

    names: tuple[str, ...]
    kind: Kind
    about: str = ""
    required: bool = True
    default: str | None = None


class Ask(msgspec.Struct, frozen=True):
    """A way to ask: ``form`` is one of `FORMS`."""

    form: str
    pattern: str


class Function(msgspec.Struct, frozen=True):
    """A function, its parameters by the names that patterns use, and ways to ask for it."""

    name: str
    about: str
    family: str
    parameters: dict[str, Parameter]
    asks: tuple[Ask, ...]
    other_names: tuple[str, ...] = ()
    tool: Tool | None = None
    """The declaration that it was read from, which then stands as it is."""


@cache
def families() -> dict[str, Function]:
    """The functions that ship, by ``family.name``."""
    found: dict[str, Function] = {}
    for name, text in _texts():
        for function in read_families(text):
            key = f"{function.family}.{function.name}"
            if key in found:
                raise ValueError(f"{name}: {key} is there twice")
            found[key] = function
    return found


def families_digest() -> str:
    """The sha256 of what ships."""
    return hashlib.sha256("".join(text for _, text in _texts()).encode()).hexdigest()


def _texts() -> Iterator[tuple[str, str]]:
    folder = files("sxl_data.composed") / "families"
    for path in sorted(folder.iterdir(), key=lambda item: item.name):
        if path.name.endswith(".txt"):
            yield path.name, path.read_text(encoding="utf-8").replace("\r\n", "\n")


def read_families(text: str) -> list[Function]:
    """The functions of one file. Raises ValueError, with the line, for what is not understood."""
    found: list[Function] = []
    family, about = "", ""
    names: list[str] = []
    parameters: dict[str, Parameter] = {}
    asks: list[Ask] = []

    def finish() -> None:
        if names:
            found.append(Function(names[0], about, family, dict(parameters), tuple(asks), tuple(names[1:])))
            try:
                _require_whole(found[-1])
            except ValueError as wrong:
                raise ValueError(f"{names[0]}: {wrong}") from None
        for held in (names, parameters, asks):
            held.clear()

    for number, line in enumerate(text.splitlines(), 1):
        try:
            if line.startswith("# "):
                finish()
                family = line[2:].strip()
            elif line.startswith("- "):
                parameter = _parameter(line[2:])
                parameters[parameter.names[0]] = parameter
            elif form := next((form for form in FORMS if line.startswith(f"{form} ")), None):
                asks.append(Ask(form, line[len(form) + 1 :].strip()))
            elif line.strip():
                finish()
                head, _, about = line.partition(": ")
                about = about.strip()
                names += head.split("/")
        except ValueError as wrong:
            raise ValueError(f"line {number}: {wrong}") from None
    finish()
    return found


def _parameter(line: str) -> Parameter:
    head, _, about = line.partition(": ") if not line.rstrip().endswith(":") else (line.rstrip()[:-1], "", "")
    name, _, kind = head.partition(" ")
    names, required, default = [], True, ""
    for part in name.split("/"):
        said, _, value = part.partition("=")
        required, default = required and not said.endswith("?"), value or default
        names.append(said.rstrip("?"))
    return Parameter(
        names=tuple(names),
        kind=parse_kind(kind),
        about=about.strip(),
        required=required,
        default=default.replace("~", " ") or None,
    )


def _require_whole(function: Function) -> None:
    needed = {name for name, parameter in function.parameters.items() if parameter.required}
    for ask in function.asks:
        named = dict(slots_of(parse(ask.pattern)))
        sure = {name for name, optional in slots_of(parse(ask.pattern)) if not optional}
        if needed - sure or named.keys() - function.parameters.keys():
            odd = sorted(needed - sure) + sorted(named.keys() - function.parameters.keys())
            raise ValueError(f"{', '.join(odd)} in {ask.pattern!r}")
    if not function.asks:
        raise ValueError("no way to ask for it")
