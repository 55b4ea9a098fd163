"""sxl_data.formats.seal_tools"""

from __future__ import annotations

from sxl_data.formats.seal_tools import FORMAT
from tests.sxl_data.read.readings import outline, read_path, read_row

ROW = {
    "id": "1",
    "query": "both",
    "calling": [
        {"api": "a", "parameters": {"x": 1}, "responses": ["API_call_0"]},
        {"api": "b", "parameters": {"y": "API_call_0"}},
    ],
}


def test_all_calls_are_one_act_without_results():
    trace = read_row(FORMAT, ROW).trace
    assert outline(trace) == "OC"
    assert [call.name for call in trace.steps[1].calls] == ["a", "b"]
    assert "API_call_0" in (trace.ext_json or "")


def test_real_rows_are_read(shared):
    readings, refused = read_path(FORMAT, shared / "data/seal_tools/dev.jsonl")
    assert (len(readings), refused) == (700, [])
