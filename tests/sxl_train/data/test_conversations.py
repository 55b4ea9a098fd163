"""Records of many shapes become the same messages."""

from __future__ import annotations

import pytest

from sxl_train.data.conversations import to_row


def test_null_inside_arguments_is_kept() -> None:
    call = {"function": {"name": "f", "arguments": '{"a": null}'}}
    row = to_row({"messages": [{"role": "assistant", "content": None, "tool_calls": [call], "name": None}]})
    (message,) = row.messages
    assert message["tool_calls"][0]["function"]["arguments"] == {"a": None}
    assert message["content"] == "" and "name" not in message


def test_prompt_and_completion_become_messages() -> None:
    row = to_row({"prompt": "a", "completion": "b"})
    assert [m["role"] for m in row.messages] == ["user", "assistant"]


def test_developer_is_system_and_parts_are_joined() -> None:
    row = to_row({"messages": [{"role": "developer", "content": [{"type": "text", "text": "x"}, {"text": "y"}]}]})
    assert row.messages == [{"role": "system", "content": "xy"}]


@pytest.mark.parametrize("said", [{"train": False}, {"weight": 0}])
def test_message_that_is_not_to_be_trained_is_marked_and_no_other_is(said: dict[str, object]) -> None:
    asked, answered = {"role": "user", "content": "Add 1 and 2."}, {"role": "assistant", "content": "3"}
    row = to_row({"messages": [asked, {**answered, **said}, asked, {**answered, "weight": 1, "train": True}]})
    assert [m.get("train", True) for m in row.messages] == [True, False, True, True]
    assert not any("weight" in m for m in row.messages)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<think>\nI add.\n</think>\n\nIt is 3.", ("I add.", "It is 3.")),
        ("It is <think>no</think> 3.", (None, "It is <think>no</think> 3.")),
        ("<think>never closed", (None, "<think>never closed")),
    ],
)
def test_reasoning_at_the_head_of_an_answer_is_reasoning(content: str, expected: tuple[str | None, str]) -> None:
    row = to_row(
        {"messages": [{"role": "user", "content": "<think>q</think>"}, {"role": "assistant", "content": content}]}
    )
    assert row.messages[0] == {"role": "user", "content": "<think>q</think>"}
    assert (row.messages[1].get("reasoning_content"), row.messages[1]["content"]) == expected
