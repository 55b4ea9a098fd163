"""A file that is one list of messages, and rows that are."""

from __future__ import annotations

LIST = [
    {"role": "system", "content": "Short."},
    {"role": "user", "content": "2+2?"},
    {"role": "assistant", "content": "4"},
]
BLOCKS = [
    {"role": "user", "content": "list"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "ls", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "a.txt"}]},
]


def test_a_list_of_messages_is_one_trace(reader, shape) -> None:
    assert ["message_list"] == reader.detects(LIST)
    assert "system user act." == shape(reader(LIST))


def test_a_list_of_blocks_is_read_as_anthropics(reader, shape) -> None:
    assert "user act+1 ok" == shape(reader(BLOCKS))


def test_a_row_that_is_a_list_is_one_trace_each(reader) -> None:
    assert ["message_lists"] == reader.detects([LIST, LIST])


def test_findings_point_into_the_list(reader) -> None:
    (reading,) = reader.readings(LIST)
    assert "" == reading.place("/steps/1")  # JSONL: the record of its line
