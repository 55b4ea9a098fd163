"""ReAct as text."""

from __future__ import annotations

import pytest

from sxl_data.formats.react_text import is_log

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


LOG = (
    "Thought 1: I search.\nAction 1: Search[Emma author]\nObservation 1: By Jane Austen.\nShe wrote six.\n"
    "Thought 2: Found.\nAction 2: Finish[Jane Austen]"
)


def test_a_whole_log_in_one_answer_is_a_loop_too(reader, shape) -> None:
    row = {"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": LOG}]}
    trace = reader(row)
    assert "user reflect act+1 unknown reflect act." == shape(trace)
    assert ("Search", "Emma author", "By Jane Austen.\nShe wrote six.", "Jane Austen") == (
        trace.steps[2].calls[0].name,
        trace.steps[2].calls[0].arguments_json,
        trace.steps[3].results[0].content[0].text,
        trace.steps[-1].content[0].text,
    )


def test_the_reward_at_the_end_of_a_log_is_the_outcome(reader) -> None:
    said = f"{LOG}\nObservation: Episode finished, reward = 0.5"
    trace = reader({"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": said}]})
    assert (0.5, "Jane Austen") == (trace.outcome.reward, trace.steps[-1].content[0].text)


def test_an_input_belongs_to_the_action_before_it(reader) -> None:
    said = "Thought: a\nAction: one\nObservation: 1\nAction: two\nAction Input: {}"
    row = {"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": said}]}
    assert [("one", ""), ("two", "{}")] == [
        (c.name, c.arguments_json) for s in reader(row).steps if hasattr(s, "calls") for c in s.calls
    ]


def test_entries_of_sharegpt_and_a_system_text_beside_them_are_read(reader, shape) -> None:
    names = {"user": "human", "assistant": "gpt"}
    entries = [{"from": names[m["role"]], "value": m["content"]} for m in ROW["messages"]]
    row = {"system": "Think first.", "conversations": entries}
    assert ["react_text"] == reader.detects(row)
    assert "system user reflect act+1 unknown reflect act+1 unknown reflect act." == shape(reader(row))


@pytest.mark.parametrize(
    ("text", "log"),
    [
        (LOG, True),
        ("Thought: x\nAction: f\nAction Input: {}", True),
        ("Thought: x\nFinal Answer: y", True),
        ("Action: f(x)\nObservation: 1", True),
        ("Action: He runs away (fast)", False),
        ("Thought: to be or not to be.\nAction: he hesitates", False),
        ("The words Thought: and Action: head the lines.", False),
        ("Thought: a line of a poem", False),
    ],
)
def test_what_only_begins_with_the_words_is_no_log(text: str, log: bool) -> None:
    assert log is is_log(text)
