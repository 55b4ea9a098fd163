"""sxl_data.formats.prompt_tools: tools declared in the words of a prompt."""

from __future__ import annotations

import pytest

from sxl_data.files.json_text import load
from sxl_data.formats.prompt_tools import tools_told

HERMES = (
    '{"type": "function", "function": {"name": "f", "description": "of </tools>", "parameters": {"type": "object"}}}'
)


@pytest.mark.parametrize(
    "prompt",
    [
        f"You have <tools>[{HERMES}]</tools>",
        f"Signatures are within <tools></tools> XML tags:\n<tools>\n{HERMES}\n</tools>",
        f"<tools>\n{HERMES}\n{HERMES.replace('of </tools>', 'g')}\n</tools>",
        "<tools>[{'name': 'f', 'parameters': None}]</tools>",
        f"<tools>\nThese:\n{HERMES.replace('of </tools>', 'x')}\n</tools>",
    ],
)
def test_json_between_the_tags_declares(prompt: str) -> None:
    assert {"f"} == {tool.name for tool in tools_told(prompt)}


def test_the_list_of_openhands_declares() -> None:
    prompt = """You have access to the following functions:

---- BEGIN FUNCTION #1: edit ----
Description: Edits a file.
* Mind (1) the path (string, required): it is absolute.

Parameters:
  (1) command (string, required): What to do.
Allowed values: [`view`, `create`]
  (2) view_range (array, optional): Lines,
as a list.
---- END FUNCTION #1 ----

---- BEGIN FUNCTION #2:
submit ----
Description: Hands in.
No parameters are required for this function.
---- END FUNCTION #2 ----
"""
    edit, submit = tools_told(prompt)
    schema = load(edit.parameters_json)
    assert ("edit", "submit", "Hands in.") == (edit.name, submit.name, submit.description)
    assert edit.description.startswith("Edits a file.\n* Mind")
    assert {"command": "string", "view_range": "array"} == {k: v["type"] for k, v in schema["properties"].items()}
    assert (["command"], ["view", "create"]) == (schema["required"], schema["properties"]["command"]["enum"])
    assert "Lines,\nas a list." == schema["properties"]["view_range"]["description"]


def test_the_elements_of_qwen_declare() -> None:
    prompt = """# Tools
<tools>
<function>
<name>weather</name>
<description>Tells the weather.</description>
<parameters>
<parameter>
<name>days</name>
<type>integer</type>
<description>How many</description>
</parameter>
<required>["days"]</required>
</parameters>
</function>
</tools>
Call with <function=example_function_name>"""
    (tool,) = tools_told(prompt)
    schema = load(tool.parameters_json)
    assert ("weather", "Tells the weather.") == (tool.name, tool.description)
    assert ({"type": "integer", "description": "How many"}, ["days"]) == (
        schema["properties"]["days"],
        schema["required"],
    )


@pytest.mark.parametrize("prompt", ["", "Use <tools>.", "<tools></tools>", "<tools>none</tools>", "<tools>" * 9])
def test_a_prompt_without_declarations_declares_nothing(prompt: str) -> None:
    assert [] == tools_told(prompt)
