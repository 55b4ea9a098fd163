"""OpenHands events."""

from __future__ import annotations


def response(identity, *calls):
    return {
        "id": identity,
        "choices": [
            {
                "message": {
                    "content": "I do.",
                    "tool_calls": [
                        {
                            "id": c,
                            "type": "function",
                            "function": {"name": "execute_bash", "arguments": '{"command": "ls"}'},
                        }
                        for c in calls
                    ],
                }
            }
        ],
    }


def action(number, call_id, held):
    return {
        "id": number,
        "source": "agent",
        "action": "run",
        "args": {"command": "ls", "thought": "I do.", "hidden": False},
        "tool_call_metadata": {"function_name": "execute_bash", "tool_call_id": call_id, "model_response": held},
    }


def observation(number, cause, code):
    return {
        "id": number,
        "source": "agent",
        "cause": cause,
        "observation": "run",
        "content": "x",
        "extras": {"metadata": {"exit_code": code}},
    }


EVENTS = [
    {"id": 0, "source": "environment", "observation": "agent_state_changed", "content": ""},
    {"id": 1, "source": "user", "action": "message", "args": {"content": "go"}},
    action(2, "a", response("r1", "a", "b")),
    observation(3, 2, 0),
    action(4, "b", response("r1", "a", "b")),
    observation(5, 4, 1),
    {"id": 6, "source": "agent", "action": "edit", "args": {"path": "f", "thought": "Now."}},
    {"id": 7, "source": "agent", "cause": 6, "observation": "edit", "content": "ERROR: no"},
    {"id": 8, "source": "agent", "action": "finish", "args": {"final_thought": "Done."}},
]


def test_actions_of_one_response_are_one_turn_and_causes_pair_results(reader, shape) -> None:
    assert "user act+2 ok,error act+1 error act." == shape(reader(EVENTS))


def test_calls_are_what_the_model_sent_or_else_the_events_arguments(reader) -> None:
    steps = reader(EVENTS).steps
    assert ('{"command": "ls"}', "string") == (steps[1].calls[0].arguments_json, steps[1].calls[0].arguments_form)
    assert ("edit", '{"path":"f"}') == (steps[3].calls[0].name, steps[3].calls[0].arguments_json)
    assert ["I do.", "Now.", "Done."] == [s.content[0].text for s in steps if hasattr(s, "calls")]


def test_bookkeeping_is_counted(reader) -> None:
    assert '{"openhands_events":{"skipped":{"agent_state_changed":1}}}' == reader(EVENTS).ext_json


def test_evaluation_rows_hold_a_history_each(reader) -> None:
    row = {
        "instance_id": "i",
        "history": EVENTS,
        "test_result": {"resolved": True},
        "metadata": {"agent_class": "A"},
        "metrics": {"accumulated_cost": 1, "accumulated_token_usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    }
    (reading,) = reader.readings([row])
    trace = reading.trace
    assert ("success", 1.0, 3, "A", "i") == (
        trace.outcome.status,
        trace.metrics.cost_usd,
        trace.metrics.prompt_tokens,
        trace.agent.name,
        trace.provenance.source_id,
    )
    assert "/history/2" == reading.places["/steps/1"]


SDK = [
    {
        "kind": "SystemPromptEvent",
        "source": "agent",
        "system_prompt": {"type": "text", "text": "You are"},
        "tools": [{"type": "function", "function": {"name": "terminal", "parameters": {"type": "object"}}}],
    },
    {
        "kind": "MessageEvent",
        "source": "user",
        "llm_message": {"role": "user", "content": [{"type": "text", "text": "go"}]},
    },
    {
        "kind": "ActionEvent",
        "source": "agent",
        "llm_response_id": "r",
        "tool_name": "terminal",
        "tool_call_id": "a",
        "reasoning_content": "hm\n",
        "thought": [{"type": "text", "text": "<think>hm\n</think>\n\nI run."}],
        "tool_call": {"id": "a", "name": "terminal", "arguments": '{"command":"ls"}'},
    },
    {
        "kind": "ObservationEvent",
        "source": "environment",
        "tool_call_id": "a",
        "observation": {"content": [{"type": "text", "text": "x"}], "is_error": False, "exit_code": 0},
    },
    {
        "kind": "ActionEvent",
        "source": "agent",
        "llm_response_id": "r",
        "tool_name": "terminal",
        "tool_call_id": "b",
        "thought": [],
        "action": {"kind": "TerminalAction", "command": "pwd"},
    },
    {"kind": "AgentErrorEvent", "source": "agent", "tool_call_id": "b", "error": "no"},
    {"kind": "MessageEvent", "source": "agent", "llm_message": {"role": "assistant", "content": "done"}},
    {"kind": "ConversationStateUpdateEvent", "source": "environment", "key": "stats", "value": {}},
]


def test_events_of_the_sdk_are_read(reader, shape) -> None:
    trace = reader(SDK)
    assert "system user reflect act+2 ok,error act." == shape(trace)
    assert (["terminal"], "I run.", '{"command":"pwd"}') == (
        [t.name for t in trace.tools],
        trace.steps[3].content[0].text,
        trace.steps[3].calls[1].arguments_json,
    )


def test_only_this_format_recognises_it(reader) -> None:
    assert ["openhands_events"] == reader.detects(EVENTS) == reader.detects(SDK)
    assert ["openhands_events"] == reader.detects([{"instance_id": "i", "history": EVENTS}])
