"""The Agent Data Protocol."""

from __future__ import annotations

ROW = {
    "id": "r",
    "details": {"resolved": "True"},
    "content": [
        {"class_": "text_observation", "content": "Fix it", "source": "user"},
        {"class_": "api_action", "function": "view", "kwargs": {"path": "a"}, "description": "I look."},
        {"class_": "text_observation", "content": "text of a", "source": "user"},
        {"class_": "message_action", "content": "Shall I go on?", "description": ""},
        {"class_": "text_observation", "content": "Yes", "source": "user"},
        {"class_": "code_action", "language": "bash", "content": "ls", "description": None},
        {"class_": "message_action", "content": "<finish> All done. </finish>", "description": ""},
    ],
}


def test_an_observation_after_a_call_is_its_result_whoever_says_it(reader, shape) -> None:
    trace = reader(ROW)
    assert "user act+1 unknown act user act+1 - act." == shape(trace)
    assert "text of a" == trace.steps[2].results[0].content[0].text


def test_the_description_is_content_and_no_reasoning(reader) -> None:
    assert "I look." == reader(ROW).steps[1].content[0].text


def test_the_finish_tags_are_the_final_answer(reader) -> None:
    trace = reader(ROW)
    assert ("All done.", "success") == (trace.steps[-1].content[0].text, trace.outcome.status)


def test_call_ids_of_newer_versions_pair_results(reader) -> None:
    row = {
        "schema_version": "1.1.0",
        "id": "r",
        "content": [
            {"class_": "text_observation", "content": "go", "source": "user"},
            {"class_": "api_action", "function": "f", "kwargs": {}, "tool_call_id": "x"},
            {"class_": "text_observation", "content": "1", "source": "environment", "tool_call_id": "x"},
        ],
    }
    assert ("x", "x") == (reader(row).steps[1].calls[0].call_id, reader(row).steps[2].results[0].call_id)


def test_a_web_page_keeps_its_tree_as_text_and_the_rest_as_data(reader) -> None:
    row = {"content": [{"class_": "web_observation", "axtree": "[1] link", "html": "<a>", "url": "u"}]}
    assert ["text", "data"] == [part.type for part in reader(row).steps[0].content]


def test_only_this_format_recognises_it(reader) -> None:
    assert ["adp"] == reader.detects(ROW)
