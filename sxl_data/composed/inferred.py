"""Functions out of somebody's tool definitions: what values their parameters take, read off names and descriptions.

In: a `Tool` with JSON Schema. Out: a `Function` without patterns of its own, or None for a tool that no request can be
made for: one of its required parameters takes values of which nobody can say what they are. "(e.g., DNA, blood)" in
a description is a pool; so are names that are known (city, email, start_date); numbers and dates are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sxl_data.composed.functions import Function, Parameter
from sxl_data.composed.kinds import Kind
from sxl_data.composed.pattern import NAME
from sxl_data.composed.pools import POOLS
from sxl_data.composed.wording import label
from sxl_data.contract import patterns
from sxl_data.files.json_text import load
from sxl_data.trace.types import Tool

_EXAMPLES = patterns.compile(
    r"(?i)(?:\(|\b)(?:e\.?\s?g\.?,?:?|for example:?,?|such as:?|examples?:|possible values:?(?: are)?|one of:?|either)"
    r"\s+([^()]+?)(?:\)|\.(?:\s|$)|$)"
)
_SPLIT = patterns.compile(r"(?:,\s*(?:and |or )?|;\s*|\s+or\s+|\s+and\s+|\s*/\s+)")
_NUMBER = patterns.compile(r"[$€£]?-?[0-9][0-9,]*(?:\.[0-9]+)?%?")
_ID_WORDS = frozenset("id number code identifier sku isbn serial reference uuid key token".split())
_KNOWN = frozenset(
    "city country place location state language currency company email url phone address ticker symbol person "
    "colour color product brand genre topic subject ingredient cuisine month weekday season timezone username "
    "instrument author artist director movie book song game sport league team university profession animal species "
    "planet disease symptom drug medication crop soil hotel restaurant airline airport museum landmark material "
    "element hobby exercise keyword query destination origin employee patient customer student recipient "
    "player manager teacher doctor file filename path folder directory branch repository repo channel table "
    "column".split()
)
"""Words of names that say what values are: pools of the same name, or of that in `_SAME`."""
_SAME = {
    "location": "place",
    "destination": "city",
    "origin": "city",
    "symbol": "ticker",
    "color": "colour",
    "address": "street",
    "team": "sports_team",
    "player": "athlete",
    "medication": "drug",
    "keyword": "topic",
    "query": "topic",
    "filename": "file",
    "folder": "path",
    "directory": "path",
    "repo": "repository",
    **dict.fromkeys(
        ("employee", "patient", "customer", "student", "recipient", "manager", "teacher", "doctor"), "person"
    ),
}
_QUOTED = {
    "title": "title",
    **dict.fromkeys(("text", "message", "content", "body", "note", "comment", "sentence"), "sentence"),
    **dict.fromkeys(("task", "todo", "reminder"), "task"),
}
"""Names of free text, which stands in quotes in a request."""
_FORMATS = {"email": "email", "uri": "url", "url": "url"}
_SORTS = frozenset(
    "number name id code address format etc string url city state country town region area district neighborhood "
    "location province continent county street zip place person company organization username email date".split()
)
_NO_VALUES = ("etc", "others", "other", "more")
_ORDERS = {"mm/dd/yyyy": "%m/%d/%Y", "dd/mm/yyyy": "%d/%m/%Y", "dd-mm-yyyy": "%d-%m-%Y"}
_DEPTH = 2
_MOST_WORDS = 6


def infer(tool: Tool, family: str = "") -> Function | None:
    """``tool`` as a function, where requests can be made for it."""
    schema = _object(load(tool.parameters_json) if tool.parameters_json else {})
    description = (tool.description or "").strip()
    if schema is None or not 2 <= len(description.split()) <= 40 or not description.isascii():
        return None
    parameters = dict(_parameters(schema, ""))
    if None in parameters.values() or not parameters:
        return None
    kept = {name: parameter for name, parameter in parameters.items() if isinstance(parameter, Parameter)}
    return Function(tool.name, description, family, kept, (), tool=tool)


def _object(schema: Any) -> dict[str, Any] | None:
    found = schema if isinstance(schema, dict) else None
    return found if found is not None and isinstance(found.get("properties"), dict) else None


def _parameters(schema: dict[str, Any], within: str, depth: int = 0) -> Iterator[tuple[str, Parameter | None]]:
    """Parameters by name; None for a required one that no value can be made for."""
    required = schema.get("required")
    needed = set(required) if isinstance(required, list) else set()
    for name, item in schema["properties"].items():
        must = name in needed
        inner = _object(item)
        if inner is not None and depth < _DEPTH and not within:
            fields = dict(_parameters(inner, f"{name}.", depth + 1))
            if None in fields.values() or not fields:
                fields = {name: None}
            if must:
                yield from fields.items()
            continue
        kind = _kind(name, item) if isinstance(item, dict) and NAME.fullmatch(name) and "." not in name else None
        if kind is not None:
            about = str(item.get("description") or "")
            yield within + name, Parameter((name,), kind, about, must)
        elif must:
            yield within + name, None


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    """``item`` without the null that declarations of what may be left out often allow."""
    for key in ("anyOf", "oneOf"):
        options = [
            option for option in item.get(key) or () if isinstance(option, dict) and option.get("type") != "null"
        ]
        if len(options) == 1:
            return {name: value for name, value in item.items() if name != key} | options[0]
    kind = item.get("type")
    if isinstance(kind, list):
        kinds = [one for one in kind if one != "null"]
        return item | {"type": kinds[0] if len(kinds) == 1 else None}
    return item


def _kind(name: str, item: dict[str, Any]) -> Kind | None:
    item = _plain(item)
    kind, about = item.get("type"), str(item.get("description") or "")
    said = item.get("enum")
    if said is not None:
        texts = isinstance(said, list) and said and all(isinstance(value, str) and value for value in said)
        return Kind("enum", pool=tuple(said)) if texts and kind in ("string", None) else None
    if kind == "boolean":
        return Kind("flag")
    if kind in ("integer", "number"):
        return _numeric(name, about, item, whole=kind == "integer")
    if kind == "array":
        items = item.get("items")
        inner = _kind(name.removesuffix("s"), {"description": about, **(items if isinstance(items, dict) else {})})
        if inner is None or inner.form == "list" or not isinstance(items, dict) or "type" not in items:
            return None
        return Kind("list", 2, 3, inner=inner) if len(set(inner.pool)) > 2 or not inner.pool else None
    if kind != "string":
        return None
    stated = item.get("format")
    if stated in _FORMATS:
        return Kind("pool", pool=POOLS[_FORMATS[stated]])
    return Kind("date") if stated == "date" else _text(name, about) if stated is None else None


def _numeric(name: str, about: str, item: dict[str, Any], whole: bool) -> Kind | None:
    low, high = item.get("minimum"), item.get("maximum")
    given = [float(text.strip("$€£%").replace(",", "")) for text in examples(about) if _NUMBER.fullmatch(text)]
    words = set(label(name).split())
    if "year" in words and whole:
        return Kind("year", 1990, 2024)
    if words & _ID_WORDS and whole and low is None and not given and not words & {"number"}:
        return Kind("plain", 101, 9999)
    if words & {"latitude", "lat"}:
        low, high = -60, 60
    elif words & {"longitude", "lon", "lng"}:
        low, high = -170, 170
    elif words & {"timestamp", "time"} and not given:
        low, high = 1, 90
    elif given and max(given) > 0:
        low, high = min(given) if min(given) != max(given) else min(given) / 2, max(given) * 1.5
    low = float(low) if isinstance(low, int | float) else 1.0
    high = float(high) if isinstance(high, int | float) else max(100.0, low * 2)
    if whole:
        return Kind("int", int(low), max(int(high), int(low) + 3))
    return Kind("num" if high > 10 else "float2", low, high)


def _text(name: str, about: str) -> Kind | None:
    words = label(name).split()
    lowered = about.lower()
    if (
        "date" in words
        or "yyyy-mm-dd" in lowered
        or any(order in lowered for order in _ORDERS)
        or (words[-1:] == ["day"] and "format" in lowered)
    ):
        return _dated(lowered)
    if "time" in words and ("hh:mm" in lowered or "format" in lowered):
        return Kind("time")
    given = [text for text in examples(about) if not _is_sort_of(text)]
    digits = [text for text in given if any(c.isdigit() for c in text)]
    if _ID_WORDS & set(words[-1:]) and not digits:
        return Kind("id", pool=(f"{words[0][:3].upper()}" if len(words) > 1 else "", ""))
    if len(given) > 1:
        return Kind("words", pool=tuple(given))
    for word in reversed(words):
        pool = _SAME.get(word, word)
        if pool in POOLS and word in _KNOWN:
            return Kind("pool", pool=POOLS[pool])
        if word in _QUOTED:
            return Kind("quoted", pool=POOLS[_QUOTED[word]])
    if words[-1:] == ["name"] and len(words) > 1 and _SAME.get(words[-2]) == "person":
        return Kind("pool", pool=POOLS["person"])
    if " name of the person" in lowered or "full name" in lowered:
        return Kind("pool", pool=POOLS["person"])
    return None


def _dated(about: str) -> Kind:
    """Dates in the order that a description asks for."""
    for order, written in _ORDERS.items():
        if order in about:
            days = (date(2023, 1, 3) + timedelta(days=11 * n) for n in range(60))
            return Kind("words", pool=tuple(day.strftime(written) for day in days))
    return Kind("date")


def examples(about: str) -> list[str]:
    """The values that a description lists."""
    found = _EXAMPLES.search(about)
    if found is None:
        return []
    parts = [part.strip(" '\"`“”‘’.") for part in _SPLIT.split(found.group(1))]
    return [part for part in parts if part and part.lower() not in _NO_VALUES and _is_value(part)]


def _is_value(text: str) -> bool:
    return len(text.split()) <= _MOST_WORDS and text.isascii() and not any(code in text for code in "{}[]<>|=")


def _is_sort_of(text: str) -> bool:
    """Whether ``text`` says what kind of thing a value is, and is none: "license plate number"."""
    return text.lower().rpartition(" ")[2] in _SORTS
