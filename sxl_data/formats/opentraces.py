"""Records of opentraces: one session a line, with ``steps`` of calls and observations, outcome and attribution.

In: a `TraceRecord` of schema 0.1 to 0.3. Out: one trace. A step of the agent is a turn: reasoning, content, calls, and
the observations that answer them. Steps of a subagent (``call_type`` subagent) are a subtrace for each step that began
them; those of a warm-up are not trained on. System prompts stand once, by hash, and are observed where the first step
uses them. What a call gave is its ``content``; the shortened ``output_summary`` stands in where there is none. Git,
attribution, security and snippets are kept beside.
Source: https://github.com/JayFarei/opentraces (``packages/opentraces-schema``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import counts, given
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.harness import is_harness
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Outcome, Result

NAME = "opentraces"
_STEP = ("step_index", "role", "content", "reasoning_content", "timestamp", "system_prompt_hash", "observations")
_CALLED = ("tool_calls", "parent_step", "call_type", "model")
_INSIDE = {
    "tool_calls": ("tool_call_id", "tool_name", "input", "duration_ms"),
    "observations": ("source_call_id", "content", "output_summary", "error"),
}
_RECORD = (
    "schema_version",
    "trace_id",
    "session_id",
    "agent",
    "system_prompts",
    "tool_definitions",
    "steps",
    "metrics",
)
_ENDS = {"goal_reached": "success", "interrupted": "aborted", "error": "failure", "abandoned": "aborted"}
_COUNTS = {
    "prompt_tokens": "total_input_tokens",
    "completion_tokens": "total_output_tokens",
    "cached_tokens": "total_cache_read_tokens",
}


class Opentraces:
    """Format of one record."""

    name = NAME
    title = "opentraces records 0.1 to 0.3"
    unit = "row"
    leaves_out = (LeftOut("output_summary", "what a call gave, shortened, beside the whole of it"),)

    def detect(self, sample: Any) -> str | None:
        """`trace_id` and `session_id` beside `steps` that have a `step_index`."""
        steps = sample.get("steps") if isinstance(sample, dict) else None
        if not isinstance(steps, list) or not {"trace_id", "session_id", "agent"} <= sample.keys():
            return None
        indexed = bool(steps) and all(isinstance(step, dict) and "step_index" in step for step in steps)
        return "has `session_id` and `steps` with `step_index`" if indexed else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value if isinstance(document.value, dict) else {}
        steps = row.get("steps")
        if not isinstance(steps, list) or not steps:
            raise RowError("no steps", "a list `steps`", "/steps")
        version = str(row.get("schema_version") or "0")
        if not version.startswith("0."):
            raise RowError(f"version {version!r}", "0.x", "/schema_version")
        for i, step in enumerate(steps):
            if not isinstance(step, dict):
                raise RowError(type(step).__name__, "a step", f"/steps/{i}")
        builder, kept = Builder("agent"), Beside(NAME, origin)
        agent = row["agent"] if isinstance(row.get("agent"), dict) else {}
        kept.keep("agent", agent, "name", "version", "model")
        for i, tool in enumerate(tools_of(row.get("tool_definitions"))):
            builder.tool(tool, at=f"/tool_definitions/{i}")
        held = row["system_prompts"] if isinstance(row.get("system_prompts"), dict) else {}
        prompts: dict[str, Any] = dict(held)
        own = (step for step in steps if step.get("role") == "agent" and step.get("call_type") != "subagent")
        if (begun := next(own, None)) is not None:
            _prompt(builder, begun, prompts)  # the model has read it before what was asked
        asides: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        for i, step in enumerate(steps):
            if step.get("call_type") == "subagent":
                asides.setdefault(str(step.get("parent_step")), []).append((i, step))
            else:
                _tell(builder, step, f"/steps/{i}", prompts)
            kept.keep(f"/steps/{i}", step, *_STEP, *_CALLED)
            for key, read in _INSIDE.items():
                for k, item in enumerate(_listed(step, key)):
                    kept.keep(f"/steps/{i}/{key}/{k}", item, *read)
            if step.get("model") != agent.get("model"):
                kept.keep(f"/steps/{i}", {"model": step.get("model")})
        builder.agent = _agent(agent)
        for part, aside in enumerate(asides.values(), 1):
            inner = Builder("agent")
            inner.agent = builder.agent
            for i, step in aside:
                _tell(inner, step, f"/steps/{i}", prompts)
            builder.subtraces.append(inner.build(document, origin, NAME, part=part).trace)
        if prompts:
            kept.keep("system_prompts", prompts)
        kept.keep("record", row, *_RECORD)
        kept.keep("record/metrics", row.get("metrics"), *_COUNTS.values(), "estimated_cost_usd")
        kept.tell(builder)
        builder.outcome, builder.metrics = _outcome(row.get("outcome")), _metrics(row.get("metrics"))
        builder.executed = True
        source_id, session = row.get("trace_id"), row.get("session_id")
        yield builder.build(
            document,
            origin,
            NAME,
            source_id=str(source_id) if source_id else None,
            group=session if isinstance(session, str) else None,
        )


FORMAT = Opentraces()


def _tell(builder: Builder, step: dict[str, Any], at: str, prompts: dict[str, Any]) -> None:
    time, content = step.get("timestamp"), parts_of(step.get("content"))
    common: dict[str, Any] = {"timestamp": time} if isinstance(time, str) else {}
    _prompt(builder, step, prompts, **common)
    if step.get("role") != "agent":
        role = builder.observer(step.get("role"), at)
        role = "environment" if role == "user" and is_harness(step.get("content")) else role
        if content:
            builder.observe(content, str(role), at=at, **common)
        builder.task = builder.task or (task_of(content) if role == "user" else "")
    else:
        builder.end_turn()
        if step.get("call_type") == "warmup":
            common["train"] = False
        reasoning = step.get("reasoning_content")
        if isinstance(reasoning, str) and reasoning:
            builder.reflect(reasoning, at=at, **common)
        if content:
            builder.say(content, at=at, **common)
        for k, call in enumerate(_listed(step, "tool_calls")):
            if not isinstance(call, dict):
                raise RowError(type(call).__name__, "a call", f"{at}/tool_calls/{k}")
            name, call_id = str(call.get("tool_name") or ""), str(call.get("tool_call_id") or f"call_{k}")
            builder.call(name, call_id=call_id, at=f"{at}/tool_calls/{k}", **given(call.get("input") or {}), **common)
    _observed(builder, step, at)


def _listed(step: dict[str, Any], key: str) -> list[Any]:
    held = step.get(key)
    return held if isinstance(held, list) else []


def _prompt(builder: Builder, step: dict[str, Any], prompts: dict[str, Any], **common: Any) -> None:
    """Tell the system prompt that ``step`` names, the first time that one does."""
    name = str(step.get("system_prompt_hash"))
    if isinstance(prompts.get(name), str) and prompts[name]:
        builder.observe(prompts.pop(name), "system", at=f"/system_prompts/{name}", **common)


def _observed(builder: Builder, step: dict[str, Any], at: str) -> None:
    """What the calls of ``step`` gave."""
    spent = {
        str(call.get("tool_call_id")): call.get("duration_ms")
        for call in _listed(step, "tool_calls")
        if isinstance(call, dict) and type(call.get("duration_ms")) is int
    }
    for k, item in enumerate(_listed(step, "observations")):
        if not isinstance(item, dict):
            raise RowError(type(item).__name__, "an observation", f"{at}/observations/{k}")
        place, error = f"{at}/observations/{k}", item.get("error")
        said = item.get("content") if item.get("content") is not None else item.get("output_summary")
        answered = item.get("source_call_id")
        took = spent.get(str(answered))
        builder.result(
            Result(
                call_id=answered if isinstance(answered, str) else builder.next_call(place),
                content=parts_of(said),
                status="missing" if error == "no_result" else "error" if error else "ok",
                error_message=error if isinstance(error, str) else None,
                duration_ms=None if took is None else float(took),
            ),
            at=place,
        )


def _agent(agent: dict[str, Any]) -> Agent:
    known = {key: agent[key] for key in ("version", "model") if isinstance(agent.get(key), str)}
    return Agent(name=str(agent.get("name") or ""), **known)


def _outcome(held: Any) -> Outcome:
    outcome = held if isinstance(held, dict) else {}
    status = _ENDS.get(str(outcome.get("terminal_state")), "unknown")
    if isinstance(outcome.get("success"), bool):
        status = "success" if outcome["success"] else "failure"
    reward = outcome.get("reward")
    plain = isinstance(reward, (int, float)) and not isinstance(reward, bool)
    by = outcome.get("reward_source")
    return Outcome(
        status=status,  # type: ignore[arg-type]
        reward=float(reward or 0) if plain else None,
        verifier=by if isinstance(by, str) else None,
    )


def _metrics(held: Any) -> Metrics | None:
    metrics = held if isinstance(held, dict) else {}
    found: dict[str, Any] = counts({name: metrics.get(key) for name, key in _COUNTS.items()})
    cost = metrics.get("estimated_cost_usd")
    if isinstance(cost, (int, float)) and not isinstance(cost, bool):
        found["cost_usd"] = float(cost)
    return Metrics(**found) if found else None
