"""sxl_data.formats.tau_bench"""

from __future__ import annotations

from sxl_data.formats.tau_bench import FORMAT
from tests.sxl_data.read.readings import outline, read_path, read_row

CALL = {"id": "c", "type": "function", "function": {"name": "find", "arguments": '{"id": "7"}'}}
ROW = {
    "task_id": 3,
    "trial": 1,
    "reward": 1.0,
    "info": {"task": {"instruction": "be brief"}},
    "traj": [
        {"role": "system", "content": "policy"},
        {"role": "user", "content": "help"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c", "name": "find", "content": "found"},
        {"role": "assistant", "content": "Done."},
    ],
}


def test_the_reward_is_the_outcome_and_trials_of_a_task_stay_together():
    reading = read_row(FORMAT, ROW)
    assert outline(reading.trace) == "OOCIF"
    assert (reading.trace.outcome.status, reading.trace.outcome.reward, reading.group) == ("success", 1.0, "toy/3")
    assert [tool.name for tool in reading.trace.tools] == ["find"]


def test_the_hidden_instruction_is_not_shown_to_the_agent():
    trace = read_row(FORMAT, ROW).trace
    assert ("be brief" in str(trace.steps), "be brief" in (trace.ext_json or "")) == (False, True)


def test_real_trajectories_are_read(shared):
    readings, refused = read_path(FORMAT, shared / "data/tau_bench/historical_trajectories/gpt-4o-airline.json")
    assert (len(readings), refused, sum(r.trace.outcome.status == "success" for r in readings)) == (200, [], 84)
