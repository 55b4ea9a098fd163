"""ReAct as text."""

from __future__ import annotations

ROW = {
    "messages": [
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "Thought: I search.\nAction: search[a (b) [c]]"},
        {"role": "user", "content": "Observation: nobody"},
        {"role": "assistant", "content": 'Thought: Again.\nAction: look\nAction Input: {"in": "x"}'},
        {"role": "user", "content": "Observation: somebody"},
        {"role": "assistant", "content": "Thought: That is it.\nAction: finish[Somebody]"},
        {"role": "user", "content": "Observation: Episode finished, reward = True"},
    ]
}


def test_thoughts_actions_and_observations_become_a_loop(reader, shape) -> None:
    trace = reader(ROW)
    assert "user reflect act+1 unknown reflect act+1 unknown reflect act." == shape(trace)
    assert [("search", "a (b) [c]", "raw"), ("look", '{"in":"x"}', "object")] == [
        (c.name, c.arguments_json, c.arguments_form) for s in trace.steps if hasattr(s, "calls") for c in s.calls
    ]


def test_finish_is_the_final_answer_and_the_reward_the_outcome(reader) -> None:
    trace = reader(ROW)
    assert ("Somebody", "success", 1.0) == (trace.steps[-1].content[0].text, trace.outcome.status, trace.outcome.reward)


def test_an_answer_of_another_shape_is_said_as_it_is(reader, shape) -> None:
    trace = reader(
        {"messages": [ROW["messages"][0], ROW["messages"][1], {"role": "assistant", "content": "Just text"}]}
    )
    assert ("user reflect act+1 - act.", "Just text") == (shape(trace), trace.steps[-1].content[0].text)


def test_only_this_format_recognises_it(reader) -> None:
    assert ["react_text"] == reader.detects(ROW)
