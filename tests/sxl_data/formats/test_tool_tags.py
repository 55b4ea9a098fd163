"""Calls in ``<invoke>`` and in tags of their own, on texts written here."""

from __future__ import annotations

import json

import pytest

from sxl_data.formats.answers import marked
from sxl_data.formats.function_markup import PREFIXES, Asked
from sxl_data.formats.harness import task_in
from sxl_data.formats.markup import holds_call
from sxl_data.formats.spoken import pieces_of


def invoked(prefix: str, name: str, **given: str) -> str:
    inside = "".join(f'<{prefix}parameter name="{key}">{value}</{prefix}parameter>\n' for key, value in given.items())
    return f'<{prefix}invoke name="{name}">\n{inside}</{prefix}invoke>\n'


def calls(text: str) -> list[tuple[str, dict[str, str]]]:
    found = [piece for piece in pieces_of(text, {}) if isinstance(piece, Asked)]
    return [(call.name, json.loads(call.arguments_json)) for call in found]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_calls_between_function_calls_are_read_in_order_and_the_words_before_them(prefix: str) -> None:
    inner = invoked(prefix, "list", path="src") + invoked(prefix, "read", path="a</parameter> b", lines="1\n2")
    text = f"I will look.\n<{prefix}function_calls>\n{inner}</{prefix}function_calls>"
    assert calls(text) == [("list", {"path": "src"}), ("read", {"path": "a</parameter> b", "lines": "1\n2"})]
    assert pieces_of(text, {})[0] == ("text", "I will look.\n")
    assert holds_call(text)


def test_further_attributes_of_a_parameter_are_no_part_of_its_name() -> None:
    assert calls('<invoke name="f"><parameter name="a" string="true">1</parameter></invoke>') == [("f", {"a": "1"})]


@pytest.mark.parametrize(
    "text",
    [
        'The tag <invoke name="x"> opens a call.',
        "`" + invoked("", "list", path="src").strip().replace("\n", "") + "`",
        "```xml\n" + invoked("", "list", path="src") + "```",
        "Cline knows <read_file> and\n<execute_command> too.",
        "A page: <div>\n<new_task>\n</div>",
        "```\n<read_file>\n<path>a</path>\n</read_file>\n```",
    ],
)
def test_a_tag_that_is_spoken_of_is_no_call(text: str) -> None:
    assert calls(text) == [] and not holds_call(text)


def test_a_tool_that_is_a_tag_is_a_call_whose_values_may_hold_its_tags() -> None:
    page = "<html>\n<content>inner</content>\n</html>"
    text = f"I write.\n\n<write_to_file>\n<path>a.html</path>\n<content>\n{page}\n</content>\n</write_to_file>"
    assert calls(text) == [("write_to_file", {"path": "a.html", "content": page})]
    assert calls("<execute_command>\n<command>a && b</command>\n</execute_command>") == [
        ("execute_command", {"command": "a && b"})
    ]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_results_are_read_with_the_tools_that_they_name(prefix: str) -> None:
    one = "<result>\n<tool_name>list</tool_name>\n<stdout>a.py</stdout>\n</result>\n"
    two = "<result>\n<tool_name>read</tool_name>\n<stdout>print(1)\n</result></stdout>\n</result>\n"
    found = marked(f"<{prefix}function_results>\n{one}{two}</{prefix}function_results>")
    assert [(item.name, item.content) for item in found] == [("list", "a.py"), ("read", "print(1)\n</result>")]
    assert [item.content for item in marked(f"<{prefix}function_results>\nplain\n</{prefix}function_results>")] == [
        "plain"
    ]
    assert marked("[execute_command for 'ls'] Result:\nfine")[0].name == "execute_command"


def test_a_megabyte_of_openings_takes_no_longer_than_its_size() -> None:
    assert calls('<invoke name="a"><parameter name="b">' * 20_000) == []
    assert calls("<read_file>\n<path>\n" * 20_000) == []


def test_the_task_is_what_a_harness_put_its_frame_around() -> None:
    frame = "Here's an example.\n----- NEW TASK DESCRIPTION -----\n{}\n----- END OF NEW TASK DESCRIPTION -----\nPLEASE!"
    assert task_in(frame.format("Rename the file.")) == "Rename the file."
    assert task_in("Rename the file.") == "Rename the file."
