"""Calls are understood in the markup that the template writes, or not judged at all."""

from __future__ import annotations

from typing import Any

import pytest

from sxl_data.trace.template import named
from sxl_train.answers.calls import Tally, read_true
from sxl_train.answers.markup import READERS, Call, find_reader, read_schemas
from sxl_train.data import mask
from sxl_train.evaluate.compare import compare

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}
TRAINING = {name.removesuffix("_training"): path for name, path in named().items() if name.endswith("_training")}
EXPECTED = {"qwen3": "hermes", "qwen2_5": "hermes", "glm4moe": "glm", "qwen3_5_think": "qwen3-coder"}
TOOL = {
    "function": {
        "name": "add",
        "parameters": {
            "type": "object",
            "required": ["a"],
            "properties": {"a": {"type": "integer"}, "note": {"type": "string"}},
        },
    }
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_markup_is_found_by_asking_the_template(name: str) -> None:
    found = find_reader(mask.Template(TRAINING[name].read_text(encoding="utf-8"), SPECIAL))
    assert found is not None and found[0] == EXPECTED[name]


def test_our_own_template_is_read() -> None:
    found = find_reader(mask.Template(mask.OWN.read_text(encoding="utf-8")))
    assert found is not None and found[0] == "hermes"


WRITTEN = {
    "hermes": '<tool_call>{"name": "add", "arguments": {"a": 5, "note": "5"}}</tool_call>',
    "qwen3-coder": "<tool_call>\n<function=add>\n<parameter=a>\n5\n</parameter>\n<parameter=note>\n5\n</parameter>\n"
    "</function>\n</tool_call>",
    "glm": "<tool_call>add\n<arg_key>a</arg_key>\n<arg_value>5</arg_value>\n<arg_key>note</arg_key>\n"
    "<arg_value>5</arg_value>\n</tool_call>",
    "function": '<function=add>{"a": 5, "note": "5"}</function>',
    "mistral": '[TOOL_CALLS]add[ARGS]{"a": 5, "note": "5"}</s>',
    "mistral-list": '[TOOL_CALLS] [{"name": "add", "arguments": {"a": 5, "note": "5"}, "id": "callid001"}]</s>',
    "deepseek": '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{"a": 5, "note": "5"}<｜tool▁call▁end｜>',
    "llama3": '<|python_tag|>{"name": "add", "parameters": {"a": 5, "note": "5"}}<|eom_id|>',
}


def test_every_reader_is_tested() -> None:
    assert set(WRITTEN) == set(READERS)


@pytest.mark.parametrize("name", READERS)
def test_a_reader_gives_the_call_back_with_the_types_of_its_schema(name: str) -> None:
    assert READERS[name](WRITTEN[name], read_schemas([TOOL])) == [Call("add", {"a": 5, "note": "5"})]


@pytest.mark.parametrize("name", ["hermes", "qwen3-coder", "glm", "function", "deepseek"])
def test_a_call_that_is_never_closed_does_not_parse(name: str) -> None:
    end = {
        "hermes": "</tool_call>",
        "qwen3-coder": "</function>",
        "glm": "</tool_call>",
        "function": "</function>",
        "deepseek": "<｜tool▁call▁end｜>",
    }[name]
    assert READERS[name](WRITTEN[name].split(end)[0], read_schemas([TOOL])) == [None]


@pytest.mark.parametrize("name", READERS)
def test_words_are_no_calls(name: str) -> None:
    assert READERS[name]("I would add 5 and 5 <b>now</b>.", {}) == []


def test_a_markup_that_is_not_known_is_not_judged_and_matches_nothing() -> None:
    text = (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}{% for c in m.tool_calls or [] %}"
        "CALL {{ c.function.name }} WITH {{ c.function.arguments }}{% endfor %}</s>{% endfor %}"
    )
    assert find_reader(mask.Template(text)) is None
    tally = Tally()
    tally.add([], [Call("add", {"a": 5})], [TOOL])
    assert (tally.turns, tally.exact, tally.wanted, tally.made) == (1, 0, 1, 0)


def test_calls_and_turns_are_counted_apart() -> None:
    tally = Tally()
    good, other = Call("add", {"a": 5}), Call("add", {"a": 6})
    tally.add([good, other, None], [good], [TOOL], stopped=True)
    tally.add([good], [good], [TOOL])
    tally.add([], [], [TOOL])
    assert (tally.turns, tally.exact, tally.stopped) == (3, 1, 1)
    assert (tally.wanted, tally.made, tally.parse, tally.valid) == (2, 4, 3, 3)
    numbers: dict[str, Any] = {
        "loss": 1.0,
        "loss_per_byte": 0.5,
        "markup": "hermes",
        "forced": vars_of(Tally()),
        "generated": vars_of(tally),
    }
    table = compare({"a": numbers})
    assert "3 of 4" in table and "1 of 3" in table and "–" in table
    assert "not judged" in compare({"a": numbers | {"markup": None}}) and "3 of 4" not in compare(
        {"a": numbers | {"markup": None}}
    )


def vars_of(tally: Tally) -> dict[str, int]:
    return {name: getattr(tally, name) for name in tally.__struct_fields__}


def test_the_order_of_arguments_is_no_difference() -> None:
    message = {"tool_calls": [{"function": {"name": "add", "arguments": {"a": 1, "note": "x"}}}]}
    assert read_true(message) == [Call("add", {"note": "x", "a": 1})]
