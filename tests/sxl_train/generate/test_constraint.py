"""Answers held to the grammar of the declared tools: whatever the weights say, a call parses and satisfies its schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sxl_data.contract.errors import UserError
from sxl_data.rules.schema_checker import Checker
from sxl_train.data import mask
from sxl_train.generate.call_form import CallForm, find_form
from sxl_train.generate.constraint import fill
from sxl_train.generate.copying import stands
from sxl_train.generate.folder import FolderBackend
from sxl_train.generate.rows import Row
from sxl_train.generate.types import Copied, Request

OWN = mask.Template(mask.OWN.read_text(encoding="utf-8"))
HERMES = CallForm(
    '<tool_call>{"name": "', '", "arguments": ', "}</tool_call>", '}</tool_call><tool_call>{"name": "', (", ", ": ")
)


def tool(name: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required}
    return {"type": "function", "function": {"name": name, "description": "d", "parameters": schema}}


TOOLS = (
    tool("add", {"a": {"type": "integer"}, "b": {"type": "number"}}, ["a", "b"]),
    tool("say", {"text": {"type": "string"}, "loud": {"type": "boolean"}}, ["text"]),
    tool(
        "plan",
        {
            "steps": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "properties": {"what": {"type": "string"}, "kind": {"enum": ["a", "b"]}},
                    "required": ["what", "kind"],
                },
            },
            "by": {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]},
        },
        ["steps"],
    ),
    tool('odd "name"', {"x": {"type": "no such type"}}, []),
    {"type": "function", "function": {"name": "bare"}},
)


def test_the_form_of_our_own_template_is_found() -> None:
    assert find_form(OWN) == HERMES


@pytest.mark.parametrize(
    ("said", "before", "joint"),
    [
        (
            "{{ '<tool_call>\n{\"name\": \"' + f.name + '\", \"arguments\": ' + (f.arguments | tojson) + '}\n</tool_call>' }}",
            '<tool_call>\n{"name": "',
            '}\n</tool_call><tool_call>\n{"name": "',
        ),
        (
            "{{ '<function=' + f.name + '>' + (f.arguments | tojson) + '</function>' }}",
            "<function=",
            "</function><function=",
        ),
        ("{{ '[TOOL_CALLS]' + f.name + '[ARGS]' + (f.arguments | tojson) }}", "[TOOL_CALLS]", "[TOOL_CALLS]"),
    ],
)
def test_other_templates_have_their_own_form(said: str, before: str, joint: str) -> None:
    form = find_form(template_of(said))
    assert (form.before, form.joint) == (before, joint)


def test_a_template_that_writes_calls_otherwise_is_refused() -> None:
    xml = "{% for k, v in f.arguments.items() %}<parameter={{ k }}>{{ v }}</parameter>{% endfor %}"
    for said in ("{{ '<function=' + f.name + '>' }}" + xml, ""):
        with pytest.raises(UserError) as problem:
            find_form(template_of(said))
        assert [item.code for item in problem.value.findings] == ["T122"]


def template_of(said: str) -> mask.Template:
    return mask.Template(
        "{% for m in messages %}{% if m.role == 'assistant' %}<|im_start|>assistant\n{% generation %}{{ m.content }}"
        "{% for c in m.tool_calls or [] %}{% set f = c.function %}" + said + "{% endfor %}<|im_end|>{% endgeneration %}"
        "{% else %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )


@pytest.mark.parametrize("special", [None, False, True])
def test_whatever_is_chosen_of_what_is_allowed_is_a_valid_call(
    special: bool | None, make_model: Callable[..., Path]
) -> None:
    """``special``: whether <tool_call> is a special token, an added one, or no token of its own."""
    pytest.importorskip("llguidance")
    backend = toy(make_model, special)
    random = np.random.default_rng(7)
    begin = backend.tokenizer("Now <tool_call>", add_special_tokens=False)["input_ids"]
    made: dict[str, int] = {}
    for turn in range(60):
        request = Request(id=str(turn), prompt="a", tools=TOOLS, constrained=True)
        limit = int(random.integers(90, 250))
        row = Row(request, 0, [1], limit, backend._ends, backend.decode, backend._constrain(request))
        while row.finish is None:
            bits = np.unpackbits(fill([row]).view(np.uint8), bitorder="little")
            allowed = np.flatnonzero(bits[: len(backend.tokenizer)])
            row.push(begin[len(row.ids)] if len(row.ids) < len(begin) else int(random.choice(allowed)))
        for call in check(row.close().text):
            made[call] = made.get(call, 0) + 1
        if special is not None:  # the template's tokens, and not their letters
            ends = backend.tokenizer.convert_tokens_to_ids("</tool_call>")
            assert row.ids.count(ends) == row.close().text.count("</tool_call>") > 0
    assert set(made) == {"add", "say", "plan", 'odd "name"', "bare"} and sum(made.values()) >= 60


@pytest.mark.parametrize("number", ["-", "-0.000", "0.0", "1."])
def test_a_number_that_is_begun_comes_to_an_end(number: str, make_model: Callable[..., Path]) -> None:
    pytest.importorskip("llguidance")
    backend = toy(make_model, None)
    request = Request(id="0", prompt="a", tools=TOOLS, constrained=True)
    begun = '<tool_call>{"name": "add", "arguments": {"a": 3, "b": ' + number
    ids = backend.tokenizer(begun, add_special_tokens=False)["input_ids"]
    held = backend._constrain(request)
    row = Row(request, 0, [1], len(ids) + held.reserve, backend._ends, backend.decode, held)
    for token in ids:
        row.push(token)
    while row.finish is None:
        row.push(int(np.flatnonzero(np.unpackbits(fill([row]).view(np.uint8), bitorder="little"))[0]))
    assert check(row.close().text) == ["add"]


@pytest.mark.parametrize("special", [None, False, True])
def test_no_call_begins_where_there_is_no_room_to_end_it(special: bool | None, make_model: Callable[..., Path]) -> None:
    """However its beginning is written: as one token or letter by letter."""
    pytest.importorskip("llguidance")
    backend = toy(make_model, special)
    begin = backend.tokenizer("a <tool_call>", add_special_tokens=False)["input_ids"]
    random, made = np.random.default_rng(7), 0
    for room in range(-60, 24, 3):
        request = Request(id="0", prompt="a", tools=TOOLS, constrained=True)
        held = backend._constrain(request)
        row = Row(request, 0, [1], held.reserve + room, backend._ends, backend.decode, held)
        while row.finish is None:
            bits = np.unpackbits(fill([row]).view(np.uint8), bitorder="little")
            wanted = begin[len(row.ids)] if len(row.ids) < len(begin) else -1
            allowed = np.flatnonzero(bits[: len(backend.tokenizer)])
            row.push(wanted if bits[wanted] and wanted >= 0 else int(random.choice(allowed)))
        made += len(check(row.close().text))
    assert made >= 3


@pytest.mark.parametrize("special", [None, True])
def test_copied_strings_are_spans_of_the_texts_and_a_call_that_is_asked_for_comes(
    special: bool | None, make_model: Callable[..., Path]
) -> None:
    pytest.importorskip("llguidance")
    backend = toy(make_model, special)
    random = np.random.default_rng(5)
    copied = Copied(texts=('Order 1347 to "Ílha" Road 19', "see a/b.py"), free=("kind",), numbers=("12", "19"))
    tools = (
        tool("send", {"to": {"type": "string"}, "number": {"type": "integer"}}, ["to"]),
        tool("tag", {"all": {"type": "array", "items": {"type": "string"}}, "kind": {"enum": ["x"]}}, ["all", "kind"]),
        TOOLS[0],
    )
    names = set()
    for turn in range(30):
        request = Request(
            id=str(turn), prompt="a", tools=tools, constrained=True, call_of=("send", "tag"), copied=copied
        )
        row = Row(request, 0, [1], 120, backend._ends, backend.decode, backend._constrain(request))
        while row.finish is None:
            bits = np.unpackbits(fill([row]).view(np.uint8), bitorder="little")
            row.push(int(random.choice(np.flatnonzero(bits[: len(backend.tokenizer)]))))
        for part in (
            row.close().text.removeprefix("<tool_call>").removesuffix("</tool_call>").split("</tool_call><tool_call>")
        ):
            made = json.loads(part)
            names.add(made["name"])
            given = made["arguments"]
            for text in [given["to"]] if "to" in given else given["all"]:
                assert text == text.strip() and stands(text, copied.texts), text
            assert given.get("number", 12) in (12, 19) and given.get("kind", "x") == "x"
    assert names == {"send", "tag"}


def check(text: str) -> list[str]:
    """Every call in ``text`` parses, is declared, and satisfies its schema; their names."""
    names = []
    _, begun, body = text.partition("<tool_call>")
    assert not begun or body.endswith("</tool_call>"), text
    for part in body.removesuffix("</tool_call>").split("</tool_call><tool_call>") if begun else []:
        call = json.loads(part)
        schema = {t["function"]["name"]: t["function"].get("parameters") for t in TOOLS}[call["name"]]
        if call["name"] in ("add", "say", "plan"):
            assert Checker(schema).is_valid(call["arguments"]), call
            assert set(call["arguments"]) <= set(schema["properties"])
        names.append(call["name"])
    return names


def test_calls_of_random_weights_are_valid(make_model: Callable[..., Path]) -> None:
    pytest.importorskip("llguidance")
    messages = ({"role": "user", "content": "Do it."},)
    asked = [
        Request(id=str(n), messages=messages, tools=TOOLS, samples=8, temperature=t, max_tokens=m, constrained=True)
        for n, (t, m) in enumerate([(1.0, 110), (2.0, 100)])
    ]
    made = [name for sample in toy(make_model, True).generate(asked) for name in check(sample.text)]
    assert len(made) >= 4


def toy(make_model: Callable[..., Path], special: bool | None) -> FolderBackend:
    """A random model that begins calls eagerly: each way of writing the first token of one is made likely."""
    from sxl_train.run import checkpoints

    folder = make_model(num_hidden_layers=1, max_position_embeddings=1024, vocab_size=440)
    backend = FolderBackend(str(folder), checkpoints.load(folder, "float32"))
    if special is not None:
        backend.tokenizer.add_tokens(["<tool_call>", "</tool_call>"], special_tokens=special)
    backend.template = OWN
    first = backend.tokenizer("<tool_call>", add_special_tokens=False)["input_ids"]
    add = backend.model.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        made = add(*args, **kwargs)
        made.logits[..., first] += 3.0
        return made

    backend.model.forward = forward
    return backend


def test_plain_text_is_left_alone(make_model: Callable[..., Path]) -> None:
    pytest.importorskip("llguidance")
    from sxl_train.run import checkpoints

    folder = make_model(num_hidden_layers=1)
    backend = FolderBackend(str(folder), checkpoints.load(folder, "float32"))
    backend.template = OWN
    messages = ({"role": "user", "content": "Hello."},)
    asked = [
        Request(id=str(held), messages=messages, tools=TOOLS[:2], max_tokens=16, constrained=held) for held in (0, 1)
    ]
    held, free = sorted(backend.generate(asked), key=lambda sample: sample.request != "1")
    if "<|" not in free.text and "{" not in free.text:
        assert held.text == free.text
