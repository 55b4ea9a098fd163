"""A phrase in plain words for every keyword that a value can break."""

from __future__ import annotations

import jsonschema_rs
import pytest

from sxl_data.rules.plain_words import _WORDS
from sxl_data.rules.schema_checker import Checker

# Keyword → a schema, a value that breaks it, and a part of what is said.
BROKEN = {
    "minItems": ({"minItems": 2}, [1], "needs 2 items at least"),
    "maxItems": ({"maxItems": 1}, [1, 2], "may have 1 item at most"),
    "pattern": ({"pattern": "^a"}, "b", "does not match the pattern ^a"),
    "format": ({"format": "date"}, "x", "as the format `date` asks"),
    "enum": ({"enum": ["c", "f"]}, "k", 'has to be one of ["c", "f"]'),
    "const": ({"const": 1}, 2, "exactly 1"),
    "type": ({"type": ["string", "null"]}, 1, "1 has to be null or a text"),
    "minimum": ({"minimum": 3}, 1, "3 at least"),
    "maximum": ({"maximum": 3}, 4, "3 at most"),
    "exclusiveMinimum": ({"exclusiveMinimum": 3}, 3, "more than 3"),
    "exclusiveMaximum": ({"exclusiveMaximum": 3}, 3, "less than 3"),
    "multipleOf": ({"multipleOf": 3}, 4, "a multiple of 3"),
    "minLength": ({"minLength": 3}, "a", "needs 3 characters"),
    "maxLength": ({"maxLength": 1}, "ab", "may have 1 character at most"),
    "uniqueItems": ({"uniqueItems": True}, [1, 1], "an item twice"),
    "contains": ({"contains": {"type": "string"}}, [1], "has to contain"),
    "minProperties": ({"minProperties": 2}, {"a": 1}, "needs 2 names"),
    "maxProperties": ({"maxProperties": 0}, {"a": 1}, "may have 0 names"),
    "not": ({"not": {"type": "string"}}, "a", "ruled out"),
    "falseSchema": ({"properties": {"a": False}}, {"a": 1}, "not allowed here"),
    "required": ({"required": ["a"]}, {}, 'lacks "a"'),
    "additionalProperties": ({"properties": {"a": {}}, "additionalProperties": False}, {"b": 1}, "not declared: b"),
    "unevaluatedProperties": ({"unevaluatedProperties": False}, {"b": 1}, "not declared: b"),
    "unevaluatedItems": ({"unevaluatedItems": False}, [1], "not declared: 1"),
    "propertyNames": ({"propertyNames": {"pattern": "^a"}}, {"b": 1}, 'a name that is not allowed: "b" does not'),
    "anyOf": ({"anyOf": [{"type": "string"}, {"minimum": 3}]}, 1, "none of 2 forms allowed: 1 has to be a text; 1 has"),
    "oneOf": ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, 1, "fits 2 of the 2 forms"),
}
# Keywords of older drafts, and those that the checker only notes unless it is asked.
RARE = {"additionalItems", "contentEncoding", "contentMediaType"}


@pytest.mark.parametrize("keyword", sorted(BROKEN))
def test_each_keyword_is_said_in_plain_words(keyword: str) -> None:
    schema, value, said = BROKEN[keyword]
    (error,) = jsonschema_rs.validator_for(schema, validate_formats=True).iter_errors(value)
    assert keyword == error.kind.name
    if keyword != "format":  # a note in this draft, unless a validator is told otherwise
        (found,) = Checker(schema).errors(value)
        assert found.keyword == keyword and said in found.message


def test_no_keyword_is_forgotten() -> None:
    assert set(_WORDS) <= set(BROKEN) | RARE


def test_forms_inside_forms_and_large_values_stay_short() -> None:
    schema: dict = {"type": "string"}
    for _ in range(60):
        schema = {"anyOf": [schema, {"type": "null"}]}
    (error,) = Checker(schema).errors(list(range(10_000)))
    (found,) = Checker({"type": "string"}).errors(list(range(10_000)))
    assert "a list of 10000 items has to be a text" == found.message
    assert error.keyword == "anyOf" and len(error.message) < 500
