"""The keys of recipes: what each does, what it takes and what it is without being said.

In: the schemas of recipes that ship. Out: one `Key` for each, and text for people. `explain` and the site of `make
docs` say the same, from a checkout and from an installed package.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from sxl_data.contract.resources import schemas_folder

RECIPES = {"data": "recipe.data.v1.json", "train": "recipe.train.v1.json"}
UNITS = (
    ("bytes", "bytes"),
    ("memory", "a size such as 2GB"),
    ("size_limit", "a size such as 300MB"),
    ("seconds", "seconds"),
    ("timeout", "seconds"),
    ("max_length", "tokens"),
    ("tokens", "tokens"),
    ("rows", "rows"),
    ("steps", "optimiser steps"),
    ("epochs", "passes over the rows"),
    ("threshold", "Jaccard similarity, 0 to 1"),
    ("lr", "learning rate"),
    ("workers", "processes"),
    ("vocabulary", "tokens"),
    ("layers", "layers"),
    ("limit", "rows"),
)
"""Ending of a key → what its number counts."""
_COUNTED = ("a number", "a whole", "text")


class Key(NamedTuple):
    """One key; ``name`` is its path, `[]` standing for the number of an item. ``default`` is JSON, empty where there
    is none, and ``unit`` is empty where nothing is counted."""

    recipe: str
    name: str
    about: str
    default: str
    takes: str
    unit: str

    @property
    def given(self) -> str:
        """How it is given on the command line."""
        value = "[A, B]" if self.takes.startswith("a list") else "VALUE"
        return f"{self.name.replace('[]', '.0')}={value}"

    @property
    def plain(self) -> str:
        """The path as it is named in talk: `sources.licence`."""
        return self.name.replace("[]", "")


@cache
def keys(recipe: str) -> tuple[Key, ...]:
    """The keys of a ``recipe``, data or train, in its own order."""
    schema = json.loads((schemas_folder() / RECIPES[recipe]).read_text(encoding="utf-8"))
    return tuple(_key(recipe, name, field) for name, field in _walk(schema, schema["$ref"], ""))


def explain_keys(wanted: str) -> str:
    """What the key ``wanted`` of either recipe does, or the keys of a section; `keys` lists all. Empty where there is
    none of that name."""
    plain = wanted.strip().replace("[]", "")
    every = [key for recipe in RECIPES for key in keys(recipe)]
    found = [key for key in every if key.plain == plain]
    if found:
        return "\n\n".join(map(_one, found))
    section = every if plain == "keys" else [key for key in every if key.plain.startswith(f"{plain}.")]
    if not section:
        return ""
    widest = max(len(key.name) for key in section)
    return "\n".join(
        f"{key.recipe:<5}  {key.name:<{widest}}  {key.default or '(has to be given)'}  {key.about.partition('. ')[0]}"
        for key in section
    )


def names() -> list[str]:
    """Every key as it is named in talk."""
    return [key.plain for recipe in RECIPES for key in keys(recipe)]


def _one(key: Key) -> str:
    facts = {
        "recipe": key.recipe,
        "default": key.default or "none: it has to be given",
        "takes": key.takes,
        "unit": key.unit,
        "as": f"{key.given} on the command line",
    }
    return "\n".join([key.name, "", f"  {key.about}", "", *(f"  {a:<9} {b}" for a, b in facts.items() if b)])


def _key(recipe: str, name: str, field: dict[str, Any]) -> Key:
    takes = _type_of(field)
    counted = next((words for ending, words in UNITS if name.split(".")[-1].endswith(ending)), "")
    return Key(
        recipe=recipe,
        name=name,
        about=" ".join(field.get("description", "").split()),
        default=json.dumps(field["default"], ensure_ascii=False) if "default" in field else "",
        takes=takes,
        unit=counted if takes.startswith(_COUNTED) else "",
    )


def _walk(schema: dict[str, Any], ref: str, before: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in schema["$defs"][ref.rpartition("/")[2]]["properties"].items():
        inner = field.get("$ref") or next(
            (a["$ref"] for a in field.get("allOf", field.get("anyOf", [])) if "$ref" in a), ""
        )
        of_items = field.get("items", {}).get("$ref", "") if isinstance(field.get("items"), dict) else ""
        if inner or of_items:
            yield from _walk(schema, inner or of_items, f"{before}{name}{'[]' if of_items else ''}.")
        else:
            yield f"{before}{name}", field


def _type_of(field: dict[str, Any]) -> str:
    if "enum" in field:
        return "one of " + ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(map(_type_of, field["anyOf"])))
    words = {"integer": "a whole number", "number": "a number", "string": "text", "boolean": "true or false"}
    words |= {"array": "a list", "object": "keys and values", "null": "null"}
    sign = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    shown = ", ".join(f"{mark} {field[name]}" for name, mark in sign.items() if name in field)
    return words.get(str(field.get("type")), "a value") + (f", {shown}" if shown else "")
