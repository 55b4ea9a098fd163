"""Results of batches and responses alone."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError

CHAT = {"object": "chat.completion", "model": "m", "choices": [{"message": {"role": "assistant", "content": "4"}}]}
CALL = {"type": "tool_use", "id": "t", "name": "add", "input": {"a": 2}}
MESSAGE = {"type": "message", "role": "assistant", "model": "m", "content": [CALL], "stop_reason": "tool_use"}
ITEMS = {"object": "response", "output": [{"type": "message", "role": "assistant", "content": "4"}]}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"custom_id": "a", "response": {"status_code": 200, "body": CHAT}, "error": None}, "act."),
        ({"custom_id": "a", "response": {"status_code": 200, "body": ITEMS}, "error": None}, "act."),
        ({"custom_id": "a", "result": {"type": "succeeded", "message": MESSAGE}}, "act+1"),
        ({"custom_id": "a", "body": {"messages": [{"role": "user", "content": "2+2?"}]}}, "user"),
        (CHAT, "act."),
        (MESSAGE, "act+1"),
    ],
)
def test_an_answer_is_read_wherever_it_stands(reader, shape, row, expected) -> None:
    assert ["model_responses"] == reader.detects(row)
    assert expected == shape(reader(row))


def test_an_error_is_no_trace(reader) -> None:
    for row in (
        {"custom_id": "a", "response": None, "error": {"message": "expired"}},
        {"custom_id": "a", "result": {"type": "errored", "error": {"type": "invalid_request"}}},
    ):
        with pytest.raises(RowError):
            reader(row)
