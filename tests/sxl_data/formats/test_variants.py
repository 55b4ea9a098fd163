"""Older, newer, cut and odd variants of the formats of events: what they say is read, and nothing is lost in silence."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from sxl_data.contract.resources import samples_folder
from sxl_data.formats.registry import formats
from sxl_data.trace.coverage import cover
from sxl_data.trace.format import Document, Origin, Reading, RowError

SAMPLES = {
    "codex_exec": "codex_exec.jsonl",
    "gemini_stream_json": "gemini_stream.jsonl",
    "cursor_stream_json": "cursor_stream.jsonl",
    "droid": "droid.jsonl",
    "droid_stream_json": "droid_stream.jsonl",
    "opentraces": "opentraces.jsonl",
    "mcp_log": "mcp.jsonl",
    "otel_genai": "otel_events.jsonl",
}
NOTE = "a remark that no reader expects"


def lines(name: str) -> list[Any]:
    return [json.loads(line) for line in (samples_folder() / SAMPLES[name]).read_text(encoding="utf-8").splitlines()]


def read(name: str, value: Any) -> tuple[list[Any], list[str]]:
    """(traces of ``value``, what the law calls unread or invented)."""
    format = formats()[name]
    whole = format.unit == "file"
    document = Document(
        file="toy", value=value if whole else value[0], lines=tuple(range(1, len(value) + 1)) if whole else (1,)
    )
    found = [item for item in format.read(document, Origin(source="toy")) if isinstance(item, Reading)]
    told = cover(document, found, format, Origin(source="toy"))
    return [item.trace for item in found], [u.pointer for u in told.unread] + [text for _, text in told.invented]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


def variants(name: str) -> Iterator[tuple[str, list[Any]]]:
    """Every key left out once, every object backwards, every value of another kind, each line cut off."""
    rows = lines(name)
    for i, held in enumerate(objects(rows)):
        changed = copy.deepcopy(rows)
        inner = list(objects(changed))[i]
        backwards = dict(reversed(inner.items()))
        inner.clear()
        inner.update(backwards)
        yield f"{i} backwards", changed
        for key in held:
            for odd in (None, 7, [NOTE], {"a": NOTE}, ...):
                changed = copy.deepcopy(rows)
                inner = list(objects(changed))[i]
                if odd is ...:
                    del inner[key]
                else:
                    inner[key] = odd
                yield f"{i} {key} {odd}", changed
    for cut in range(1, len(rows)):
        yield f"{cut} lines", rows[:cut]


@pytest.mark.parametrize("name", SAMPLES)
def test_no_variant_of_a_sample_surprises_its_reader(name: str) -> None:
    whole = len(lines(name)) > 1
    for what, value in islice(variants(name), 0, None, 5 if name == "otel_genai" else 1):
        document = Document(file="toy", value=value if whole else value[0], lines=tuple(range(1, len(value) + 1)))
        try:
            list(formats()[name].read(document, Origin(source="toy")))
        except RowError:
            continue
        except Exception as problem:
            raise AssertionError(what) from problem


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in ("opentraces", "otel_genai")])
def test_events_and_keys_of_the_future_are_kept(name: str) -> None:
    rows = [{**row, "new_key": f"{NOTE} {i}"} for i, row in enumerate(lines(name))]
    future = {"type": "some.new.event", "session_id": "s", "said": NOTE}
    traces, lost = read(name, [*rows, future])
    assert lost == []
    assert len(traces) == 1 and NOTE in str(traces[0].ext_json)


def codex(*items: dict[str, Any]) -> list[Any]:
    return [{"type": "item.completed", "item": {"id": f"item_{i}", **item}} for i, item in enumerate(items)]


def test_codex_exec_older_names_and_all_that_runs(shape) -> None:
    (trace,), lost = read(
        "codex_exec",
        codex(
            {"item_type": "reasoning", "text": "think about the files first"},
            {"item_type": "command_execution", "command": "false", "exit_code": 1, "status": "failed"},
            {"type": "file_change", "changes": [{"path": "a.py", "kind": "add"}], "status": "completed"},
            {
                "type": "mcp_tool_call",
                "server": "files",
                "tool": "read",
                "arguments": {"path": "a.py"},
                "result": {"content": [{"type": "text", "text": "the text of the file"}], "structured_content": None},
                "status": "completed",
            },
            {"type": "mcp_tool_call", "tool": "read", "error": {"message": "no such server"}, "status": "failed"},
            {"type": "web_search", "query": "what is there to know"},
            {"item_type": "assistant_message", "text": "that is all there is"},
        ),
    )
    assert shape(trace) == "reflect act+1 error act+1 ok act+1 ok act+1 error act+1 - act."
    assert lost == []
    assert [call.name for step in trace.steps for call in getattr(step, "calls", ())][1:4] == [
        "file_change",
        "read",
        "read",
    ]


def test_codex_exec_a_plan_that_changes_and_a_run_that_is_cut_off(shape) -> None:
    todo = {"id": "t", "type": "todo_list", "items": [{"text": "read all the files", "completed": False}]}
    done = {**todo, "items": [{"text": "read all the files", "completed": True}]}
    (trace,), lost = read(
        "codex_exec",
        [
            {"type": "item.started", "item": todo},
            {"type": "item.updated", "item": done},
            {"type": "item.started", "item": {"id": "c", "type": "command_execution", "command": "sleep 99"}},
            {"type": "item.updated", "item": {"id": "m", "type": "agent_message", "text": "I am about to wait"}},
            {"type": "turn.failed", "error": {"message": "stream disconnected before completion"}},
        ],
    )
    assert [call.name for call in trace.steps[0].calls] == ["todo_list", "todo_list", "command_execution"]
    assert trace.outcome.status == "aborted" and lost == []


def test_gemini_stream_errors_and_pieces(shape) -> None:
    say = {"type": "message", "role": "assistant", "delta": True}
    (trace,), lost = read(
        "gemini_stream_json",
        [
            {"type": "init", "session_id": "s", "model": "m"},
            {"type": "message", "role": "user", "content": "please list the files"},
            {**say, "content": "I will look "},
            {**say, "content": "at the files"},
            {"type": "tool_use", "tool_name": "ls", "tool_id": "a", "parameters": {}},
            {"type": "tool_use", "tool_name": "ls", "tool_id": "b", "parameters": {}},
            {
                "type": "tool_result",
                "tool_id": "b",
                "status": "error",
                "error": {"type": "E", "message": "not allowed here"},
            },
            {"type": "error", "severity": "warning", "message": "the loop was detected"},
            {"type": "result", "status": "error", "error": {"type": "Limit", "message": "the turn limit was met"}},
        ],
    )
    assert shape(trace) == "user act+2 error" and lost == []
    assert trace.steps[1].content[0].text == "I will look at the files"
    assert trace.outcome.status == "aborted"


def test_cursor_partial_output_is_said_once_and_failures_are_results(shape) -> None:
    def said(text: str, **more: Any) -> dict[str, Any]:
        return {"type": "assistant", "message": {"content": [{"type": "text", "text": text}]}, **more}

    def tool(identity: str, **held: Any) -> dict[str, Any]:
        return {"type": "tool_call", "subtype": "completed", "call_id": identity, "tool_call": held}

    (trace,), lost = read(
        "cursor_stream_json",
        [
            said("I look at ", timestamp_ms=1),
            said("all the files", timestamp_ms=2),
            said("I look at all the files", model_call_id="c"),
            tool("a", shellToolCall={"args": {"command": "x"}, "result": {"rejected": {"reason": "not by this user"}}}),
            tool(
                "b",
                readToolCall={"args": {"path": "x"}, "result": {"error": {"errorMessage": "no such file is there"}}},
            ),
            tool("c", function={"name": "f", "arguments": '{"a": 1}'}),
            tool(
                "d",
                shellToolCall={
                    "args": {},
                    "result": {"failure": {"exitCode": 2, "stderr": "", "stdout": "it failed here"}},
                },
            ),
        ],
    )
    assert trace.steps[0].content[0].text == "I look at all the files"
    assert [r.status for step in trace.steps for r in getattr(step, "results", ())] == ["denied", "error", "error"]
    assert trace.steps[-1].results[0].exit_code == 2 and lost == []


def test_droid_rewound_messages_and_summaries_are_kept() -> None:
    def said(identity: str, parent: str | None, role: str, text: str) -> dict[str, Any]:
        message = {"role": role, "content": [{"type": "text", "text": text}]}
        return {"type": "message", "id": identity, "parentId": parent, "message": message}

    (trace,), lost = read(
        "droid",
        [
            {"type": "session_start", "id": "s"},
            said("1", None, "user", "what is to be done here?"),
            said("2", "1", "assistant", "an answer that was taken back"),
            {"type": "compaction_state", "summaryText": "what was said until now"},
            said("3", "1", "assistant", "an answer that was kept"),
        ],
    )
    assert [step.content[0].text for step in trace.steps] == ["what is to be done here?", "an answer that was kept"]
    assert lost == [] and "taken back" in str(trace.ext_json)


def test_droid_printed_events_without_ids_and_a_final_text_of_its_own() -> None:
    (trace,), lost = read(
        "droid_stream_json",
        [
            {"type": "tool_call", "toolName": "Read", "parameters": {"path": "x"}},
            {"type": "tool_result", "isError": True, "error": {"message": "no such file is there"}},
            {"type": "completion", "finalText": "a text that no message had"},
        ],
    )
    assert trace.steps[1].results[0].status == "error" and lost == []
    assert "no message had" in str(trace.ext_json)


def test_opentraces_subagents_and_the_first_version(shape) -> None:
    row = lines("opentraces")[0]
    helper = {
        "step_index": 3,
        "role": "agent",
        "content": "the helper's answer",
        "call_type": "subagent",
        "parent_step": 1,
    }
    row["steps"] += [helper, {**helper, "step_index": 4, "content": "another of another", "parent_step": 2}]
    row["steps"][1]["observations"] = [{"source_call_id": "call_1", "content": None, "error": "no_result"}]
    row |= {"schema_version": "0.1.0"}
    for key in ("lifecycle", "git_links", "generation_index", "execution_context", "system_prompts"):
        del row[key]
    (trace,), lost = read("opentraces", [row])
    assert shape(trace) == "user reflect act+1 missing act." and lost == []
    assert [inner.steps[0].content[0].text for inner in trace.subtraces] == [
        "the helper's answer",
        "another of another",
    ]
    with pytest.raises(RowError):
        read("opentraces", [{**row, "schema_version": "1.0"}])


def test_mcp_in_batches_in_a_log_and_with_the_ids_of_both_sides(shape) -> None:
    rows = lines("mcp_log")
    wrapped = [{"time": "2026-03-02", "direction": "out", "message": row} for row in rows]
    texts = [{"level": "debug", "raw": json.dumps(row)} for row in rows]
    for form in ([rows[:5], *rows[5:]], wrapped, texts):
        (trace,), lost = read("mcp_log", form)
        assert shape(trace) == "system act+2 error,ok" and lost == [] and trace.tools[0].name == "count_lines"
    ask = {"jsonrpc": "2.0", "id": 2, "method": "sampling/createMessage", "params": {"messages": []}}
    said = {
        "jsonrpc": "2.0",
        "id": 2,
        "result": {"role": "assistant", "content": {"type": "text", "text": "by the client"}},
    }
    failed = {"jsonrpc": "2.0", "id": 3, "error": {"code": -32602, "message": "Unknown tool: count"}}
    (trace,), lost = read("mcp_log", [*rows[:7], ask, said, failed, rows[8]])
    assert shape(trace) == "system act+2 error,ok" and lost == []
    assert trace.steps[2].results[0].error_type == "-32602"


def test_opentelemetry_of_all_ages_says_the_same(shape) -> None:
    asked, answer = "How many lines has notes.txt?", "It has twelve lines."
    call = {"id": "c", "type": "function", "function": {"name": "wc", "arguments": '{"path": "notes.txt"}'}}
    span = {"name": "chat", "context": {"trace_id": "t", "span_id": "s"}}
    body = {
        "user": {"content": asked},
        "assistant": {"tool_calls": [call]},
        "tool": {"id": "c", "content": "12 notes.txt"},
    }
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}
    history = [{"role": "user", "content": asked}, {"role": "assistant", "tool_calls": [call]}]
    history.append({"role": "tool", "tool_call_id": "c", "content": "12 notes.txt"})
    in_events = [
        {"name": f"gen_ai.{who}.message", "attributes": {"gen_ai.event.content": json.dumps(said)}}
        for who, said in body.items()
    ]
    flat = {"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": asked, "gen_ai.prompt.1.role": "assistant"}
    flat |= {"gen_ai.prompt.1.tool_calls.0.id": "c", "gen_ai.prompt.1.tool_calls.0.name": "wc"}
    flat |= {"gen_ai.prompt.1.tool_calls.0.arguments": '{"path": "notes.txt"}', "gen_ai.prompt.2.role": "tool"}
    flat |= {"gen_ai.prompt.2.content": "12 notes.txt", "gen_ai.prompt.2.tool_call_id": "c"}
    flat |= {"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": answer}
    flat |= {"llm.request.functions.0.name": "wc", "llm.request.functions.0.description": "counts what is there"}
    whole = [
        {"name": "gen_ai.content.prompt", "attributes": {"gen_ai.prompt": json.dumps(history)}},
        {
            "name": "gen_ai.content.completion",
            "attributes": {"gen_ai.completion": json.dumps([{"role": "assistant", "content": answer}])},
        },
    ]
    logs = [
        {"body": said, "attributes": {"event.name": f"gen_ai.{who}.message"}, "span_id": "s"}
        for who, said in body.items()
    ]
    ages = {
        "events of the span": [
            {
                **span,
                "attributes": {},
                "events": [
                    *in_events,
                    {"name": "gen_ai.choice", "attributes": {"message": json.dumps(choice["message"])}},
                ],
            }
        ],
        "log records": [*logs, {"body": choice, "attributes": {"event.name": "gen_ai.choice"}, "span_id": "s"}],
        "1.27": [{**span, "attributes": {}, "events": whole}],
        "numbered": [{**span, "attributes": flat}],
    }
    for age, records in ages.items():
        (trace,), lost = read("otel_genai", records)
        assert (age, shape(trace), trace.task) == (age, "user act+1 unknown act.", asked)
        assert (age, lost) == (age, [])
    assert [tool.name for tool in trace.tools] == ["wc"]
