"""sxl_data.formats.intercode"""

from __future__ import annotations

import json

from sxl_data.formats.intercode import FORMAT
from tests.sxl_data.read.readings import outline, read_path, read_row

TASK = {
    "environment": "ic_bash",
    "query": "count files",
    "summary": {"max_reward": 0.5},
    "turn_history": {
        "actions": ["ls x", "ls", "submit"],
        "observations": ["no x", "a", ""],
        "rewards": [0, 0.5],
        "valid_action": [False, True, True],
    },
}


def test_actions_are_calls_and_observations_their_results():
    trace = read_row(FORMAT, {"0": TASK}).trace
    assert outline(trace) == "OCICI"
    assert json.loads(trace.steps[1].calls[0].arguments_json) == {"command": "ls x"}
    assert [trace.steps[i].results[0].status for i in (2, 4)] == ["error", "ok"]
    assert (trace.steps[2].decision, trace.outcome.status, trace.provenance.executed) == ("retry", "partial", True)


def test_real_results_are_read(shared):
    readings, refused = read_path(FORMAT, shared / "data/agent_traces/data/results/bash")
    assert (len(readings), refused) == (200, [])
