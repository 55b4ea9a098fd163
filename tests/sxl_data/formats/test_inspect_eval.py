"""Inspect logs."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.files.inspect_archive import open_archive
from sxl_data.trace.format import RowError

SAMPLE = {
    "id": "q",
    "epoch": 2,
    "target": "42",
    "attachments": {"h1": "a long question", "h2": "data:image/png;base64,aGVsbG8="},
    "events": [
        {"event": "model", "tools": [{"name": "bash", "description": "runs", "parameters": {"type": "object"}}]}
    ],
    "messages": [
        {
            "role": "user",
            "content": [{"type": "text", "text": "attachment://h1"}, {"type": "image", "image": "attachment://h2"}],
        },
        {
            "role": "assistant",
            "model": "m",
            "content": [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "I run."}],
            "tool_calls": [{"id": "a", "function": "bash", "arguments": {"cmd": "ls"}}],
        },
        {"role": "tool", "tool_call_id": "a", "content": "", "error": {"type": "timeout", "message": "too slow"}},
        {"role": "assistant", "content": "42"},
    ],
    "scores": {"match": {"value": "C", "answer": "42"}},
    "model_usage": {"m": {"input_tokens": 5, "output_tokens": 2}},
}
LOG = {
    "version": 2,
    "eval": {"task": "guess", "model": "openai/m"},
    "samples": [SAMPLE, {**SAMPLE, "scores": {"s": {"value": 0.25}}}],
}


def test_each_sample_is_a_trace_with_its_attachments_put_back(reader, shape) -> None:
    first, second = (reading.trace for reading in reader.readings(LOG))
    assert "user reflect act+1 timeout act." == shape(first) == shape(second)
    assert ("a long question", "q/2") == (first.task, first.provenance.source_id)
    assert [("text", None), ("image", "data:image/png;base64,aGVsbG8=")] == [
        (p.type, p.uri) for p in first.steps[0].content
    ]


def test_errors_and_scores_are_kept(reader) -> None:
    first, second = (reading.trace for reading in reader.readings(LOG))
    result = first.steps[3].results[0]
    assert ("timeout", "too slow") == (result.error_type, result.error_message)
    assert [("success", None), ("unknown", 0.25)] == [(t.outcome.status, t.outcome.reward) for t in (first, second)]
    assert (["bash"], 5, "m") == ([t.name for t in first.tools], first.metrics.prompt_tokens, first.agent.model)


def test_an_archive_is_the_same_log(tmp_path: Path) -> None:
    path = tmp_path / "x.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", json.dumps({key: value for key, value in LOG.items() if key != "samples"}))
        archive.writestr("samples/q_epoch_2.json", json.dumps(SAMPLE))
    assert {**LOG, "samples": [SAMPLE]} == open_archive(path)


def test_a_damaged_archive_is_a_user_error(tmp_path: Path) -> None:
    path = tmp_path / "x.eval"
    path.write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(UserError, match="U204"):
        open_archive(path)


def test_a_log_without_samples_is_refused(reader) -> None:
    with pytest.raises(RowError):
        reader({"eval": {}, "samples": []})


def test_only_this_format_recognises_it(reader) -> None:
    assert ["inspect_eval"] == reader.detects(LOG)
