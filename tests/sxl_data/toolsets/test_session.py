"""sxl_data.toolsets.session and tools: whatever a call says, a result comes back and a failed one changes nothing."""

from __future__ import annotations

import json
import random
import shutil

import pytest

from sxl_data import toolsets
from sxl_data.files.json_text import load
from sxl_data.toolsets.session import LONGEST, Session
from sxl_data.toolsets.tasks import make_task
from sxl_data.toolsets.tools import tool
from sxl_data.toolsets.toolset import State
from tests.sxl_data.toolsets.runs import SETS

ODD = [
    None,
    True,
    -1,
    0,
    10**30,
    1e308,
    "",
    "x",
    "é\0",
    "../x",
    "a" * 3000,
    [],
    ["x"],
    {},
    {"a": 1},
    "2026-02-30",
    "25:61",
]


def strange(random_: random.Random, schema: dict) -> str:
    """Arguments of the right names and of any value, or no JSON at all."""
    if random_.random() < 0.1:
        return random_.choice(["", "{", "[]", "null", '"x"', "[" * 2000, "{}", '{"a": NaN}', "\ud800"])
    given = {name: random_.choice(ODD) for name in schema["properties"] if random_.random() < 0.9}
    for name, about in schema["properties"].items():
        if random_.random() < 0.7:
            fitting = {"string": "x", "integer": random_.choice((-5, 0, 7, 10**12)), "number": 1.5, "boolean": True}
            given[name] = fitting.get(about.get("type"), ["x"]) if "enum" not in about else about["enum"][0]
    return json.dumps(given | ({"more": 1} if random_.random() < 0.05 else {}))


@pytest.mark.parametrize("name", SETS)
def test_no_call_raises_and_a_failed_one_changes_nothing(name):
    toolset, random_ = toolsets.get(name), random.Random(name)
    for number in range(2 if name == "shell" else 12):
        session = Session(toolset, make_task(toolset, number).state.copied())
        try:
            for _ in range(15 if name == "shell" else 60):
                function = random_.choice([*session.tools.values(), None])
                called = function.name if function else random_.choice(["", "nothing", "__class__"])
                schema = load(function.declared.parameters_json) if function else {"properties": {}}
                before = session.state.view()
                result = session.call("c", called, strange(random_, schema))
                assert result.status in ("ok", "error") and result.content[0].text
                if result.status == "error":
                    assert session.state.view() == before
        finally:
            session.state.close()


def test_arguments_without_end_are_refused():
    toolset = toolsets.get("files")
    session = Session(toolset, make_task(toolset, 0).state.copied())
    text = json.dumps({"path": "x", "text": "y" * LONGEST})
    assert session.call("c", "write_file", text).error_type == "bad_arguments"


@pytest.mark.parametrize(
    "expression",
    ["9**9**9", "__import__('os')", "1/0", "(" * 150, "1e400", "a", "", "9" * 300, "1 if 1 else 2", "'a'*3"],
)
def test_the_calculator_calculates_and_nothing_else(expression):
    toolset = toolsets.get("calculator")
    session = Session(toolset, make_task(toolset, 0).state.copied())
    assert session.call("c", "calculate", json.dumps({"expression": expression})).status == "error"


def test_a_busy_tool_works_when_it_is_called_again():
    toolset = toolsets.get("files")
    session = Session(toolset, make_task(toolset, 0).state.copied(), busy={"list_files": 1})
    assert [session.call("c", "list_files", "{}").status for _ in range(2)] == ["error", "ok"]


def test_types_and_docstring_become_the_schema():
    def greet(state: State, name: str, loud: bool = False) -> list[int]:
        """Greet somebody
        warmly.

        name: who it is
        loud: whether to shout
        """
        return []

    made = tool(greet).declared
    assert (made.name, made.description) == ("greet", "Greet somebody warmly.")
    assert load(made.parameters_json) == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "who it is"},
            "loud": {"type": "boolean", "description": "whether to shout", "default": False},
        },
        "required": ["name"],
        "additionalProperties": False,
    }
    assert load(made.output_schema_json) == {"type": "array", "items": {"type": "integer"}}


def test_a_parameter_without_words_is_refused():
    def greet(state: State, name: str) -> str:
        """Greet somebody."""
        return name

    with pytest.raises(TypeError, match="'name' needs a type and a line"):
        tool(greet)


@pytest.mark.skipif(not shutil.which("git"), reason="no git")
def test_a_program_that_fails_has_its_exit_code():
    toolset = toolsets.get("shell")
    session = Session(toolset, make_task(toolset, 0).state.copied())
    try:
        done = session.call("c", "run", json.dumps({"command": "cat nothing.md"}))
        assert (done.status, done.exit_code) == ("error", 1)
        assert session.call("c", "run", json.dumps({"command": "git branch"})).exit_code == 0
    finally:
        session.state.close()
