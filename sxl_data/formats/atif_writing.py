"""A trace as an ATIF trajectory.

In: a trace. Out: ATIF 1.8, or the version that the trace was read from. One turn (Reflect, Act and the
results) is one agent step; every Observe is a step of its own, except one that was the observation of a
step without calls. Source: harbor's RFC 0001, https://harborframework.com/docs/trajectory-format.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sxl_data.files.json_text import load_object
from sxl_data.formats.content import block_of
from sxl_data.formats.declarations import declared
from sxl_data.formats.leftovers import recall
from sxl_data.trace.patch import restore
from sxl_data.trace.types import Act, Agent, Call, Iterate, Metrics, Observe, Part, Reflect, Result, Step, Tool, Trace

NAME = "atif"
VERSION = "ATIF-v1.8"
STYLE, JOINED = "$style", "$joined"
_SOURCES = {"system": "system", "developer": "system", "environment": "system", "user": "user", "parent": "user"}

# One ATIF step: its first step of the trace, what it is made of, and the ATIF object.
Written = tuple[int, "list[tuple[int, int | None]]", dict[str, Any]]


def write_trajectory(trace: Trace, *, embedded: bool = False) -> dict[str, Any]:
    """``trace`` as a trajectory; ``embedded`` ones need an id of their own."""
    left = recall(trace.ext_json, NAME)
    said = write_head(trace, embedded=embedded, style=left.get(STYLE))
    said["steps"] = [step for _, _, step in write_steps(trace, remembered=True, style=left.get(STYLE))]
    return restore(said, {key: value for key, value in left.items() if key != STYLE})


def write_head(trace: Trace, *, embedded: bool, style: Any = None) -> dict[str, Any]:
    """All of the trajectory but its steps."""
    said: dict[str, Any] = {"schema_version": VERSION}
    if isinstance(style, dict) and isinstance(style.get("version"), str):
        said["schema_version"] = style["version"]
    if trace.provenance.source_id:
        said["session_id"] = trace.provenance.source_id
    if embedded:
        said["trajectory_id"] = trace.trace_id
    said["agent"] = _agent(trace.agent, trace.tools)
    if trace.metrics is not None:
        said["final_metrics"] = _final(trace.metrics)
    if trace.subtraces:
        said["subagent_trajectories"] = [write_trajectory(inner, embedded=True) for inner in trace.subtraces]
    return said


def write_steps(trace: Trace, *, remembered: bool, style: Any = None) -> list[Written]:
    """The ATIF steps of ``trace``, each with the trace steps it is made of: (position, result or None)."""
    out: list[Written] = []
    model = trace.agent.model if isinstance(style, dict) and style.get("step_model") else None
    turn: list[int] = []

    def put(at: list[int]) -> None:
        if at:
            out.append(_agent_step(trace.steps, at, model))

    for at, step in enumerate(trace.steps):
        if isinstance(step, Observe):
            put(turn)
            turn = []
            joined = out and recall(step.ext_json, NAME).get(JOINED) is True
            if joined:
                _join(out[-1], at, step)
            else:
                said = _head(len(out) + 1, step, _SOURCES[step.origin])
                out.append((at, [], {**said, "message": _content(step.content)}))
            continue
        answered = turn and isinstance(trace.steps[turn[-1]], Iterate)
        if turn and (step.turn != trace.steps[turn[0]].turn or answered or _doubled(trace.steps, turn, step)):
            put(turn)
            turn = []
        turn.append(at)
    put(turn)
    numbered = []
    for number, (at, made, said) in enumerate(out, 1):
        said["step_id"] = number
        numbered.append((at, made, _with_rest(trace.steps, at, made, said) if remembered else said))
    return numbered


def _doubled(steps: Sequence[Step], turn: list[int], step: Step) -> bool:
    """Whether ``step`` cannot join the turn: a second act, or reasoning after the act."""
    acted = any(isinstance(steps[at], Act) for at in turn)
    return acted and not isinstance(step, Iterate)


def _with_rest(
    steps: Sequence[Step], at: int, made: list[tuple[int, int | None]], said: dict[str, Any]
) -> dict[str, Any]:
    results = said.get("observation", {}).get("results", [])
    for place, (of, slot) in enumerate(made):
        left = recall(steps[of].ext_json, NAME, slot)
        results[place] = restore(results[place], {k: v for k, v in left.items() if k != JOINED})
    left = recall(steps[at].ext_json, NAME)
    return restore(said, {k: v for k, v in left.items() if k not in ("results", JOINED)})


def _head(number: int, step: Step, source: str) -> dict[str, Any]:
    said: dict[str, Any] = {"step_id": number}
    if step.timestamp is not None:
        said["timestamp"] = step.timestamp
    return {**said, "source": source}


def _agent_step(steps: Sequence[Step], turn: list[int], model: str | None) -> Written:
    said = _head(0, steps[turn[0]], "agent")
    if model:
        said["model_name"] = model
    said["message"] = ""
    made: list[tuple[int, int | None]] = []
    thoughts = []
    ids: set[str] = set()
    for at in turn:
        step = steps[at]
        if isinstance(step, Reflect):
            thoughts.append(step.text)
        elif isinstance(step, Act):
            said["message"] = _content(step.content)
            if step.calls:
                said["tool_calls"] = [_call(call) for call in step.calls]
                ids = {call.call_id for call in step.calls}
        elif isinstance(step, Iterate):
            said["observation"] = {"results": [_result(result, ids) for result in step.results]}
            made += [(at, slot) for slot in range(len(step.results))]
    if thoughts:
        said["reasoning_content"] = "\n\n".join(thoughts)
    return turn[0], made, said


def _join(before: Written, at: int, step: Observe) -> None:
    said = before[2]
    said.setdefault("observation", {"results": []})["results"].append({"content": _content(step.content)})
    before[1].append((at, None))


def _call(call: Call) -> dict[str, Any]:
    arguments = load_object(call.arguments_json) if call.arguments_form != "raw" else None
    if arguments is None:
        arguments = {"code" if call.kind == "code" else "input": call.arguments_json}
    return {"tool_call_id": call.call_id, "function_name": call.name, "arguments": arguments}


def _result(result: Result, ids: set[str]) -> dict[str, Any]:
    # ATIF wants the id of a call of the same step or none.
    said = {"source_call_id": result.call_id} if result.call_id in ids else {}
    return {**said, "content": _content(result.content)}


def _content(content: tuple[Part, ...]) -> Any:
    if not content:
        return ""
    if len(content) == 1 and content[0].type == "text":
        return content[0].text or ""
    return [_part(part) for part in content]


def _part(part: Part) -> dict[str, Any]:
    if part.type in ("image", "audio"):
        path = part.uri or f"sha256:{part.sha256 or ''}"
        return {"type": part.type, "source": {"media_type": part.media_type or f"{part.type}/unknown", "path": path}}
    if part.type == "text":
        return {"type": "text", "text": part.text or ""}
    block = block_of(part)
    return (
        block if block.get("type") in ("text", "image") else {"type": "text", "text": part.data_json or part.uri or ""}
    )


def _agent(agent: Agent, tools: tuple[Tool, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {"name": agent.name or "unknown", "version": agent.version or "unknown"}
    if agent.model is not None:
        said["model_name"] = agent.model
    if tools:
        said["tool_definitions"] = declared(tools)
    extra = load_object(agent.ext_json)
    return {**said, "extra": extra} if extra else said


def _final(metrics: Metrics) -> dict[str, Any]:
    known = {
        "total_prompt_tokens": metrics.prompt_tokens,
        "total_completion_tokens": metrics.completion_tokens,
        "total_cached_tokens": metrics.cached_tokens,
        "total_cost_usd": metrics.cost_usd,
    }
    said: dict[str, Any] = {key: value for key, value in known.items() if value is not None}
    extra = load_object(metrics.ext_json)
    return {**said, "extra": extra} if extra else said
