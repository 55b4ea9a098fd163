"""Traces with their findings, as other programs open them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sxl_data.cli import run
from sxl_data.contract.errors import UserError
from sxl_data.validate.handover import handover

EXAMPLES = Path(__file__).parents[3] / "schemas/examples"
FILES = [EXAMPLES / "valid/agent-with-subtrace.json", next((EXAMPLES / "invalid").glob("P105-*.json"))]


def test_scout_gets_a_transcript_a_trace_with_its_findings_beside_it(tmp_path: Path):
    out = tmp_path / "transcripts.parquet"
    assert (2, 1) == handover(FILES, "scout", out)
    sound, wrong = pq.read_table(out).to_pylist()
    assert (None, "", "[]") == (sound["sxl_level"], sound["sxl_codes"], sound["sxl_findings"])
    assert ("error", "P105") == (wrong["sxl_level"], wrong["sxl_codes"])
    assert "P105" == json.loads(wrong["sxl_findings"])[0]["code"]
    messages = json.loads(wrong["messages"])
    assert wrong["message_count"] == len(messages) and not wrong["trust_content"]
    call = next(call for message in messages for call in message.get("tool_calls", ()))
    assert {"id", "type", "function", "arguments"} == call.keys() and isinstance(call["arguments"], dict)
    assert all("tool_call_id" in message for message in messages if message["role"] == "tool")


def test_docent_gets_a_run_a_line(tmp_path: Path):
    out = tmp_path / "runs.jsonl"
    handover(FILES, "docent", out)
    runs = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [[], ["P105"]] == [run["metadata"]["sxl_codes"] for run in runs]
    assert {"name", "description", "transcripts", "metadata"} == runs[0].keys()


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path):
    with pytest.raises(UserError, match="U401"):
        handover(FILES, "other", tmp_path / "x")
    assert 2 == run(["validate", str(FILES[0]), "--output", "scout"])
    assert 2 == run(["validate", str(FILES[0]), "--output", "docent", "-o", "x", "--template", "chatml"])
    (tmp_path / "empty.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(UserError):
        handover([tmp_path / "empty.jsonl"], "docent", tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
