"""Conversations of gptme."""

from __future__ import annotations


def said(role, content):
    return {"role": role, "content": content, "timestamp": "2026-01-01T00:00:00"}


CALLS = "I look.\n```shell\nls\n```\nand\n```save a/b.txt\nhello\n```"
SESSION = [
    said("system", "You are gptme."),
    said("user", "go"),
    said("assistant", CALLS),
    said("system", "Ran command: `ls`"),
    said("system", "Saved to a/b.txt"),
    said("system", "a note of the program"),
    said("assistant", "Use it so:\n```shell\nls\n```"),
]


def test_blocks_that_were_run_are_calls_and_later_system_lines_their_output(reader, shape) -> None:
    trace = reader(SESSION)
    assert ["gptme"] == reader.detects(SESSION)
    assert "system user act+2 unknown,unknown environment act." == shape(trace)
    first, second = trace.steps[2].calls
    assert ("ls", "bash", '{"args":["a/b.txt"],"content":"hello"}') == (
        first.arguments_json,
        first.language,
        second.arguments_json,
    )


def test_a_block_that_nothing_answers_is_text(reader) -> None:
    assert "```shell" in reader(SESSION).steps[-1].content[0].text
