"""M: do the numbers agree with each other?

In: a trace, or for totals the submitted document, since only formats whose steps have numbers of their
own can contradict their totals. Out: faults.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.contract.codes import table
from sxl_data.rules import Fault
from sxl_data.trace.types import Iterate, Trace

CODES = table("""
M501 warning totals-differ
    title  A total is not the sum of the steps
    why    one of the two is wrong, or steps are missing
    fix    sum again, or leave the total out
M502 error impossible-number
    title  A number cannot be what it says
    why    counts, costs and times are never negative, and cached tokens are part of the prompt's
    fix    correct it, or leave it out
M503 warning exit-code-with-status-ok
    title  A result with status ok has an exit code that is not 0
    why    one of the two is wrong
    fix    set the status to `error`, unless this program means something else by the code
M504 warning outcome-contradicted
    title  The outcome contradicts its reward
    why    a filter on either would choose other traces
    fix    correct the status or the reward
""")

_COUNTS = ("prompt_tokens", "completion_tokens", "cached_tokens", "cost_usd", "duration_ms")
# ATIF's total → the field of a step's metrics that it sums.
_TOTALS = {
    "total_prompt_tokens": "prompt_tokens",
    "total_completion_tokens": "completion_tokens",
    "total_cached_tokens": "cached_tokens",
    "total_cost_usd": "cost_usd",
}


def check(trace: Trace) -> Iterator[Fault]:
    """The contradictions in the numbers of ``trace``."""
    yield from _results(trace)
    yield from _sums(trace)


def _results(trace: Trace) -> Iterator[Fault]:
    for i, step in enumerate(trace.steps):
        if type(step) is not Iterate:
            continue
        for k, result in enumerate(step.results):
            if result.exit_code and result.status == "ok":
                found = f"exit code {result.exit_code}"
                yield Fault("M503", f"/steps/{i}/results/{k}/exit_code", found, "0, or an error")
            if result.duration_ms is not None and result.duration_ms < 0:
                yield Fault("M502", f"/steps/{i}/results/{k}/duration_ms", str(result.duration_ms), "0 or more")


def _sums(trace: Trace) -> Iterator[Fault]:
    """The contradictions in what is said of the whole of ``trace``."""
    metrics = trace.metrics
    if metrics is not None:
        for name in _COUNTS:
            value = getattr(metrics, name)
            if value is not None and value < 0:
                yield Fault("M502", f"/metrics/{name}", str(value), "0 or more")
        prompt, cached = metrics.prompt_tokens, metrics.cached_tokens
        if prompt is not None and cached is not None and cached > prompt:
            yield Fault("M502", "/metrics/cached_tokens", str(cached), f"at most {prompt}")
    outcome = trace.outcome
    if outcome.reward is not None and (
        (outcome.status == "success" and outcome.reward <= 0) or (outcome.status == "failure" and outcome.reward >= 1)
    ):
        yield Fault("M504", "/outcome/reward", f"reward {outcome.reward:g} with status {outcome.status}", "one verdict")


def totals(document: Any) -> Iterator[Fault]:
    """Totals of an ATIF ``document`` that differ from the sum over its steps; pointers into it.

    Only where every step of the agent has the number: a total may cover steps that were not recorded.
    """
    steps = document.get("steps") if isinstance(document, dict) else None
    stated = document.get("final_metrics") if isinstance(document, dict) else None
    if not isinstance(steps, list) or not isinstance(stated, dict):
        return
    acting = [s for s in steps if isinstance(s, dict) and s.get("source") == "agent"]
    held = [step.get("metrics") for step in acting if not step.get("is_copied_context")]
    if isinstance(stated.get("total_steps"), int) and stated["total_steps"] != len(steps):
        yield Fault("M501", "/final_metrics/total_steps", str(stated["total_steps"]), str(len(steps)))
    for total, name in _TOTALS.items():
        values: list[Any] = [item.get(name) for item in held if isinstance(item, dict)]
        if not values or len(values) != len(held) or not all(_is_number(v) for v in values):
            continue
        if _is_number(stated.get(total)) and abs(stated[total] - sum(values)) > 1e-6 * max(1.0, abs(stated[total])):
            yield Fault("M501", f"/final_metrics/{total}", f"{stated[total]}", f"{sum(values)}, the sum of the steps")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
