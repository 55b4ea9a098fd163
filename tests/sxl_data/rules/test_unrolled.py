"""A schema is measured before a value is: what a few lines of references stand for is bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sxl_data.engine.confined import Exceeded
from sxl_data.rules.arguments import compile_schema
from sxl_data.rules.unrolled import MOST, deepest, unroll


def doubling(levels: int) -> dict[str, Any]:
    definitions: dict[str, Any] = {
        f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}, {"$ref": f"#/$defs/d{i + 1}"}]} for i in range(levels)
    }
    return {"$defs": definitions | {f"d{levels}": {"type": "object"}}, "$ref": "#/$defs/d0"}


def test_definitions_that_double_are_counted_and_not_followed():
    assert MOST + 1 == unroll(doubling(200))[0]
    small = unroll(doubling(3))[0]
    assert 15 <= small <= 100


def test_a_value_under_a_schema_bomb_is_given_up_with_a_word():
    compiled = compile_schema(json.dumps(doubling(60)))
    assert compiled.checker is not None and not compiled.faults
    with pytest.raises(Exceeded, match="within"):
        compiled.checker.is_valid({"a": 1})
    with pytest.raises(Exceeded):  # at once, from then on
        compiled.checker.errors({"a": 2})


def test_a_small_schema_of_the_same_kind_is_checked():
    compiled = compile_schema(json.dumps(doubling(18)))
    assert compiled.checker is not None and compiled.checker.is_valid({"a": 1})


def test_a_value_too_deep_for_a_schema_that_branches_is_checked_elsewhere():
    value: dict[str, Any] = {"v": 1}
    for _ in range(40):
        value = {"left": value}
    checker = compile_schema(json.dumps(TREE)).checker
    assert checker is not None and checker.is_valid(value)
    assert [["left"] * 3 + ["v"]] == [e.path for e in checker.errors({"left": {"left": {"left": {"v": "x"}}}})]


def test_a_chain_of_references_longer_than_anybody_writes_is_refused():
    chain: dict[str, Any] = {f"d{i}": {"$ref": f"#/$defs/d{i + 1}"} for i in range(2_000)}
    schema = {"$defs": chain | {"d2000": {"type": "object"}}, "$ref": "#/$defs/d0"}
    assert MOST + 1 == unroll(schema)[0]


TREE = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "v": {"type": "integer"}}}


def test_a_tree_may_be_as_deep_as_trees_are():
    size, back = unroll(TREE)
    assert size < 20 and back == 2
    compiled = compile_schema(json.dumps(TREE))
    assert compiled.checker is not None
    assert compiled.checker.is_valid({"left": {"v": 1}, "right": {"left": {"v": 2}}})
    assert not compiled.checker.is_valid({"left": {"v": "x"}})
    assert 16 == compiled.checker.deepest == deepest(2)


@pytest.mark.parametrize("reference", ["#node", "urn:x", "#/$defs/n"])
def test_references_by_anchor_and_id_are_followed(reference: str):
    node = {"$id": "urn:x", "$anchor": "node", "items": {"$ref": reference}, "not": {"$ref": reference}}
    assert 2 == unroll({"$defs": {"n": node}, "$ref": reference})[1]


def test_a_list_that_leads_back_once_has_no_limit():
    assert 1 << 30 == deepest(unroll({"items": {"$ref": "#"}})[1])
