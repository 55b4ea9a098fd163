"""Results of tau2-bench: simulations of an agent, a user and an environment that both may act in.

In: a results file with ``info``, ``tasks`` and ``simulations``, or one simulation. Out: one trace a simulation, seen
from the agent: the policy is its system text, the user's words are observed, calls that the simulated user makes in its
own environment (``requestor`` user) and what they gave are kept beside, as the agent sees neither. The reward is the
outcome. Simulations of one task are one group.
Source: Barres et al. 2025, https://github.com/sierra-research/tau2-bench (``data_model``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.declared_tools import inferred_tools
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Outcome, Result

NAME = "tau2"
_READ = (
    "role",
    "content",
    "tool_calls",
    "turn_idx",
    "timestamp",
    "cost",
    "usage",
    "raw_data",
    "generation_time_seconds",
)


class Tau2:
    """Format of results and single simulations."""

    name = NAME
    title = "tau2-bench results"
    unit = "row"
    leaves_out = (LeftOut("raw_data", "a message again, as the provider sent it"),)
    composes = (("tools", "where a file declares none, they are read off the calls"),)

    def detect(self, sample: Any) -> str | None:
        """`simulations` beside `tasks`, or a simulation with `messages` and `termination_reason`."""
        if isinstance(sample, dict) and isinstance(sample.get("simulations"), list) and "tasks" in sample:
            return "has `simulations` and `tasks`"
        single = (
            isinstance(sample, dict) and isinstance(sample.get("messages"), list) and "termination_reason" in sample
        )
        return "has `messages` and `termination_reason`" if single and "task_id" in sample else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading | RowError]:
        row = document.value if isinstance(document.value, dict) else {}
        held = row.get("simulations")
        places = [(s, f"/simulations/{i}") for i, s in enumerate(held)] if isinstance(held, list) else [(row, "")]
        tasks = row["tasks"] if isinstance(row.get("tasks"), list) else []
        part = 0
        for simulation, at in places:
            if not isinstance(simulation, dict) or not simulation.get("messages"):
                yield RowError("no messages", "a list of messages", f"{at}/messages")
                continue
            kept = Beside(NAME, origin)
            mine = [t for t in tasks if isinstance(t, dict) and t.get("id") == simulation.get("task_id")]
            for i, task in enumerate(mine if part else tasks):
                kept.keep(f"task {i}", task)
            kept.keep("info", row.get("info"), "environment_info" if part else "")
            if not part and isinstance(held, list):
                kept.keep("results", row, "simulations", "tasks", "info")
            yield _read(simulation, at, row.get("info"), kept, document, origin, part)
            part += 1


FORMAT = Tau2()


def _read(
    simulation: dict[str, Any], at: str, info: Any, kept: Beside, document: Document, origin: Origin, part: int
) -> Reading:
    builder = Builder("agent")
    about = info if isinstance(info, dict) else {}
    world = about["environment_info"] if isinstance(about.get("environment_info"), dict) else {}
    for tool in tools_of(world.get("tool_defs")) or inferred_tools(list(_calls(simulation["messages"]))):
        builder.tool(tool)
    policy = simulation.get("policy") or world.get("policy")
    if isinstance(policy, str) and policy:
        builder.observe(policy, "system", at="/info/environment_info/policy")
    for i, message in enumerate(simulation["messages"]):
        if isinstance(message, dict):
            _tell(builder, message, f"{at}/messages/{i}", kept)
    reward = simulation.get("reward_info")
    value = reward.get("reward") if isinstance(reward, dict) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        builder.outcome = Outcome(
            status="success" if value >= 1 else "failure", reward=float(value), verifier="tau2-bench"
        )
    cost = simulation.get("agent_cost")
    if isinstance(cost, (int, float)) and not isinstance(cost, bool):
        builder.metrics = Metrics(cost_usd=float(cost))
    agent = about["agent_info"] if isinstance(about.get("agent_info"), dict) else {}
    name, model = agent.get("implementation"), agent.get("llm")
    builder.agent = Agent(name=name if isinstance(name, str) else "", model=model if isinstance(model, str) else None)
    builder.executed = True
    kept.keep("simulation", simulation, "messages", "policy")
    kept.tell(builder)
    task, source_id = simulation.get("task_id"), simulation.get("id")
    return builder.build(
        document,
        origin,
        NAME,
        part=part,
        source_id=str(source_id) if source_id else None,
        group=f"{world.get('domain_name') or origin.source}/{task}",
    )


def _calls(messages: list[Any]) -> Iterator[tuple[str, Any]]:
    for message in messages:
        if isinstance(message, dict) and message.get("role") == "assistant":
            for call in message.get("tool_calls") or ():
                if isinstance(call, dict) and isinstance(call.get("name"), str):
                    yield call["name"], call.get("arguments")


def _tell(builder: Builder, message: dict[str, Any], at: str, kept: Beside) -> None:
    time = message.get("timestamp")
    common: dict[str, Any] = {"at": at, **({"timestamp": time} if isinstance(time, str) else {})}
    role, content = message.get("role"), message.get("content")
    calls = [call for call in message.get("tool_calls") or () if isinstance(call, dict)]
    if isinstance(message.get("tool_messages"), list):
        for i, inner in enumerate(message["tool_messages"]):
            if isinstance(inner, dict):
                _tell(builder, inner, f"{at}/tool_messages/{i}", kept)
    elif role == "tool" and message.get("requestor") == "user":
        kept.keep(at, message)
    elif role == "tool":
        status = {True: "error", False: "ok"}.get(message.get("error"), "unknown")  # type: ignore[arg-type]
        call_id = str(message.get("id") or builder.next_call(at))
        builder.result(Result(call_id=call_id, content=parts_of(content), status=status), **common)  # type: ignore[arg-type]
    elif role == "assistant":
        builder.end_turn()
        builder.say(parts_of(content), **common)
        for k, call in enumerate(calls):
            name, call_id = str(call.get("name") or ""), str(call.get("id") or f"call_{k}")
            builder.call(name, dump(call.get("arguments") or {}), call_id, **{**common, "at": f"{at}/tool_calls/{k}"})
        kept.keep(at, message, *_READ)
    else:
        if calls:
            kept.keep(at, {"tool_calls": calls})
        if content:
            builder.observe(parts_of(content), builder.observer(role, str(common.get("at") or "")), **common)
            builder.task = builder.task or (task_of(parts_of(content)) if role == "user" else "")
        kept.keep(at, message, *_READ)
