"""Calls in Hermes tags."""

from __future__ import annotations

import json

ROW = {
    "id": "x",
    "category": "c",
    "conversations": [
        {"from": "system", "value": 'Tools: <tools> [{"name": "f", "parameters": {"type": "object"}}] </tools>'},
        {"from": "human", "value": "go"},
        {
            "from": "gpt",
            "value": '<think>hm</think>I call.\n<tool_call>\n{"name": "f", "arguments": {"b": 1}}\n</tool_call>\n'
            "<tool_call>\n{'name': 'f', 'arguments': {'b': None}}\n</tool_call>\n<tool_call>\nf(1)\n</tool_call>",
        },
        {"from": "tool", "value": "<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n</tool_response>"},
        {"from": "gpt", "value": "done"},
    ],
}


def test_tags_become_calls_results_and_reasoning(reader, shape) -> None:
    trace = reader(ROW)
    assert "system user reflect act+3 unknown,unknown act." == shape(trace)
    assert (["f"], "I call.", ["1", "2"]) == (
        [t.name for t in trace.tools],
        trace.steps[3].content[0].text,
        [r.content[0].text for r in trace.steps[4].results],
    )


def test_python_literals_are_read_and_what_is_neither_stays_raw(reader) -> None:
    assert [("f", '{"b":1}', "object"), ("f", '{"b":null}', "object"), ("", "f(1)", "raw")] == [
        (c.name, c.arguments_json, c.arguments_form) for c in reader(ROW).steps[3].calls
    ]


def test_one_text_with_role_lines_is_read(reader, shape) -> None:
    row = {
        "example": '```\nSYSTEM: You\n<tools>[{"name": "f"}]</tools>\nUSER: go\nASSISTANT:\n<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>\n```\n'
    }
    trace = reader(row)
    assert ("system user act+1", ["f"], "go") == (shape(trace), [t.name for t in trace.tools], trace.task)


def test_an_open_tag_at_the_end_does_not_hide_the_text(reader) -> None:
    row = {
        "messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": 'a<tool_call>{"name": "f"'}]
    }
    assert ['{"name": "f"'] == [c.arguments_json for c in reader(row).steps[1].calls]


def test_only_this_format_recognises_it(reader) -> None:
    assert ["hermes_text"] == reader.detects(ROW)


OPENHANDS = {
    "instance_id": "i",
    "resolved": True,
    "system": "You edit.\n---- BEGIN FUNCTION #1: edit ----\nDescription: d\n\nParameters:\n"
    "  (1) line (integer, required): the line\n---- END FUNCTION #1 ----\n",
    "messages": [
        {"role": "user", "content": "go"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I edit.\n\n<function=edit>\n<parameter=line>3</parameter>\n</function>"}
            ],
        },
        {"role": "user", "content": "EXECUTION RESULT of [edit]:\nok\n[The command completed with exit code 0.]"},
        {
            "role": "assistant",
            "content": "<think>hm</think>\n<function=edit>\n<parameter=line>4</parameter>\n</function>",
        },
        {"role": "user", "content": "Your command printed nothing."},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": "Thanks"},
    ],
}


def test_calls_of_openhands_and_their_results_in_the_users_name_are_a_loop(reader, shape) -> None:
    trace = reader(OPENHANDS)
    assert "system user act+1 ok reflect act+1 unknown act user" == shape(trace)
    assert [("edit", '{"line":3}'), ("edit", '{"line":4}')] == [
        (c.name, c.arguments_json) for s in trace.steps if hasattr(s, "calls") for c in s.calls
    ]
    assert (["edit"], "success", "I edit.", 0) == (
        [tool.name for tool in trace.tools],
        trace.outcome.status,
        trace.steps[2].content[0].text,
        trace.steps[3].results[0].exit_code,
    )
    assert ["hermes_text"] == reader.detects(OPENHANDS)


def test_messages_may_be_json_text(reader, shape) -> None:
    row = {**OPENHANDS, "messages": json.dumps(OPENHANDS["messages"])}
    assert shape(reader(OPENHANDS)) == shape(reader(row))
    assert ["hermes_text"] == reader.detects(row)


def test_messages_may_stand_under_trajectory(reader, shape) -> None:
    row = {"trajectory": OPENHANDS["messages"], "instance_id": "i"}
    assert "user act+1 ok reflect act+1 unknown act user" == shape(reader(row))
    assert ["hermes_text"] == reader.detects(row)


def test_the_answer_of_a_log_ends_it(reader, shape) -> None:
    answer = {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "t", "function": {"name": "end", "arguments": "{}"}}],
    }
    row = {**OPENHANDS, "response": {"choices": [{"message": answer}], "usage": {"prompt_tokens": 9}, "model": "m"}}
    trace = reader({**row, "messages": OPENHANDS["messages"][:-2]})
    assert "system user act+1 ok reflect act+1 unknown act+1" == shape(trace)
    assert ("m", 9, "end") == (trace.agent.model, trace.metrics.prompt_tokens, trace.steps[-1].calls[0].name)


def test_results_that_name_their_tools_go_to_the_calls_of_these(reader) -> None:
    row = {
        "messages": [
            {"role": "user", "content": "go"},
            {
                "role": "assistant",
                "content": '<tool_call>{"name": "f"}</tool_call><tool_call>{"name": "g"}</tool_call>',
            },
            {
                "role": "tool",
                "content": '<tool_response>\n{"name": "g", "content": 2}\n</tool_response>\n'
                '<tool_response>\n{"name": "f", "content": 1}\n</tool_response>',
            },
        ]
    }
    assert ["call_1", "call_0"] == [r.call_id for r in reader(row).steps[2].results]


def test_a_user_who_speaks_between_call_and_result_of_hermes_is_a_user(reader, shape) -> None:
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": '<tool_call>{"name": "f"}</tool_call>'},
        {"role": "user", "content": "wait"},
    ]
    assert "user act+1 - user" == shape(reader({"messages": messages}))


def test_an_answer_may_be_kept_out_of_the_training(reader) -> None:
    messages = [{**m, "train": False} if m["role"] == "assistant" else m for m in OPENHANDS["messages"]]
    steps = reader({"messages": messages}).steps
    assert not any(step.train for step in steps if hasattr(step, "train"))


def test_calls_that_have_their_own_place_are_not_looked_for_in_the_text(reader) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    row = {
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "assistant", "content": 'Once more.\n<tool_call>{"name": "f"}</tool_call>'},
        ]
    }
    assert ["openai_chat"] == reader.detects(row)
