"""Conversations of Cline, with calls as blocks and as tags."""

from __future__ import annotations


def text(words):
    return {"type": "text", "text": words}


TASK = {
    "role": "user",
    "content": [text("<task>\ngo\n</task>"), text("<environment_details>\nx\n</environment_details>")],
    "ts": 1,
}
NATIVE = [
    TASK,
    {
        "role": "assistant",
        "content": [text("I look."), {"type": "tool_use", "id": "t", "name": "list_files", "input": {}}],
        "ts": 2,
    },
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "a.txt"}], "ts": 3},
    {"role": "assistant", "content": "done", "ts": 4},
]
CALL = "<thinking>I look.</thinking>\n<list_files>\n<path>.</path>\n</list_files>"
TAGS = [
    TASK,
    {"role": "assistant", "content": [text(CALL)], "ts": 2},
    {"role": "user", "content": [text("[list_files for '.'] Result:"), text("a.txt"), text("b.txt")], "ts": 3},
    {"role": "assistant", "content": [text("done")], "ts": 4},
]


def test_calls_as_blocks_are_read(reader, shape) -> None:
    assert ["cline"] == reader.detects(NATIVE)
    assert "user environment act+1 ok act." == shape(reader(NATIVE))


def test_calls_as_tags_are_answered_by_what_the_user_side_says(reader, shape) -> None:
    trace = reader(TAGS)
    assert ["cline"] == reader.detects(TAGS)
    assert "user environment reflect act+1 unknown act." == shape(trace)
    assert ("go", "list_files", "a.txt\nb.txt") == (
        trace.task,
        trace.steps[3].calls[0].name,
        trace.steps[4].results[0].content[0].text,
    )


def test_older_files_without_times_begin_with_a_task(reader) -> None:
    old = [{key: message[key] for key in ("role", "content")} for message in TAGS]
    assert "cline" in reader.detects(old)


def test_a_thought_before_calls_as_blocks_is_a_reflection(reader, shape) -> None:
    said = [text("<thinking>I look.</thinking>"), *NATIVE[1]["content"][1:]]
    trace = reader([TASK, {**NATIVE[1], "content": said}, *NATIVE[2:]])
    assert "user environment reflect act+1 ok act." == shape(trace)
    assert ("I look.", "think_tag") == (trace.steps[2].text, trace.steps[2].form)
