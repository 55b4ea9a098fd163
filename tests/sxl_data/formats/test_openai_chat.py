"""Chat messages."""

from __future__ import annotations

import pytest

from sxl_data.files.json_text import dump, load
from sxl_data.trace.format import RowError

WEATHER = {
    "id": 7,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Rain?"}]},
        {
            "role": "assistant",
            "content": None,
            "reasoning": "Ask.",
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "rain", "arguments": '{"z": 1.0, "a":2}'}},
                {"id": "b", "type": "function", "function": {"name": "rain", "arguments": {"z": 1.0, "a": 2}}},
            ],
        },
        {"role": "tool", "tool_call_id": "b", "content": "no"},
        {"role": "tool", "tool_call_id": "a", "content": "yes", "name": "rain"},
        {"role": "assistant", "content": "Maybe."},
    ],
    "tools": [{"type": "function", "function": {"name": "rain", "parameters": {"type": "object"}, "strict": True}}],
    "split": "train",
}


def test_a_row_becomes_a_loop(reader, shape) -> None:
    assert "system user reflect act+2 unknown,unknown act." == shape(reader(WEATHER))


def test_arguments_keep_their_form_order_and_number_literals(reader) -> None:
    calls = reader(WEATHER).steps[3].calls
    assert [("string", '{"z": 1.0, "a":2}'), ("object", '{"z":1.0,"a":2}')] == [
        (c.arguments_form, c.arguments_json) for c in calls
    ]


def test_pointers_lead_back_into_the_row(reader) -> None:
    (reading,) = reader.readings(WEATHER)
    assert "/messages/2/tool_calls/1" == reading.place("/steps/3/calls/1/name")
    assert "/messages/4" == reading.place("/steps/4/results/1/content")


def test_what_the_model_cannot_hold_is_kept_where_it_belongs(reader) -> None:
    trace = reader(WEATHER)
    assert {"name": "rain"} == load(trace.steps[4].ext_json)["openai_chat"]["results"]["1"]
    assert "train" == load(trace.ext_json)["openai_chat"]["split"]
    assert WEATHER == reader.format.write(trace)


def test_the_old_function_call_gets_ids_by_position(reader, shape) -> None:
    trace = reader(
        {
            "messages": [
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
                {"role": "function", "name": "f", "content": "1"},
                {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
                {"role": "function", "name": "f", "content": "2"},
            ]
        }
    )
    assert "user act+1 unknown act+1 unknown" == shape(trace)
    assert ["call_0", "call_1"] == [s.results[0].call_id for s in trace.steps if hasattr(s, "results")]


def test_blocks_of_llama_factory_are_read(reader, shape) -> None:
    row = {
        "messages": [
            {"role": "user", "content": [{"type": "text", "value": "go"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "reasoning", "value": "hm"},
                    {"type": "tool_call", "value": '{"name": "f", "arguments": {}}'},
                ],
            },
            {"role": "tool", "content": [{"type": "text", "value": "1"}]},
        ]
    }
    trace = reader(row)
    assert "user reflect act+1 unknown" == shape(trace)
    assert row == reader.format.write(trace)


def test_inline_images_are_kept_beside_their_digest(reader) -> None:
    row = {
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}]}
        ]
    }
    part = reader(row).steps[0].content[0]
    kept = (part.type, part.uri, part.media_type, part.sha256[:8])
    assert ("image", "data:image/png;base64,aGVsbG8=", "image/png", "2cf24dba") == kept
    assert row == reader.format.write(reader(row))


@pytest.mark.parametrize(
    "row",
    [
        [],
        {"messages": []},
        {"messages": [5]},
        {"messages": "x"},
        {"messages": [{"role": "assistant", "tool_calls": [{}]}]},
    ],
)
def test_a_row_of_which_nothing_can_be_made_is_refused(reader, row) -> None:
    with pytest.raises(RowError):
        reader(row)


def test_only_this_format_recognises_it(reader) -> None:
    assert ["openai_chat"] == reader.detects(WEATHER)


@pytest.mark.parametrize(
    ("mark", "trained"),
    [({"train": False}, False), ({"weight": 0}, False), ({"weight": 1}, True), ({"train": True}, True), ({}, True)],
)
def test_a_message_may_be_kept_out_of_the_training(reader, mark, trained) -> None:
    row = {
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": "ok", "reasoning_content": "hm", **mark},
        ]
    }
    trace = reader(row)
    assert [trained, trained] == [step.train for step in trace.steps[1:]]
    assert row == reader.format.write(trace)


def test_one_message_may_hold_the_outputs_of_all_parallel_calls(reader, shape) -> None:
    calls = [{"type": "function", "function": {"name": name, "arguments": {}}} for name in ("f", "g")]
    outputs = [{"tool_call_id": "x", "name": name, "content": name * 2} for name in ("f", "g")]
    row = {
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "tool_calls": calls},
            {"role": "tool", "content": dump(outputs)},
        ]
    }
    trace = reader(row)
    assert "user act+2 unknown,unknown" == shape(trace)
    assert ["ff", "gg"] == [result.content[0].text for result in trace.steps[2].results]
    assert row == reader.format.write(trace)


def test_a_list_that_is_not_one_output_for_each_call_stays_one_output(reader, shape) -> None:
    calls = [{"type": "function", "function": {"name": "f", "arguments": {}}} for _ in range(2)]
    for said in ('[{"name": "f", "content": "1"}]', '[{"name": "f"}, {"name": "f"}]', "[1, 2]", "[not JSON"):
        row = {
            "messages": [
                {"role": "user", "content": "go"},
                {"role": "assistant", "tool_calls": calls},
                {"role": "tool", "content": said},
            ]
        }
        assert "user act+2 unknown" == shape(reader(row))


ASK = {"role": "user", "content": "go"}


def test_what_stands_beside_the_messages_is_read_and_written_back(reader, shape) -> None:
    answer = {"role": "assistant", "content": "ok"}
    for key in ("system", "system_prompt"):
        row = {key: "Be brief, please.", "messages": [ASK, answer]}
        assert "system user act." == shape(reader(row))
        assert row == reader.format.write(reader(row))
    again = {"system": "Be brief.", "messages": [{"role": "system", "content": "Be brief."}, ASK, answer]}
    assert "system user act." == shape(reader(again))


def test_the_answer_of_a_completion_log_is_the_last_turn(reader, shape) -> None:
    response = {
        "model": "m",
        "choices": [{"message": {"role": "assistant", "content": "It is done."}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
    row = {"messages": [ASK], "response": response}
    trace = reader(row)
    assert "user act." == shape(trace)
    assert (3, 2, "m") == (trace.metrics.prompt_tokens, trace.metrics.completion_tokens, trace.agent.model)
    assert row == reader.format.write(trace)
    told = {"messages": [ASK, response["choices"][0]["message"]], "response": response}
    assert "user act." == shape(reader(told))


def test_old_functions_are_declared_tools(reader) -> None:
    row = {"messages": [ASK, {"role": "assistant", "content": "ok"}], "functions": [{"name": "f", "parameters": {}}]}
    assert ["f"] == [tool.name for tool in reader(row).tools]


def test_reasoning_details_are_reasoning(reader, shape) -> None:
    details = [
        {"type": "reasoning.text", "text": "hm"},
        {"type": "reasoning.summary", "summary": "so"},
        {"type": "reasoning.encrypted", "data": "zz"},
    ]
    row = {"messages": [ASK, {"role": "assistant", "content": "ok", "reasoning_details": details}]}
    trace = reader(row)
    assert "user reflect reflect reflect act." == shape(trace)
    assert ["field", "summary", "encrypted"] == [step.form for step in trace.steps[1:4]]
    assert row == reader.format.write(trace)


def test_blocks_of_anthropic_are_not_its_own(reader) -> None:
    row = {"messages": [ASK, {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}]}]}
    assert reader.format.detect(row) is None
