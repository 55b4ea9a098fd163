"""Results of tau2-bench."""

from __future__ import annotations


def call(name, by="assistant"):
    return {"id": f"{by}-{name}", "name": name, "arguments": {"order": "5"}, "requestor": by}


def done(name, by="assistant", error=False):
    return {"role": "tool", "id": f"{by}-{name}", "content": f"{name} by {by}", "requestor": by, "error": error}


MESSAGES = [
    {"role": "assistant", "content": "Hi"},
    {"role": "user", "content": "Cancel it"},
    {"role": "user", "content": None, "tool_calls": [call("reboot", "user")]},
    done("reboot", "user"),
    {"role": "assistant", "content": None, "tool_calls": [call("find"), call("cancel")]},
    {"role": "tool", "tool_messages": [done("find"), done("cancel", error=True)]},
    {"role": "assistant", "content": "Done"},
]
ONE = {
    "id": "s1",
    "task_id": "t",
    "messages": MESSAGES,
    "termination_reason": "user_stop",
    "reward_info": {"reward": 0.0},
}
RESULTS = {
    "info": {"environment_info": {"domain_name": "mock", "policy": "Be kind."}, "agent_info": {"llm": "m"}},
    "tasks": [{"id": "t", "user_scenario": {"instructions": "hidden from the agent"}}],
    "simulations": [ONE, {**ONE, "id": "s2", "reward_info": {"reward": 1.0}}],
}


def test_each_simulation_is_a_trace_seen_from_the_agent(reader, shape) -> None:
    first, second = reader.readings(RESULTS)
    assert ["tau2"] == reader.detects(RESULTS)
    assert "system act user act+2 ok,error act." == shape(first.trace)
    assert [("failure", 0.0), ("success", 1.0)] == [
        (r.trace.outcome.status, r.trace.outcome.reward) for r in (first, second)
    ]
    assert ({"mock/t"}, "m") == ({first.group, second.group}, first.trace.agent.model)


def test_what_the_agent_does_not_see_is_kept_beside(reader) -> None:
    first, _ = reader.readings(RESULTS)
    assert "reboot by user" in first.trace.ext_json and "hidden from the agent" in first.trace.ext_json


def test_a_single_simulation_is_read_too(reader, shape) -> None:
    assert "tau2" in reader.detects(ONE)
    assert "act user act+2 ok,error act." == shape(reader(ONE))
