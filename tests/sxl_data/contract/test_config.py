from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import pytest

from sxl_data.contract.config import load
from sxl_data.contract.errors import UserError
from sxl_data.contract.structs import field_docs, json_schema


class Inner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    threshold: float = 0.7
    """How similar is too similar."""


class Outer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    """What it is called."""
    inner: Inner = Inner()
    """The inside."""
    many: tuple[Inner, ...] = ()
    """Several of them."""


def codes(problem: pytest.ExceptionInfo[UserError]) -> list[str]:
    return [item.code for item in problem.value.findings]


def test_every_value_knows_where_it_came_from():
    loaded = load(Outer, {"name": "x", "inner": {"threshold": 0.5}}, ["many=[{threshold: 0.1}]"])
    assert loaded.value == Outer(name="x", inner=Inner(threshold=0.5), many=(Inner(threshold=0.1),))
    assert loaded.origins == {"name": "recipe", "inner.threshold": "recipe", "many.0.threshold": "command line"}


def test_a_value_nobody_gave_is_a_default():
    assert load(Outer, {"name": "x"}).origins["inner.threshold"] == "default"


def test_all_unknown_keys_are_reported_at_once_with_the_nearest_name_and_line(tmp_path: Path):
    path = tmp_path / "recipe.yaml"
    path.write_text("name: x\nimer:\n  threshold: 1\ninner:\n  treshold: 1\n", encoding="utf-8")
    with pytest.raises(UserError) as problem:
        load(Outer, path)
    assert [(f.pointer, f.line, f.expected) for f in problem.value.findings] == [
        ("/imer", 2, "inner?"),
        ("/inner/treshold", 5, "threshold?"),
    ]


def test_a_missing_key_is_explained_by_its_documentation():
    with pytest.raises(UserError) as problem:
        load(Outer, {})
    assert codes(problem) == ["U105"]
    assert problem.value.findings[0].expected == "What it is called."


def test_a_wrong_type_names_the_place_and_what_was_found():
    with pytest.raises(UserError) as problem:
        load(Outer, {"name": "x", "many": [{"threshold": "high"}]})
    (found,) = problem.value.findings
    assert (found.code, found.pointer, found.found, found.expected) == (
        "U102",
        "/many/0/threshold",
        "'high'",
        "float, got str; the default is 0.7",
    )


def test_all_wrong_values_are_reported_at_once(tmp_path: Path):
    path = tmp_path / "recipe.yaml"
    text = "name: 5\ninner: {threshold: high}\nmany:\n  - {threshold: 0.1}\n  - {threshold: low}\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as problem:
        load(Outer, path)
    assert [("/name", 1), ("/inner/threshold", 2), ("/many/1/threshold", 5)] == sorted(
        ((f.pointer, f.line) for f in problem.value.findings), key=lambda found: found[1]
    )
    assert {"U102"} == set(codes(problem))


class Choosing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Literal["a", "b"] = "a"
    """Which one."""
    gate: Literal["any", "some"] | tuple[str, ...] = "any"
    """Which may come in."""
    rate: float = 1.0
    """Learning rate at the start."""
    inner: Inner = Inner()
    """The inside."""


@pytest.mark.parametrize(
    ("expected", "override"),
    [
        (("/kind", "one of a, b"), "kind=c"),
        (("/gate", "one of any, some, or a list"), "gate=none"),
        (("/learning_rate", "rate?"), "learning_rate=3"),
        (("/threshold", "inner.threshold?"), "threshold=3"),
        (("/inner/threshold", "float, got str; the default is 0.7"), "inner.threshold=high"),
    ],
)
def test_a_wrong_override_is_placed_on_the_command_line_and_says_what_was_meant(
    expected: tuple[str, str], override: str
):
    with pytest.raises(UserError) as problem:
        load(Choosing, {}, [override])
    (found,) = problem.value.findings
    assert (found.file, found.pointer, found.expected) == ("command line", *expected)


@pytest.mark.parametrize("text", ["1e-4", "1E-4", "0.0001", "+1e-4", "1.0e-4"])
def test_a_rate_may_be_written_with_an_exponent(text: str):
    assert load(Choosing, {}, [f"rate={text}"]).value.rate == 1e-4


@pytest.mark.parametrize(
    "text",
    ["a: &x [1]\nname: *x\n", "name: x\nname: y\n", "name: [", "- a list", "x" * 2_000_000],
    ids=["alias", "repeated key", "not yaml", "no mapping", "too long"],
)
def test_what_is_no_plain_recipe_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as problem:
        load(Outer, path)
    assert codes(problem) == ["U103"]


def test_an_override_without_a_value_is_refused():
    with pytest.raises(UserError) as problem:
        load(Outer, {"name": "x"}, ["inner.threshold"])
    assert codes(problem) == ["U401"]


def test_documentation_is_read_from_the_source():
    assert field_docs(Inner) == {"threshold": "How similar is too similar."}


def test_the_json_schema_carries_the_documentation():
    schema = json_schema(Outer, "https://example.org/outer.json", "Outer")
    assert schema["$defs"]["Inner"]["properties"]["threshold"]["description"] == "How similar is too similar."


class Switch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mode: Literal["auto", "off", "manual"] = "auto"
    """A word that YAML takes for a truth value is among its words."""
    plain: bool = True
    """A truth value."""
    size: str = "300MB"
    """A size."""


class Switches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    inner: Switch = Switch()
    """The inside."""


@pytest.mark.parametrize("word", ["off", "Off", '"off"'])
def test_off_is_the_word_where_a_key_offers_it_and_a_truth_value_elsewhere(word: str, tmp_path: Path):
    loaded = load(Switches, {}, [f"inner.mode={word}", "inner.plain=off"]).value
    assert (loaded.inner.mode, loaded.inner.plain) == ("off", False)
    path = tmp_path / "recipe.yaml"
    path.write_text("inner: {mode: off}\n", encoding="utf-8")
    assert load(Switches, path).value.inner.mode == "off"


@pytest.mark.parametrize("word", ["on", "true", "no longer"])
def test_a_word_that_a_key_does_not_offer_is_refused(word: str):
    with pytest.raises(UserError) as problem:
        load(Switches, {}, [f"inner.mode={word}"])
    assert codes(problem) == ["U102"] and problem.value.findings[0].expected == "one of auto, off, manual"


@pytest.mark.parametrize("number", ["10", "1.5", "300"])
def test_a_number_for_a_size_is_asked_for_its_unit(number: str):
    with pytest.raises(UserError) as problem:
        load(Switches, {}, [f"inner.size={number}"])
    assert problem.value.findings[0].expected == "a size with its unit, such as 300MB"
