"""Numbers that contradict each other: counts, exit codes, rewards, and totals beside the steps they sum."""

from __future__ import annotations

from typing import Any

import pytest

from sxl_data.rules import Fault
from sxl_data.rules.metrics import check, totals
from sxl_data.trace.types import Act, Iterate, Metrics, Observe, Outcome, Provenance, Result, Trace


def trace(*results: Result, **fields: Any) -> Trace:
    return Trace(
        schema_version="1.0",
        trace_id="t",
        kind="agent",
        steps=(Observe(index=0, origin="user"), Act(index=1, kind="tool"), Iterate(index=2, results=results)),
        provenance=Provenance(source="s"),
        **fields,
    )


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Result(call_id="a", status="ok", exit_code=1), [("M503", "exit_code", "exit code 1", "0, or an error")]),
        (Result(call_id="a", status="ok", exit_code=-9), [("M503", "exit_code", "exit code -9", "0, or an error")]),
        (Result(call_id="a", status="ok", exit_code=0), []),
        (Result(call_id="a", status="error", exit_code=1), []),
        (Result(call_id="a", duration_ms=-1.0), [("M502", "duration_ms", "-1.0", "0 or more")]),
        (Result(call_id="a", duration_ms=0.0), []),
    ],
)
def test_a_result_agrees_with_itself(result: Result, expected: list[tuple[str, str, str, str]]):
    faults = [Fault(code, f"/steps/2/results/1/{field}", *said) for code, field, *said in expected]
    assert faults == [*check(trace(Result(call_id="fine", status="ok"), result))]


@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens", "cached_tokens", "cost_usd", "duration_ms"])
def test_no_count_is_below_zero(name: str):
    assert [Fault("M502", f"/metrics/{name}", "-1", "0 or more")] == [*check(trace(metrics=Metrics(**{name: -1})))]
    assert [] == [*check(trace(metrics=Metrics(**{name: 0})))]


def test_no_more_tokens_are_cached_than_were_read():
    expected = Fault("M502", "/metrics/cached_tokens", "6", "at most 5")
    assert [expected] == [*check(trace(metrics=Metrics(prompt_tokens=5, cached_tokens=6)))]
    assert [] == [*check(trace(metrics=Metrics(prompt_tokens=5, cached_tokens=5)))]
    assert [] == [*check(trace(metrics=Metrics(cached_tokens=5)))]


@pytest.mark.parametrize(
    ("status", "reward", "contradiction"),
    [
        ("success", 0.0, True),
        ("success", -1.0, True),
        ("success", 0.5, False),
        ("success", None, False),
        ("failure", 1.0, True),
        ("failure", 2.0, True),
        ("failure", 0.5, False),
        ("failure", 0.0, False),
        ("partial", 0.0, False),
        ("unknown", 1.0, False),
    ],
)
def test_reward_and_status_are_one_verdict(status: Any, reward: float | None, contradiction: bool):
    fault = Fault("M504", "/outcome/reward", f"reward {reward or 0:g} with status {status}", "one verdict")
    assert [fault] * contradiction == [*check(trace(outcome=Outcome(status=status, reward=reward)))]


def document(*metrics: Any, **stated: Any) -> dict[str, Any]:
    steps = [{"source": "user"}, *({"source": "agent", "metrics": item} for item in metrics)]
    return {"steps": steps, "final_metrics": stated}


@pytest.mark.parametrize(
    ("total", "name"),
    [
        ("total_prompt_tokens", "prompt_tokens"),
        ("total_completion_tokens", "completion_tokens"),
        ("total_cached_tokens", "cached_tokens"),
        ("total_cost_usd", "cost_usd"),
    ],
)
def test_a_total_is_the_sum_over_the_agents_steps(total: str, name: str):
    assert [] == [*totals(document({name: 2}, {name: 3}, **{total: 5}))]
    expected = Fault("M501", f"/final_metrics/{total}", "6", "5, the sum of the steps")
    assert [expected] == [*totals(document({name: 2}, {name: 3}, **{total: 6}))]
    expected = Fault("M501", f"/final_metrics/{total}", "4", "5, the sum of the steps")
    assert [expected] == [*totals(document({name: 2}, {name: 3}, **{total: 4}))]


def test_steps_are_counted_whoever_made_them():
    assert [] == [*totals(document({}, {}, total_steps=3))]
    assert [Fault("M501", "/final_metrics/total_steps", "2", "3")] == [*totals(document({}, {}, total_steps=2))]


@pytest.mark.parametrize(
    "metrics",
    [
        ({"prompt_tokens": 2}, {}),
        ({"prompt_tokens": 2}, None),
        ({"prompt_tokens": 2}, {"prompt_tokens": "3"}),
        ({"prompt_tokens": 2}, {"prompt_tokens": True}),
        (),
    ],
)
def test_a_sum_over_steps_that_lack_the_number_contradicts_nothing(metrics: tuple[Any, ...]):
    assert [] == [*totals(document(*metrics, total_prompt_tokens=9))]


@pytest.mark.parametrize("stated", ["9", True, None])
def test_a_total_that_is_no_number_is_not_compared(stated: Any):
    assert [] == [*totals(document({"prompt_tokens": 2}, total_prompt_tokens=stated))]


def test_context_copied_from_elsewhere_is_in_no_total():
    made = document({"prompt_tokens": 2}, total_prompt_tokens=2)
    made["steps"].append({"source": "agent", "is_copied_context": True, "metrics": {"prompt_tokens": 7}})
    assert [] == [*totals(made)]


def test_totals_may_round_as_floats_do_and_no_further():
    parts = [{"cost_usd": 0.1}] * 3
    assert [] == [*totals(document(*parts, total_cost_usd=0.3))]
    assert ["M501"] == [fault.code for fault in totals(document(*parts, total_cost_usd=0.30001))]
    large = [{"cost_usd": 1e9}] * 2
    assert [] == [*totals(document(*large, total_cost_usd=2e9 + 1000))]
    assert ["M501"] == [fault.code for fault in totals(document(*large, total_cost_usd=2e9 + 3000))]


@pytest.mark.parametrize(
    "value", [None, [], {}, {"steps": {}, "final_metrics": {}}, {"steps": [], "final_metrics": []}, {"steps": [1]}]
)
def test_what_has_no_totals_or_no_steps_is_not_compared(value: Any):
    assert [] == [*totals(value)]
    assert [] == [*totals({"steps": [1, None], "final_metrics": {"total_steps": 2}})]
