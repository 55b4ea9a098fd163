"""SWE-agent trajectories.

In: ``{"trajectory": [...], "history": [...], "info": {...}}``. ``history`` is what the model saw and is
preferred; ``trajectory`` adds the observation of the last action. Demonstrations in the history are input,
not the agent's work. An action is free text for a shell, unless the model called functions. ``thought`` is
the response without its action; where it is the whole response nothing is said twice. Demonstration files (YAML)
have a ``history`` alone. The published dataset's rows (``trajectory`` of ``role`` and ``text``) are read too; there
the action is a fenced block.
Source: https://swe-agent.com/latest/usage/trajectories/.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import counts, dump, given
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.markup import fenced
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Outcome, Result

NAME = "swe_agent"


class SweAgent:
    """Format of SWE-agent trajectories."""

    name = NAME
    title = "SWE-agent trajectories (.traj)"
    unit = "row"
    leaves_out = (
        LeftOut("tool_call_ids", "links of results to their calls"),
        LeftOut("trajectory/*/state", "of the environment's shell and editor after each step"),
        LeftOut("trajectory/*/messages", "the prompt of each step again, shortened by the harness"),
        *(LeftOut(f"info/edited_files{lines}", "windows of the files that the steps show") for lines in (30, 50, 70)),
    )

    def detect(self, sample: Any) -> str | None:
        """`trajectory` beside `history` or `info`, a `trajectory` of `role` and `text`, or a `history` alone."""
        if not isinstance(sample, dict):
            return None
        if not isinstance(sample.get("trajectory"), list):
            return _demonstration(sample.get("history")) if "trajectory" not in sample else None
        if isinstance(sample.get("history"), list) or isinstance(sample.get("info"), dict):
            return "has `trajectory` with `history` or `info`"
        first = sample["trajectory"][0] if sample["trajectory"] else None
        return "has `trajectory` of `role` and `text`" if isinstance(first, dict) and "text" in first else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        value = document.value
        if not isinstance(value, dict):
            raise RowError(type(value).__name__, "an object with `trajectory`")
        builder = Builder("agent")
        info = value["info"] if isinstance(value.get("info"), dict) else value
        history = value.get("history")
        if isinstance(history, list) and history:
            _read_history(builder, history)
            _read_last(builder, value.get("trajectory"))
        elif isinstance(value.get("trajectory"), list) and value["trajectory"]:
            _read_trajectory(builder, value["trajectory"])
        else:
            raise RowError("no steps", "a list `history` or `trajectory` with steps", "/trajectory")
        model = value.get("model_name")
        builder.agent = Agent(name="SWE-agent", model=model if isinstance(model, str) else None)
        builder.outcome = _outcome(info, value.get("target"))
        builder.metrics = _metrics(info.get("model_stats"))
        builder.executed = True
        builder.submitted = str(info.get("exit_status") or "").startswith("submitted")
        ext = {key: info[key] for key in ("exit_status", "submission", "generated_patch", "eval_logs") if info.get(key)}
        kept = {key: value[key] for key in ("environment", "replay_config") if value.get(key)}
        if (ext or kept) and origin.lossless:
            builder.ext[NAME] = {**ext, **kept}
        source_id = value.get("instance_id") or info.get("instance_id")
        yield builder.build(document, origin, NAME, source_id=str(source_id) if source_id else None)


FORMAT = SweAgent()


def _demonstration(history: Any) -> str | None:
    first = history[0] if isinstance(history, list) and history else None
    known = isinstance(first, dict) and {"role", "content", "agent", "message_type"} <= first.keys()
    return "has a `history` of messages with `agent` and `message_type`" if known else None


def _read_history(builder: Builder, history: list[Any]) -> None:
    for i, message in enumerate(history):
        at = f"/history/{i}"
        if not isinstance(message, dict):
            raise RowError(type(message).__name__, "a message", at)
        role, demo = message.get("role"), message.get("is_demo") is True
        content = message.get("content")
        if role == "assistant" and not demo:
            builder.end_turn()
            _read_action(builder, message, at, i)
        elif role == "tool" or (role == "user" and not demo and builder.open_calls):
            ids = message.get("tool_call_ids")
            call_id = str(ids[0]) if isinstance(ids, list) and ids else builder.next_call(at)
            builder.result(Result(call_id=call_id, content=parts_of(content)), at=at)
        else:
            common: dict[str, Any] = {"ext_json": dump({NAME: {"is_demo": True}})} if demo else {}
            parts = parts_of(content)
            builder.observe(parts, "developer" if demo else builder.observer(role, at), at=at, **common)
            if role == "user" and not demo and not builder.task:
                builder.task = task_of(parts)


def _read_action(builder: Builder, message: dict[str, Any], at: str, number: int) -> None:
    content = message.get("content")
    text = content if isinstance(content, str) else task_of(parts_of(content))
    thought, action = message.get("thought"), message.get("action")
    calls = message.get("tool_calls")
    blocks = message.get("thinking_blocks")
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, dict) and isinstance(block.get("thinking"), str):
            builder.reflect(block["thinking"], "block", signature=block.get("signature"), at=at)
    if isinstance(calls, list) and calls:
        builder.say(text, at=at)
        for k, item in enumerate(calls):
            function = item.get("function") if isinstance(item, dict) else None
            if not isinstance(function, dict):
                raise RowError(type(function).__name__, "a function call", f"{at}/tool_calls/{k}")
            builder.call(
                str(function.get("name") or ""),
                call_id=str(item.get("id") or f"call_{number}_{k}"),
                at=f"{at}/tool_calls/{k}",
                **given(function.get("arguments")),
            )
        return
    if not isinstance(action, str) or not action.strip():
        builder.say(text, at=at)
        return
    if isinstance(thought, str) and thought.strip() and thought.strip() != action.strip():
        builder.reflect(thought, "scratchpad", at=at)
    builder.call("bash", action, f"call_{number}", kind="code", form="raw", language="bash", at=at)


def _read_last(builder: Builder, trajectory: Any) -> None:
    """The history stops before the last observation, which only the trajectory has."""
    open_calls = builder.open_calls
    if not open_calls or not isinstance(trajectory, list) or not trajectory:
        return
    last = trajectory[-1]
    if isinstance(last, dict) and isinstance(last.get("observation"), str) and isinstance(last.get("action"), str):
        same = last["action"].strip() == open_calls[0].arguments_json.strip()
        if same or open_calls[0].kind == "function":
            at = f"/trajectory/{len(trajectory) - 1}/observation"
            builder.result(Result(call_id=builder.next_call(at), content=parts_of(last["observation"])), at=at)


def _read_trajectory(builder: Builder, trajectory: list[Any]) -> None:
    for i, item in enumerate(trajectory):
        at = f"/trajectory/{i}"
        if not isinstance(item, dict):
            raise RowError(type(item).__name__, "a step", at)
        if "action" in item:
            _read_action(builder, {"content": item.get("response"), **item}, at, i)
            seen = item.get("observation")
            if isinstance(seen, str) and builder.open_calls:
                builder.result(Result(call_id=builder.next_call(at), content=parts_of(seen)), at=at)
            builder.end_turn()
            continue
        role = item.get("role")
        text = str(item.get("text") or item.get("system_prompt") or "")
        if role in ("ai", "assistant"):
            builder.end_turn()
            blocks = fenced(text)
            if blocks:
                start, end, _, body = blocks[-1]
                if text[:start].strip():
                    builder.reflect(text[:start].strip(), "scratchpad", at=at)
                builder.say(text[end:].strip(), at=at)
                builder.call("bash", body, f"call_{i}", kind="code", form="raw", language="bash", at=at)
            else:
                builder.say(text, at=at)
        elif role == "user" and builder.open_calls:
            builder.result(Result(call_id=builder.next_call(at), content=parts_of(text)), at=at)
        else:
            builder.observe(text, builder.observer(role, at), at=at)
            if role == "user" and not builder.task:
                builder.task = text


def _outcome(info: dict[str, Any], target: Any) -> Outcome:
    resolved = target if isinstance(target, bool) else info.get("resolved")
    exit_status = info.get("exit_status")
    if isinstance(resolved, bool):
        return Outcome(status="success" if resolved else "failure", verifier="tests")
    aborted = isinstance(exit_status, str) and exit_status.startswith("exit_")
    return Outcome(status="aborted" if aborted else "unknown")


def _metrics(stats: Any) -> Metrics | None:
    if not isinstance(stats, dict):
        return None
    known = {"prompt_tokens": stats.get("tokens_sent"), "completion_tokens": stats.get("tokens_received")}
    cost = stats.get("instance_cost")
    fields = counts(known)
    if isinstance(cost, (int, float)):
        fields["cost_usd"] = float(cost)
    return msgspec.structs.replace(Metrics(ext_json=dump(stats)), **fields)
