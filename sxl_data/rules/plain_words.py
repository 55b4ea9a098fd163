"""What a value must be, in plain words, by the keyword of JSON Schema that it breaks.

In: an error of the schema checker. Out: a phrase that names the value and the limit, for people who never read a
schema. Keywords: https://json-schema.org/draft/2020-12/json-schema-validation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

_SHOWN = 60  # characters of a value
_BRANCHES = 4
_DEEPEST = 3
_MOST = 20  # items of a value that is shown

_WORDS: dict[str, Callable[[Any], str]] = {
    "additionalItems": lambda limit: "has more items than the list may have",
    "const": lambda limit: f"has to be exactly {_shown(limit)}",
    "contains": lambda limit: "is a list without enough items (or with too many) of the kind that it has to contain",
    "contentEncoding": lambda limit: f"is no text encoded as {limit}",
    "contentMediaType": lambda limit: f"is no text of the media type {limit}",
    "enum": lambda limit: f"has to be one of {_shown(limit)}",
    "exclusiveMaximum": lambda limit: f"has to be less than {_shown(limit)}",
    "exclusiveMinimum": lambda limit: f"has to be more than {_shown(limit)}",
    "falseSchema": lambda limit: "is not allowed here at all",
    "format": lambda limit: f"is not written as the format `{limit}` asks",
    "maxItems": lambda limit: f"is a list that may have {_many(limit, 'item')} at most",
    "maxLength": lambda limit: f"is a text that may have {_many(limit, 'character')} at most",
    "maxProperties": lambda limit: f"is an object that may have {_many(limit, 'name')} at most",
    "maximum": lambda limit: f"may be {_shown(limit)} at most",
    "minItems": lambda limit: f"is a list that needs {_many(limit, 'item')} at least",
    "minLength": lambda limit: f"is a text that needs {_many(limit, 'character')} at least",
    "minProperties": lambda limit: f"is an object that needs {_many(limit, 'name')} at least",
    "minimum": lambda limit: f"has to be {_shown(limit)} at least",
    "multipleOf": lambda limit: f"has to be a multiple of {_shown(limit)}",
    "not": lambda limit: f"is what is ruled out: {_shown(limit)}",
    "pattern": lambda limit: f"does not match the pattern {limit}",
    "type": lambda limit: f"has to be {_kinds(limit)}",
    "uniqueItems": lambda limit: "is a list that has an item twice",
}
_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}


def words(error: Any, depth: int = 0) -> str:
    """``error``, a ValidationError of jsonschema_rs, as a phrase; its own message for a keyword that is not known.
    ``depth`` counts the forms inside forms that lead to it."""
    kind = error.kind
    name, limit = kind.name, getattr(kind, "value", None)
    if name == "required":
        return f"lacks {_shown(limit)}, which is required"
    if name in ("additionalProperties", "unevaluatedProperties"):
        return f"has names that are not declared: {_names(limit)}"
    if name == "unevaluatedItems":
        return f"has items that are not declared: {_names(limit)}"
    if name == "propertyNames":
        return f"has a name that is not allowed: {_inner(limit, error)}"
    if name in ("anyOf", "oneOf"):
        return f"{_shown(error.instance)} {_branches(name, limit, depth)}"
    phrase = _WORDS.get(name)
    return str(error.message) if phrase is None else f"{_shown(error.instance)} {phrase(limit)}"


def _branches(name: str, context: Any, depth: int) -> str:
    """What each of several schemas says, where none fits; or that too many fit."""
    branches = context if isinstance(context, (list, tuple)) else ()
    fits = sum(not branch for branch in branches)
    if name == "oneOf" and fits > 1:
        return f"fits {fits} of the {len(branches)} forms of which it may fit one only"
    if depth == _DEEPEST:
        return f"fits none of {_many(len(branches), 'form')} allowed"
    said = list(dict.fromkeys(words(branch[0], depth + 1) for branch in branches[:_BRANCHES] if branch))
    more = f"; and {len(branches) - _BRANCHES} more" if len(branches) > _BRANCHES else ""
    return f"fits none of {_many(len(branches), 'form')} allowed: {'; '.join(said)}{more}"


def _inner(value: Any, error: Any) -> str:
    return words(value) if hasattr(value, "kind") else str(error.message)


def _names(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _kinds(value: Any) -> str:
    names = [value] if isinstance(value, str) else list(value)
    return " or ".join(_KINDS.get(name, name) for name in names)


def _many(count: Any, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _shown(value: Any) -> str:
    """``value`` as JSON, cut in its middle where it is long."""
    if isinstance(value, (list, dict)) and len(value) > _MOST:
        return f"a list of {len(value)} items" if isinstance(value, list) else f"an object of {len(value)} names"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 20]} … {text[-15:]}"
