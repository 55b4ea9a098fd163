"""Sessions of Goose."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def message(role, *blocks):
    return {"role": role, "created": 1, "content": list(blocks)}


def asked(identity, name):
    return {
        "type": "toolRequest",
        "id": identity,
        "toolCall": {"status": "success", "value": {"name": name, "arguments": {}}},
    }


def answered(identity, **result):
    return {"type": "toolResponse", "id": identity, "toolResult": result}


SESSION = [
    message("user", {"type": "text", "text": "go"}),
    message(
        "assistant", {"type": "thinking", "thinking": "hm", "signature": "sig"}, asked("a", "ls"), asked("b", "cat")
    ),
    message(
        "user",
        answered("a", status="success", value={"content": [{"type": "text", "text": "x"}], "isError": False}),
        answered("b", status="error", error="no such tool"),
    ),
    message("assistant", {"type": "text", "text": "done"}),
]
HEAD = {"working_dir": "/w", "description": "d"}
EXPORT = {"id": "s", "model_config": {"model_name": "m"}, "conversation": SESSION}


@pytest.mark.parametrize("records", [SESSION, [HEAD, *SESSION], [EXPORT]])
def test_requests_and_responses_are_calls_and_results(reader, shape, records) -> None:
    trace = reader(records)
    assert ["goose"] == reader.detects(records)
    assert "user reflect act+2 ok,error act." == shape(trace)
    assert "no such tool" == trace.steps[3].results[1].error_message


def test_an_export_tells_the_model(reader) -> None:
    assert "m" == reader([EXPORT]).agent.model


def test_a_head_alone_is_refused(reader) -> None:
    with pytest.raises(RowError):
        reader([HEAD])
