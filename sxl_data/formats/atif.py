"""The Agent Trajectory Interchange Format, versions 1.0 to 1.8, and ADP's dialect of it.

In: one trajectory. Agent steps become a turn each: reasoning, message with calls, results. A system step
may carry an observation, as may an agent step without calls; both become Observe steps of the environment.
Subagents become subtraces. Steps with ``is_copied_context`` and those that no model made (``llm_call_count`` 0)
are not trained on. Both keys, per-step metrics and ADP's ``metrics.cost`` stay in the step's ``ext_json``.
Source: harbor's RFC 0001; https://github.com/neulab/agent-data-protocol (schema/atif.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import dump, given
from sxl_data.formats.atif_leftovers import with_leftovers
from sxl_data.formats.atif_writing import JOINED, NAME, write_trajectory
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.export import released, restored
from sxl_data.formats.harness import is_harness, settle_task, task_in
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Result, Trace

_METRICS = {
    "prompt_tokens": "total_prompt_tokens",
    "completion_tokens": "total_completion_tokens",
    "cached_tokens": "total_cached_tokens",
}


class Atif:
    """Format of ATIF trajectories."""

    name = NAME
    title = "ATIF trajectories 1.0 to 1.8"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """`schema_version` that starts with `ATIF-v`."""
        version = sample.get("schema_version") if isinstance(sample, dict) else None
        return f"has `schema_version` {version}" if isinstance(version, str) and version.startswith("ATIF-v") else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        value, residual = released(document.value)
        if not isinstance(value, dict) or not isinstance(value.get("steps"), list):
            raise RowError(type(value).__name__, "a trajectory with a list `steps`", "/steps")
        if not value["steps"] and residual is None:
            raise RowError("no steps", "at least one", "/steps")
        version = value.get("schema_version")
        if isinstance(version, str) and version.startswith("ATIF-v") and not version.startswith("ATIF-v1."):
            raise RowError(f"version {version!r}", "ATIF-v1.x", "/schema_version")
        yield restored(_read(value, document, origin, part=0, at=""), residual)

    def write(self, trace: Trace) -> dict[str, Any]:
        """``trace`` as a trajectory."""
        return write_trajectory(trace)


FORMAT = Atif()


def _read(value: dict[str, Any], document: Document, origin: Origin, part: int, at: str) -> Reading:
    builder = Builder("agent")
    agent = value["agent"] if isinstance(value.get("agent"), dict) else {}
    builder.agent = Agent(
        name=_text(agent.get("name")) or "",
        version=_text(agent.get("version")),
        model=_text(agent.get("model_name")),
        ext_json=dump(agent["extra"]) if isinstance(agent.get("extra"), dict) else None,
    )
    for i, tool in enumerate(tools_of(agent.get("tool_definitions"))):
        builder.tool(tool, at=f"{at}/agent/tool_definitions/{i}")
    for i, step in enumerate(value["steps"]):
        if not isinstance(step, dict):
            raise RowError(type(step).__name__, "a step", f"{at}/steps/{i}")
        _read_step(builder, step, f"{at}/steps/{i}")
    builder.metrics = _metrics(value.get("final_metrics"))
    builder.executed = True
    nested = value.get("subagent_trajectories")
    for i, inner in enumerate(nested if isinstance(nested, list) else ()):
        place = f"{at}/subagent_trajectories/{i}"
        if isinstance(inner, dict) and isinstance(inner.get("steps"), list):
            builder.subtraces.append(_read(inner, document, origin, part * 1000 + i + 1, place).trace)
    session = value.get("session_id") or value.get("trajectory_id")
    group = str(session) if isinstance(session, str) else None
    settle_task(builder)
    reading = builder.build(document, origin, NAME, part=part, source_id=group, group=group)
    if not origin.lossless:
        return reading
    return msgspec.structs.replace(reading, trace=with_leftovers(reading.trace, value, embedded=part > 0))


def _read_step(builder: Builder, step: dict[str, Any], at: str) -> None:
    source = step.get("source")
    common: dict[str, Any] = {"timestamp": _text(step.get("timestamp"))}
    content = parts_of(step.get("message"))
    observation = step.get("observation")
    results = observation.get("results") if isinstance(observation, dict) else None
    results = results if isinstance(results, list) else []
    if source != "agent":
        origin = source if source in ("system", "user") else "environment"
        if origin == "user" and is_harness(step.get("message")):
            origin = "environment"
        builder.observe(content, origin, at=at, **common)
        if origin == "user" and not builder.task:
            builder.task = task_in(task_of(content))
        _read_seen(builder, results, at)
        return
    builder.end_turn()
    # 0 is not False: a flag in the place of a count says nothing.
    unmade = step.get("llm_call_count") == 0 and not isinstance(step["llm_call_count"], bool)
    if step.get("is_copied_context") is True or unmade:
        common["train"] = False
    reasoning = step.get("reasoning_content")
    if isinstance(reasoning, str) and reasoning:
        builder.reflect(reasoning, at=at, **common)
    builder.say(content, at=at, **common)
    calls = step.get("tool_calls")
    calls = calls if isinstance(calls, list) else []
    for k, call in enumerate(calls):
        place = f"{at}/tool_calls/{k}"
        if not isinstance(call, dict) or not isinstance(call.get("function_name"), str):
            raise RowError("a call without a name", "`function_name`", f"{place}/function_name")
        call_id = str(call.get("tool_call_id") or "")
        builder.call(call["function_name"], call_id=call_id, at=place, **given(call.get("arguments")))
    if not calls:
        _read_seen(builder, results, at)
        return
    for k, item in enumerate(results):
        place = f"{at}/observation/results/{k}"
        if not isinstance(item, dict):
            raise RowError(type(item).__name__, "a result", place)
        answered = item.get("source_call_id")
        if not isinstance(answered, str):
            answered = builder.next_call(place)
        builder.result(Result(call_id=answered, content=parts_of(item.get("content"))), at=place)


def _read_seen(builder: Builder, results: list[Any], at: str) -> None:
    """Observations that answer no call."""
    for k, item in enumerate(results):
        content = parts_of(item.get("content")) if isinstance(item, dict) else parts_of(item)
        builder.observe(
            content, "environment", at=f"{at}/observation/results/{k}", ext_json=dump({NAME: {JOINED: True}})
        )


def _metrics(final: Any) -> Metrics | None:
    if not isinstance(final, dict):
        return None
    fields: dict[str, Any] = {}
    for ours, theirs in _METRICS.items():
        if isinstance(final.get(theirs), int) and not isinstance(final[theirs], bool):
            fields[ours] = final[theirs]
    cost = final.get("total_cost_usd", final.get("total_cost"))
    if isinstance(cost, (int, float)) and not isinstance(cost, bool):
        fields["cost_usd"] = float(cost)
    if isinstance(final.get("extra"), dict):
        fields["ext_json"] = dump(final["extra"])
    return Metrics(**fields)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
