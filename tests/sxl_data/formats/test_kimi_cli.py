"""Kimi CLI wire logs."""

from __future__ import annotations


def event(**event):
    return {"type": "context.append_loop_event", "event": event, "time": 1_000}


LOG = [
    {"type": "metadata", "protocol_version": "1.4", "app_version": "0.1"},
    {"type": "config.update", "systemPrompt": "You are", "modelAlias": "k"},
    {"type": "turn.prompt", "input": [{"type": "text", "text": "go"}], "time": 1_000},
    event(type="step.begin"),
    event(type="think", part={"think": "hm"}),
    event(type="text", part={"text": "I read."}),
    event(type="tool.call", toolCallId="a", name="Read", args={"path": "x"}),
    event(type="tool.result", toolCallId="a", result={"output": "text", "isError": False}),
    event(type="step.end"),
    {"type": "context.append_message", "message": {"role": "user", "content": [{"type": "text", "text": "go"}]}},
    {"type": "usage.record", "usage": {"inputOther": 2, "inputCacheRead": 1, "output": 4}},
]


def test_a_log_becomes_a_loop_and_a_prompt_is_read_once(reader, shape) -> None:
    trace = reader(LOG)
    assert "system user reflect act+1 ok" == shape(trace)
    assert ("go", "k", 3, "1970-01-01T00:00:01.000Z") == (
        trace.task,
        trace.agent.model,
        trace.metrics.prompt_tokens,
        trace.steps[1].timestamp,
    )


def test_only_this_format_recognises_it(reader) -> None:
    assert ["kimi_cli"] == reader.detects(LOG)
