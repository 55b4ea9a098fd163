"""Pi sessions."""

from __future__ import annotations


def message(role, content, **more):
    return {
        "type": "message",
        "timestamp": "2026-01-01T00:00:00Z",
        "message": {"role": role, "content": content, **more},
    }


SESSION = [
    {"type": "session", "id": "s", "cwd": "/w", "modelId": "m", "provider": "p"},
    message("user", [{"type": "text", "text": "go"}]),
    message("assistant", [], stopReason="aborted", errorMessage="Request was aborted"),
    {"type": "thinking_level_change", "thinkingLevel": "low"},
    message(
        "assistant",
        [
            {"type": "thinking", "thinking": "hm", "thinkingSignature": "sig"},
            {"type": "text", "text": "I run."},
            {"type": "toolCall", "id": "a", "name": "bash", "arguments": {"command": "ls"}},
        ],
        stopReason="toolUse",
        usage={"input": 3, "cacheRead": 2, "output": 1, "cost": {"total": 0.5}},
    ),
    message("toolResult", [{"type": "text", "text": "x"}], toolCallId="a", isError=True, details={"code": 1}),
    message("assistant", [{"type": "text", "text": "done"}], stopReason="stop"),
]


def test_a_session_becomes_a_loop_and_an_aborted_response_says_so(reader, shape) -> None:
    trace = reader(SESSION)
    assert "user act reflect act+1 error act." == shape(trace)
    assert '"stopReason":"aborted"' in trace.steps[1].ext_json


def test_usage_details_and_skipped_lines_are_kept(reader) -> None:
    trace = reader(SESSION)
    assert (5, 2, 0.5) == (trace.metrics.prompt_tokens, trace.metrics.cached_tokens, trace.metrics.cost_usd)
    assert ('{"code":1}', "sig") == (trace.steps[4].results[0].structured_json, trace.steps[2].signature)
    assert '"skipped":{"thinking_level_change":1}' in trace.ext_json


def test_linked_entries_are_followed_from_the_last_one(reader, shape) -> None:
    links = [("1", None, "go"), ("2", "1", "left"), ("3", "1", "kept")]
    entries = [{**message("user", [{"type": "text", "text": text}]), "id": i, "parentId": p} for i, p, text in links]
    trace = reader([SESSION[0], *entries])
    assert ["go", "kept"] == [s.content[0].text for s in trace.steps]


def test_only_this_format_recognises_it(reader) -> None:
    assert ["pi_session"] == reader.detects(SESSION)


def test_the_real_session_has_the_eighteen_unanswered_calls(reader, shared) -> None:
    import json

    (path,) = (shared / "traces" / "pi_session").rglob("*.jsonl")
    trace = reader([json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()])
    calls = {c.call_id for s in trace.steps if hasattr(s, "calls") for c in s.calls}
    results = {r.call_id for s in trace.steps if hasattr(s, "results") for r in s.results}
    assert (391, 18) == (len(calls), len(calls - results))


def entry(identity, parent, role, text, **more):
    return {
        "type": "message",
        "id": identity,
        "parentId": parent,
        "message": {"role": role, "content": [{"type": "text", "text": text}], **more},
    }


HEAD = {"type": "session", "id": "s", "cwd": "/w"}


def test_a_parent_that_the_file_lacks_is_the_entry_before(reader, shape) -> None:
    assert "user act." == shape(reader([HEAD, entry("1", None, "user", "go"), entry("2", "gone", "assistant", "ok")]))


def test_summaries_are_what_the_agent_goes_on_from(reader, shape) -> None:
    summary = {"type": "compaction", "id": "c", "parentId": "2", "summary": "All of it", "firstKeptEntryId": "2"}
    trace = reader(
        [
            HEAD,
            entry("1", None, "user", "go"),
            entry("2", "1", "assistant", "ok"),
            summary,
            entry("3", "c", "user", "on"),
            entry("4", "3", "assistant", "yes"),
        ]
    )
    assert "user act environment user act." == shape(trace)


def test_another_branch_is_a_subtrace_where_the_agent_acted(reader) -> None:
    rows = [
        HEAD,
        entry("1", None, "user", "go"),
        entry("2", "1", "assistant", "wrong"),
        entry("3", "1", "assistant", "ok"),
    ]
    assert "wrong" == reader(rows).subtraces[0].steps[0].content[0].text
    left = [HEAD, entry("1", None, "user", "typo"), entry("2", None, "user", "go"), entry("3", "2", "assistant", "ok")]
    assert () == reader(left).subtraces and "typo" in reader(left).ext_json


def test_openclaw_writes_the_same_form_and_is_named(reader) -> None:
    rows = [HEAD, entry("1", None, "user", "go"), entry("2", "1", "assistant", "ok")]
    mark = {"type": "custom", "id": "0", "parentId": None, "customType": "model-snapshot", "data": {}}
    assert "pi" == reader(rows).agent.name
    assert "openclaw" == reader([HEAD, mark, {**rows[1], "parentId": "0"}, rows[2]]).agent.name


def test_a_result_states_its_exit_code(reader) -> None:
    call = {"type": "toolCall", "id": "a", "name": "bash", "arguments": {"command": "x"}}
    rows = [
        HEAD,
        entry("1", None, "user", "go"),
        {"type": "message", "id": "2", "parentId": "1", "message": {"role": "assistant", "content": [call]}},
        entry("3", "2", "toolResult", "no\n\nCommand exited with code 2", toolCallId="a", isError=True),
    ]
    assert 2 == reader(rows).steps[2].results[0].exit_code
