"""mini-SWE-agent trajectories."""

from __future__ import annotations

MESSAGES = [
    {"role": "system", "content": "You are"},
    {"role": "user", "content": "Fix it"},
    {"role": "assistant", "content": "THOUGHT: look\n\n```bash\nls -la\n```"},
    {"role": "user", "content": "<returncode>0</returncode>\n<output>\na.py\n</output>"},
    {"role": "assistant", "content": "Run it.\n```mswea_bash_command\npython a.py\n```"},
    {"role": "user", "content": "<returncode>1</returncode>\n<output>\nboom\n</output>"},
    {"role": "exit", "content": "", "extra": {"exit_status": "LimitsExceeded"}},
]


def test_a_bare_list_of_messages_is_one_trajectory(reader, shape) -> None:
    trace = reader(MESSAGES, lines=(1,) * len(MESSAGES))
    assert "system user reflect act+1 ok act+1 error environment" == shape(trace)
    assert ("aborted", [0, 1]) == (
        trace.outcome.status,
        [s.results[0].exit_code for s in trace.steps if hasattr(s, "results")],
    )


def test_the_block_is_the_call_and_the_text_before_it_is_said(reader) -> None:
    steps = reader(MESSAGES, lines=(1,) * len(MESSAGES)).steps
    assert ("look", "ls -la") == (steps[2].text, steps[3].calls[0].arguments_json)
    assert ("Run it.", "python a.py") == (steps[5].content[0].text, steps[5].calls[0].arguments_json)


def test_files_with_a_trajectory_format_are_read_one_trace_each(reader, shape) -> None:
    row = {
        "trajectory_format": "mini-swe-agent-1.1",
        "instance_id": "i",
        "messages": MESSAGES[:4],
        "info": {"exit_status": "Submitted", "model_stats": {"instance_cost": 0.5}, "mini_version": "1.9"},
    }
    first, second = reader.readings([row, row])
    assert ("system user reflect act+1 ok", 1, 2) == (shape(first.trace), first.line, second.line)
    assert (0.5, "1.9", "unknown") == (
        first.trace.metrics.cost_usd,
        first.trace.agent.version,
        first.trace.outcome.status,
    )


def test_function_calls_of_version_2_are_read(reader, shape) -> None:
    row = {
        "trajectory_format": "mini-swe-agent-1.1",
        "messages": [
            {"role": "user", "content": "Fix it"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "a", "function": {"name": "bash", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "a", "content": "x"},
            {"role": "exit", "content": "patch"},
        ],
    }
    assert "user act+1 unknown" == shape(reader([row]))


def test_what_a_submission_prints_is_the_result_of_its_command(reader, shape) -> None:
    row = {
        "trajectory_format": "mini-swe-agent-1.1",
        "info": {"exit_status": "Submitted"},
        "messages": [*MESSAGES[:3], {"role": "exit", "content": "diff --git"}],
    }
    (reading,) = reader.readings([row])
    trace = reading.trace
    assert "system user reflect act+1 unknown" == shape(trace)
    assert ("finish", "explicit") == (trace.steps[-1].decision, trace.steps[-1].decision_origin)


def test_only_this_format_recognises_it(reader) -> None:
    assert ["mini_swe_agent"] == reader.detects(MESSAGES)
    assert ["mini_swe_agent"] == reader.detects({"messages": MESSAGES})
