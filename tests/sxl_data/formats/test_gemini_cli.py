"""Gemini CLI chats."""

from __future__ import annotations

CHAT = {
    "sessionId": "s",
    "projectHash": "h",
    "messages": [
        {"id": "1", "type": "user", "content": "go", "timestamp": "2026-01-01T00:00:00Z"},
        {
            "id": "2",
            "type": "gemini",
            "content": "I read.",
            "model": "g",
            "tokens": {"input": 5, "output": 1, "thoughts": 2, "cached": 3},
            "thoughts": [{"subject": "Plan", "description": "Read it."}],
            "toolCalls": [
                {
                    "id": "a",
                    "name": "read_file",
                    "args": {"path": "x"},
                    "status": "success",
                    "result": [{"functionResponse": {"id": "a", "name": "read_file", "response": {"output": "text"}}}],
                },
                {"id": "b", "name": "run", "args": {}, "status": "cancelled"},
            ],
        },
        {"id": "3", "type": "gemini", "content": "done"},
    ],
}


def test_a_chat_becomes_a_loop(reader, shape) -> None:
    trace = reader(CHAT)
    assert "user reflect act+2 ok,cancelled act." == shape(trace)
    assert ("Plan\nRead it.", "text") == (trace.steps[1].text, trace.steps[3].results[0].content[0].text)
    assert (5, 3, 3, "g") == (
        trace.metrics.prompt_tokens,
        trace.metrics.completion_tokens,
        trace.metrics.cached_tokens,
        trace.agent.model,
    )


def test_only_this_format_recognises_it(reader) -> None:
    assert ["gemini_cli"] == reader.detects(CHAT)


def test_lines_are_a_chat_whose_messages_may_be_told_again_or_taken_back(reader, shape) -> None:
    lines = type(reader)("gemini_cli_lines")
    head = {"sessionId": "s", "projectHash": "h"}
    asked = {"id": "1", "type": "user", "content": [{"text": "go"}]}
    wrong = {"id": "2", "type": "user", "content": [{"text": "taken back again"}]}
    early = {"id": "3", "type": "gemini", "content": "do"}
    late = {"id": "3", "type": "gemini", "content": "done", "model": "m"}
    records = [head, asked, wrong, {"$rewindTo": "2"}, early, {"$set": {"summary": "a summary of it"}}, late]
    trace = lines(records)
    assert ["gemini_cli_lines"] == lines.detects(records)
    assert ("user act.", "done") == (shape(trace), trace.steps[1].content[0].text)
    assert "taken back again" in trace.ext_json and "a summary of it" in trace.ext_json
