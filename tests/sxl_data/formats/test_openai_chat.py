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


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"content": "<think>\nhm\n</think>\n\nYes."}, "user reflect act."),
        ({"content": "hm\n</think>\n\nYes."}, "user reflect act."),
        ({"content": [{"type": "text", "text": "<think>hm</think>Yes."}]}, "user reflect act."),
        ({"content": "Yes, `<think>` is a tag."}, "user act."),
        ({"content": "Yes.", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}, "user reflect act."),
        (
            {"content": "Yes.", "reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}, {"data": "zz"}]},
            "user reflect reflect act.",
        ),
        ({"content": "Yes.", "reasoning": "hm", "reasoning_details": [{"text": "hm"}]}, "user reflect act."),
    ],
)
def test_reasoning_is_told_wherever_a_message_holds_it(reader, shape, answer, expected) -> None:
    row = {"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", **answer}]}
    trace = reader(row)
    assert expected == shape(trace)
    assert row == reader.format.write(trace)


@pytest.mark.parametrize("key", ["system", "system_prompt"])
def test_what_the_model_was_told_beside_the_messages_is_read(reader, shape, key) -> None:
    row = {
        key: "Be brief.",
        "functions": [{"name": "f", "parameters": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        ],
    }
    trace = reader(row)
    assert ("system user act+1", ["f"]) == (shape(trace), [tool.name for tool in trace.tools])
    assert row == reader.format.write(trace)


def test_a_system_text_that_the_messages_begin_with_is_told_once(reader, shape) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "ok"},
    ]
    row = {"system": "Be brief.", "messages": messages}
    assert "system user act." == shape(reader(row))
    assert row == reader.format.write(reader(row))


def test_the_answer_of_a_log_is_its_last_turn(reader, shape) -> None:
    response = {
        "model": "m",
        "choices": [{"message": {"role": "assistant", "content": "4"}}],
        "usage": {"prompt_tokens": 9},
    }
    row = {"messages": [{"role": "user", "content": "2+2?"}], "response": response}
    (reading,) = reader.readings(row)
    assert "user act." == shape(reading.trace)
    assert ("m", 9, "/response/choices/0/message") == (
        reading.trace.agent.model,
        reading.trace.metrics.prompt_tokens,
        reading.place("/steps/1/content"),
    )
    assert row == reader.format.write(reading.trace)


def test_calls_in_the_text_of_a_row_are_read_whatever_the_rows_before_it_were(reader, shape) -> None:
    row = {
        "messages": [
            {"role": "system", "content": '<tools>[{"name": "f"}]</tools>'},
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": 'I call.\n<tool_call>{"name": "f", "arguments": {}}</tool_call>'},
            {"role": "user", "content": "<tool_response>\n1\n</tool_response>"},
            {"role": "assistant", "content": "done"},
        ]
    }
    trace = reader(row)
    assert ("system user act+1 unknown act.", ["f"]) == (shape(trace), [tool.name for tool in trace.tools])
    assert row == reader.format.write(trace)


def test_messages_may_be_json_text_or_a_trajectory(reader, shape) -> None:
    messages = [{"role": "user", "content": "go"}, {"role": "assistant", "content": "ok"}]
    for row in ({"messages": dump(messages)}, {"trajectory": messages}):
        assert ["openai_chat"] == reader.detects(row)
        assert "user act." == shape(reader(row))
        assert row == reader.format.write(reader(row))


def test_a_refusal_in_a_field_of_its_own_is_what_the_assistant_says(reader) -> None:
    row = {
        "messages": [{"role": "user", "content": "Do it."}, {"role": "assistant", "content": None, "refusal": "No."}]
    }
    trace = reader(row)
    assert [part.text for part in trace.steps[-1].content] == ["No."]
    assert row == reader.format.write(trace)


@pytest.mark.parametrize("literal", ["1.10", "1e3", "-0.0", "1E400", "12345678901234567890123"])
def test_numbers_of_object_arguments_keep_their_literals_both_ways(reader, literal: str) -> None:
    text = '{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":'
    text += f'{{"name":"pay","arguments":{{"price":{literal},"all":[{{"each":{literal}}}]}}}}}}]}}]}}'
    trace = reader(load(text))
    assert trace.steps[0].calls[0].arguments_json == f'{{"price":{literal},"all":[{{"each":{literal}}}]}}'
    assert dump(reader.format.write(trace)) == text
