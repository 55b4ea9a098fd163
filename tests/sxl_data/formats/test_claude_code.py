"""Sessions of Claude Code."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def line(uuid, parent, role, content, **more):
    message = {"role": role, "content": content, **more.pop("message", {})}
    return {
        "type": role,
        "uuid": uuid,
        "parentUuid": parent,
        "sessionId": "s",
        "isSidechain": False,
        "message": message,
        **more,
    }


def use(call_id):
    return [{"type": "tool_use", "id": call_id, "name": "Bash", "input": {"command": "ls"}}]


def answer(call_id, **more):
    return [{"type": "tool_result", "tool_use_id": call_id, "content": "x", **more}]


SESSION = [
    {"type": "summary", "summary": "A title", "leafUuid": "6"},
    line("1", None, "user", "go", version="2.0"),
    line(
        "2",
        "1",
        "assistant",
        [{"type": "thinking", "thinking": "hm", "signature": "sig"}],
        message={"id": "m1", "model": "c"},
    ),
    line("3", "2", "assistant", use("a"), message={"id": "m1"}),
    line("4", "3", "user", answer("a"), toolUseResult={"stdout": "x"}),
    line("5", "3", "assistant", use("b"), message={"id": "m1", "usage": {"input_tokens": 2, "output_tokens": 3}}),
    line("6", "5", "user", answer("b", is_error=True)),
    line("7", "6", "assistant", [{"type": "text", "text": "done"}], message={"id": "m2"}),
]


def test_lines_of_one_message_are_one_turn_even_with_a_result_in_between(reader, shape) -> None:
    assert "user reflect act+2 ok,error act." == shape(reader(SESSION))


def test_session_agent_and_usage_are_kept(reader) -> None:
    trace = reader(SESSION)
    assert ("claude-code", "2.0", "c") == (trace.agent.name, trace.agent.version, trace.agent.model)
    assert (2, 3) == (trace.metrics.prompt_tokens, trace.metrics.completion_tokens)
    assert '"titles":["A title"],"skipped":{"summary":1}' in trace.ext_json
    assert ("sig", '{"stdout":"x"}') == (trace.steps[1].signature, trace.steps[3].results[0].structured_json)


def test_findings_can_name_the_line(reader) -> None:
    (reading,) = reader.readings(SESSION)
    assert (6, "/message/content/0") == (reading.lines["/steps/2/calls/1"], reading.places["/steps/2/calls/1"])
    assert "s" == reading.group


def test_sidechains_and_rewound_branches_become_subtraces(reader, shape) -> None:
    session = [
        line("1", None, "user", "first try"),
        line("2", "1", "assistant", [{"type": "text", "text": "no"}]),
        line("3", "2", "user", "abandoned"),
        line("4", "3", "assistant", [{"type": "text", "text": "lost"}]),
        line("5", "2", "user", "kept"),
        line("s1", None, "user", "sub task", isSidechain=True),
        line("s2", "s1", "assistant", [{"type": "text", "text": "sub done"}], isSidechain=True),
        line("6", "5", "assistant", [{"type": "text", "text": "yes"}]),
    ]
    trace = reader(session)
    assert "user act user act." == shape(trace)
    assert ["abandoned", "sub task"] == [inner.task for inner in trace.subtraces]


def test_text_of_the_harness_is_not_the_users(reader, shape) -> None:
    session = [
        line("1", None, "user", "Caveat", isMeta=True),
        line("2", "1", "user", "go"),
        line("3", "2", "assistant", [{"type": "text", "text": "limit"}], isApiErrorMessage=True),
    ]
    assert "environment user environment" == shape(reader(session))


def test_a_refused_call_says_so(reader) -> None:
    refused = answer("a", is_error=True)
    refused[0]["content"] = "The user doesn't want to proceed with this tool use."
    trace = reader(
        [line("1", None, "user", "go"), line("2", "1", "assistant", use("a")), line("3", "2", "user", refused)]
    )
    assert "denied" == trace.steps[-1].results[0].status


def test_a_file_without_messages_is_refused(reader) -> None:
    with pytest.raises(RowError):
        reader([{"type": "summary", "summary": "A title"}])


def test_only_this_format_recognises_it(reader) -> None:
    assert ["claude_code"] == reader.detects(SESSION)
    assert ["claude_code"] == reader.detects({"loglines": [SESSION[1]]})


def test_real_parallel_results_that_come_out_of_order_are_all_there(reader, shared) -> None:
    import json

    (path,) = (shared / "traces" / "claude_code").rglob("turn-2.jsonl")
    trace = reader([json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()])
    calls = [c.call_id for s in trace.steps if hasattr(s, "calls") for c in s.calls]
    results = [r.call_id for s in trace.steps if hasattr(s, "results") for r in s.results]
    assert (14, set(calls)) == (len(calls), set(results))
