"""Event logs of OpenHands: the older list of actions and observations, and the SDK's events with ``kind``.

In: a list or JSONL of events, or evaluation rows that hold one in ``history``. Events of one model response
(its id) are one turn; what the model really sent is taken from the response where the event carries it. An
observation answers the call of its action (``cause``, ``tool_call_id``, ``action_id``). Finishing is the final
act. Changes of state, recalls and empty observations are bookkeeping: skipped and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.trace.build import Builder
from sxl_data.trace.convert.openhands_sdk import Event, is_sdk_event, read_sdk, together
from sxl_data.trace.convert.content import parts_of, task_of
from sxl_data.trace.convert.places import located
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.json_text import dump
from sxl_data.trace.types import Metrics, Outcome, Result, Status

NAME = "openhands_events"
_BOOKKEEPING = ("change_agent_state", "recall", "agent_state_changed", "null", "condensation", "condensation_request")
_NOT_ARGUMENTS = ("thought", "impl_source", "translated_ipython_code", "confirmation_state", "security_risk", "blocking",
                  "hidden", "cwd", "is_confirmed", "keep_prompt", "is_static")  # fmt: skip


class OpenHandsEvents:
    """Format of OpenHands event logs."""

    name = NAME
    title = "OpenHands events, also of its SDK"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Events with `source` and an `action` or `observation`, SDK events, or rows with a `history` of them."""
        for record in (sample if isinstance(sample, list) else [])[:20]:
            if not isinstance(record, dict):
                return None
            if _is_event(record):
                return "has events with `source` and `action` or `observation`"
            if is_sdk_event(record):
                return f"has events of `kind` {record['kind']}"
            history = record.get("history")
            if isinstance(history, list) and history and isinstance(history[0], dict) and "trajectory" not in record:
                return "has a `history` of events" if _is_event(history[0]) else None
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        records = list(located(document))
        rows = [item for item in records if isinstance(item[0].get("history"), list)]
        if not rows:
            yield _read([(r, at, line) for r, at, line in records], {}, document, origin, 0)
            return
        for part, (row, at, line) in enumerate(rows):
            events: list[Event] = [(e, f"{at}/history/{i}", line) for i, e in enumerate(row["history"]) if isinstance(e, dict)]
            yield _read(events, row, document, origin, part)


FORMAT = OpenHandsEvents()


def _is_event(record: dict[str, Any]) -> bool:
    kind = record.get("action", record.get("observation"))
    return isinstance(kind, str) and isinstance(record.get("source"), str) and "id" in record


def _read(events: list[Event], row: dict[str, Any], document: Document, origin: Origin, part: int) -> Reading:
    builder = Builder("agent")
    skipped: dict[str, int] = {}
    if any(is_sdk_event(event) for event, _, _ in events):
        read_sdk(builder, events, skipped)
    else:
        _read_events(builder, events, skipped)
    metrics = row.get("metrics")
    usage = metrics.get("accumulated_token_usage") if isinstance(metrics, dict) else None
    if isinstance(usage, dict):
        cost = metrics.get("accumulated_cost") if isinstance(metrics, dict) else None
        builder.metrics = Metrics(prompt_tokens=usage.get("prompt_tokens"), completion_tokens=usage.get("completion_tokens"),
                                  cost_usd=float(cost) if isinstance(cost, (int, float)) else None)  # fmt: skip
    metadata = row["metadata"] if isinstance(row.get("metadata"), dict) else {}
    config = metadata["llm_config"] if isinstance(metadata.get("llm_config"), dict) else {}
    if isinstance(config.get("model"), str):
        builder.agent = msgspec.structs.replace(builder.agent, model=config["model"])
    name = metadata.get("agent_class")
    builder.agent = msgspec.structs.replace(builder.agent, name=name if isinstance(name, str) else "OpenHands")
    test = row.get("test_result")
    resolved = row.get("resolved", test.get("resolved") if isinstance(test, dict) else None)
    if isinstance(resolved, bool):
        builder.outcome = Outcome(status="success" if resolved else "failure", verifier="tests")
    builder.executed = True
    ext: dict[str, Any] = {key: row[key] for key in ("test_result", "error", "instruction") if row.get(key)}
    if skipped:
        ext["skipped"] = dict(sorted(skipped.items()))
    if ext:
        builder.ext[NAME] = ext
    source_id = row.get("instance_id")
    reading = builder.build(document, origin, NAME, part=part, source_id=str(source_id) if source_id else None)
    if not reading.trace.steps:
        raise RowError("no events of the agent or user", "actions and observations")
    return msgspec.structs.replace(reading, line=events[0][2] if events else reading.line)


def _read_events(builder: Builder, events: list[Event], skipped: dict[str, int]) -> None:
    calls: dict[Any, str] = {}  # id of the action's event → id of its call
    response: Any = None
    for event, at, line in together(events, _response_of):
        action, observation = event.get("action"), event.get("observation")
        common: dict[str, Any] = {"at": at, "line": line}
        time = {"timestamp": event["timestamp"]} if isinstance(event.get("timestamp"), str) else {}
        if (action or observation) in _BOOKKEEPING or not (action or observation):
            key = str(action or observation)
            skipped[key] = skipped.get(key, 0) + 1
        elif observation:
            call_id = _linked(event) or calls.get(event.get("cause"))
            if call_id is None:
                builder.observe(parts_of(event.get("content")), "environment", **common, **time)
            else:
                builder.result(_result(event, call_id), **common, **time)
        elif event.get("source") == "agent" and action == "system":
            builder.observe(_args(event).get("content") or str(event.get("message") or ""), "system", **common, **time)
        elif event.get("source") == "agent":
            metadata = event.get("tool_call_metadata")
            held = metadata.get("model_response") if isinstance(metadata, dict) else None
            identity = _response_of(event)
            if identity is None or identity != response:
                builder.end_turn()
                _say(builder, event, held, {**common, **time})
            response = identity
            if action not in ("message", "finish"):
                calls[event.get("id")] = _call(builder, event, held, common)
        else:
            content = _args(event).get("content") or event.get("message") or ""
            parts = parts_of(content)
            builder.observe(parts, "user" if event.get("source") == "user" else "environment", **common, **time)
            if event.get("source") == "user" and not builder.task:
                builder.task = task_of(parts)


def _response_of(event: dict[str, Any]) -> Any:
    metadata = event.get("tool_call_metadata") if event.get("action") else None
    held = metadata.get("model_response") if isinstance(metadata, dict) else None
    return held.get("id") if isinstance(held, dict) else None


def _args(event: dict[str, Any]) -> dict[str, Any]:
    return event["args"] if isinstance(event.get("args"), dict) else {}


def _linked(event: dict[str, Any]) -> str | None:
    metadata = event.get("tool_call_metadata")
    call_id = metadata.get("tool_call_id") if isinstance(metadata, dict) else None
    return call_id if isinstance(call_id, str) else None


def _message(held: Any) -> dict[str, Any]:
    """The model's message in a response."""
    choices = held.get("choices") if isinstance(held, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    return message if isinstance(message, dict) else {}


def _say(builder: Builder, event: dict[str, Any], held: Any, common: dict[str, Any]) -> None:
    """What a response says beside its calls; a finishing one is the final answer."""
    message, args, action = _message(held), _args(event), event.get("action")
    thought = message.get("reasoning_content")
    if isinstance(thought, str) and thought:
        builder.reflect(thought, **common)
    said = message.get("content") or args.get("thought") or ""
    if action == "message":
        said = args.get("content") or said
    if action == "finish":
        answer = args.get("final_thought") or ""
        texts = dict.fromkeys(text for text in (said, answer) if isinstance(text, str) and text)
        builder.say("\n".join(texts) or str(event.get("message") or ""), final=True, **common,
                    ext_json=dump({NAME: {"finish": args}}) if args else None)  # fmt: skip
        return
    builder.say(parts_of(said), **common)


def _call(builder: Builder, event: dict[str, Any], held: Any, common: dict[str, Any]) -> str:
    """The call of an action event: as the model sent it, else from the event's own arguments."""
    call_id = _linked(event) or f"event_{event.get('id')}"
    for item in _message(held).get("tool_calls") or ():
        function = item.get("function") if isinstance(item, dict) else None
        if isinstance(function, dict) and item.get("id") == call_id and isinstance(function.get("arguments"), str):
            builder.call(str(function.get("name") or ""), function["arguments"], call_id, form="string", **common)
            return call_id
    metadata = event.get("tool_call_metadata")
    name = metadata.get("function_name") if isinstance(metadata, dict) else None
    arguments = {k: v for k, v in _args(event).items() if k not in _NOT_ARGUMENTS and v is not None}
    builder.call(str(name or event.get("action")), dump(arguments), call_id, **common)
    return call_id


def _result(event: dict[str, Any], call_id: str) -> Result:
    extras = event["extras"] if isinstance(event.get("extras"), dict) else {}
    metadata = extras["metadata"] if isinstance(extras.get("metadata"), dict) else {}
    code = metadata.get("exit_code", extras.get("exit_code"))
    exit_code = code if isinstance(code, int) and not isinstance(code, bool) and code >= 0 else None
    content = event.get("content")
    status: Status = "unknown"
    if event.get("observation") == "error" or (isinstance(content, str) and content.startswith("ERROR:")):
        status = "error"
    elif event.get("observation") == "user_rejected":
        status = "denied"
    elif code == -1:
        status = "timeout"
    elif exit_code is not None:
        status = "ok" if exit_code == 0 else "error"
    return Result(call_id=call_id, content=parts_of(content), status=status, exit_code=exit_code)

