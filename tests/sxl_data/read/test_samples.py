"""recipes/samples: every sample is read by its format, and what comes out is fit for training."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from sxl_data.clean.faults import failing
from sxl_data.contract.resources import samples_folder
from sxl_data.read.files import gather, plan
from sxl_data.read.known import format_of
from sxl_data.read.sources import Source
from sxl_data.read.stage import find_formats, read_chunk

# Sample → (format, how many traces); auto where the rows say what they are.
SAMPLES = {
    "alpaca.json": ("instruction_pair", 14),
    "gsm8k.jsonl": ("gsm8k", 11),
    "strategyqa.json": ("strategyqa", 10),
    "chat.jsonl": ("openai_chat", 11),
    "sharegpt.json": ("sharegpt_tools", 5),
    "slugify.traj": ("swe_agent", 1),
    "claude_code": ("claude_code", 1),
    "reasoning.jsonl": ("reasoning_set", 4),
    "issues.jsonl": ("swebench_issue", 3),
    "commits.jsonl": ("commit_edit", 3),
    "bfcl.jsonl": ("bfcl", 2),
    "seal_tools.jsonl": ("seal_tools", 2),
    "toolalpaca.json": ("toolalpaca", 2),
    "api_bank.jsonl": ("api_bank", 1),
    "toolbench.json": ("toolbench", 1),
    "react.jsonl": ("react_text", 2),
    "traces.jsonl": ("sxl_trace", 11),
    "codex.jsonl": ("codex_rollout", 1),
    "pi.jsonl": ("pi_session", 1),
    "gemini.json": ("gemini_cli", 1),
    "kimi.jsonl": ("kimi_cli", 1),
    "openhands.json": ("openhands_events", 1),
    "inspect.json": ("inspect_eval", 1),
    "adp.jsonl": ("adp", 1),
    "hermes.jsonl": ("hermes_text", 1),
    "anthropic.jsonl": ("anthropic_messages", 1),
    "responses.jsonl": ("openai_responses", 1),
    "mini_swe_agent.traj.json": ("mini_swe_agent", 1),
    "sts.jsonl": ("sts", 1),
    "atif.jsonl": ("atif", 11),
    "tau_bench.json": ("tau_bench", 1),
    "intercode.json": ("intercode", 1),
    "trl.jsonl": ("trl_rows", 3),
    "message_list.json": ("message_list", 1),
    "claude_stream.jsonl": ("claude_stream_json", 1),
    "langchain.jsonl": ("langchain_messages", 2),
    "otel_genai.jsonl": ("otel_genai", 1),
    "openai_agents.json": ("openai_agents", 1),
    "smolagents.json": ("smolagents", 1),
    "autogen.json": ("autogen", 1),
    "gemini_lines.jsonl": ("gemini_cli_lines", 1),
    "opencode.json": ("opencode", 1),
    "copilot_cli.jsonl": ("copilot_cli", 1),
    "cline.json": ("cline", 1),
    "goose.jsonl": ("goose", 1),
    "cursor.jsonl": ("cursor", 1),
    "gptme.jsonl": ("gptme", 1),
    "codex_items.jsonl": ("codex_items", 1),
    "tau2.json": ("tau2", 1),
    "openhands_pairs.json": ("openhands_events", 1),
    "qwen_code.jsonl": ("qwen_code", 1),
    "qwen_stream.jsonl": ("claude_stream_json", 1),
    "gemini_stream.jsonl": ("gemini_stream_json", 1),
    "cursor_stream.jsonl": ("cursor_stream_json", 1),
    "droid.jsonl": ("droid", 1),
    "droid_stream.jsonl": ("droid_stream_json", 1),
    "opentraces.jsonl": ("opentraces", 1),
    "otel_events.jsonl": ("otel_genai", 1),
    "opencode_storage": ("opencode_folder", 1),
    "goose_sessions.db": ("goose", 2),
    "atif_subagents.json": ("atif", 1),
    "github_issues.json": ("github_issue", 1),
}
# Answers without what was asked: read, and the validator says what they lack.
BARE = {"batch.jsonl": ("model_responses", 2), "bfcl_result.jsonl": ("bfcl_result", 2)}
# Runs whose prompt is not in what they print.
BARE |= {"codex_exec.jsonl": ("codex_exec", 1), "mcp.jsonl": ("mcp_log", 1)}
BY_NAME = {
    "nl2bash": ("nl2bash_files", 8),
    "notebook.ipynb": ("notebook", 1),
    "thread.md": ("issue_thread", 1),
    "aider.md": ("aider", 1),
    "0001-sort-the-index.patch": ("patch_file", 1),
    "quixbugs": ("quixbugs", 1),
}


def read(name: str, format: str) -> tuple[str, pa.Table, int]:
    source = Source(name="sample", path=str(samples_folder() / name), format=format, licence="MIT")
    chunks = list(plan(source, Path()))
    found = find_formats(source, chunks)[0].format
    chunks = gather(chunks) if format_of(found).unit == "folder" else chunks
    parts = [read_chunk(source, chunk, found) for chunk in chunks]
    return (found, pa.concat_tables([part.traces for part in parts]), sum(len(part.quarantine) for part in parts))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_sample_is_recognised_and_read_without_errors(name):
    format, traces, refused = read(name, "auto")
    assert ((format, len(traces)), refused) == (SAMPLES[name], 0)
    assert failing(traces, "train").to_pylist() == [None] * len(traces)


@pytest.mark.parametrize("name", sorted(BARE))
def test_a_sample_of_answers_alone_is_recognised_and_read(name):
    format, traces, refused = read(name, "auto")
    assert ((format, len(traces)), refused) == (BARE[name], 0)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_sample_of_text_files_is_read_by_the_format_that_is_named(name):
    format, traces, refused = read(name, BY_NAME[name][0])
    assert ((format, len(traces)), refused) == (BY_NAME[name], 0)
    assert failing(traces, "train").to_pylist() == [None] * len(traces)


SESSIONS = (
    "codex.jsonl",
    "pi.jsonl",
    "gemini.json",
    "kimi.jsonl",
    "inspect.json",
    "hermes.jsonl",
    "anthropic.jsonl",
    "responses.jsonl",
    "sts.jsonl",
)
# The same short task as several agents write it, with or without the thought.
COUNTED = (
    "gemini_lines.jsonl",
    "opencode.json",
    "copilot_cli.jsonl",
    "cline.json",
    "goose.jsonl",
    "gptme.jsonl",
    "codex_items.jsonl",
    "openhands_pairs.json",
    "qwen_code.jsonl",
    "qwen_stream.jsonl",
    "gemini_stream.jsonl",
    "cursor_stream.jsonl",
    "droid.jsonl",
    "droid_stream.jsonl",
    "opentraces.jsonl",
    "otel_events.jsonl",
    "opencode_storage",
)


def test_the_same_session_says_the_same_in_every_format():
    phases = {name: [step["phase"] for step in read(name, "auto")[1]["steps"][0].as_py()] for name in SESSIONS}
    loop = ["observe", "reflect", "act", "iterate", "act", "iterate", "act"]
    assert {name: [p for p in found if p != "observe"] for name, found in phases.items()} == dict.fromkeys(
        SESSIONS, loop[1:]
    )


@pytest.mark.parametrize("name", COUNTED)
def test_the_same_task_says_the_same_in_every_agent(name):
    (trace,) = read(name, "auto")[1].to_pylist()
    said = [step for step in trace["steps"] if step["phase"] not in ("observe", "reflect")]
    assert trace["task"] == "How many lines has notes.txt?"
    assert [step["phase"] for step in said] == ["act", "iterate", "act"]
    assert (
        "wc" in said[0]["calls"][0]["arguments_json"] and "12 notes.txt" in said[1]["results"][0]["content"][0]["text"]
    )
    assert "12 lines" in said[2]["content"][0]["text"]


def test_every_sample_is_tested():
    assert {path.name for path in samples_folder().iterdir()} == {*SAMPLES, *BARE, *BY_NAME}
