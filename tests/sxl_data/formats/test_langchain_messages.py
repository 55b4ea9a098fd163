"""Messages of LangChain, in each of the ways in which they are written."""

from __future__ import annotations

import pytest

FLAT = [
    {"type": "human", "content": "2+2?"},
    {"type": "ai", "content": "", "tool_calls": [{"name": "add", "args": {"a": 2}, "id": "t", "type": "tool_call"}]},
    {"type": "tool", "content": "no", "tool_call_id": "t", "status": "error"},
    {"type": "ai", "content": [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "4"}]},
]
NAMES = {"human": "HumanMessage", "ai": "AIMessage", "tool": "ToolMessage"}
DATA = [{"type": m["type"], "data": {key: m[key] for key in m if key != "type"}} for m in FLAT]
DUMPED = [
    {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", NAMES[m["type"]]], "kwargs": m}
    for m in FLAT
]
RUN = {"id": "r", "run_type": "chain", "inputs": {"messages": FLAT[:1]}, "outputs": {"messages": FLAT}}
MODEL = {
    "run_type": "llm",
    "inputs": {"messages": [DUMPED[:3]]},
    "outputs": {"generations": [[{"text": "4", "message": DUMPED[3]}]]},
}


@pytest.mark.parametrize("row", [{"messages": FLAT}, {"messages": DATA}, {"messages": DUMPED}, FLAT, RUN, MODEL])
def test_a_conversation_is_read_however_it_is_written(reader, shape, row) -> None:
    (reading,) = reader.readings(row)
    assert reader.format.detect(row) is not None
    assert "user act+1 error reflect act." == shape(reading.trace)
    assert ("2+2?", '{"a":2}') == (reading.trace.task, reading.trace.steps[1].calls[0].arguments_json)


def test_messages_of_others_are_not_its_own(reader) -> None:
    assert reader.format.detect({"messages": [{"role": "user", "content": "x"}]}) is None
    assert reader.format.detect({"messages": [{"type": "user", "content": "x"}]}) is None
