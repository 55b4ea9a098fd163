"""Event logs of OpenHands: the older list of actions and observations, and the SDK's events with ``kind``.

In: a list or JSONL of events, or evaluation rows that hold one in ``history``. Events of one model response
(its id) are one turn; what the model really sent is taken from the response where the event carries it. An
observation answers the call of its action (``cause``, ``tool_call_id``, ``action_id``). Finishing is the final
act. What the harness recalled is environment. Changes of state and empty observations are bookkeeping: skipped and
counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import counts
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.openhands_actions import NAME, args_of, call, linked, recalled, result, say
from sxl_data.formats.openhands_sdk import Event, is_sdk_event, read_sdk, together
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Metrics, Outcome, Part

_BOOKKEEPING = ("change_agent_state", "recall", "agent_state_changed", "null", "condensation", "condensation_request")


class OpenHandsEvents:
    """Format of OpenHands event logs."""

    name = NAME
    title = "OpenHands events, also of its SDK"
    unit = "file"
    leaves_out = (
        LeftOut("/message", "an event in words for the user; its content and arguments are read"),
        LeftOut("/history/*/message", "an event in words for the user; its content and arguments are read"),
        LeftOut("/history/*/*/message", "an event in words for the user; its content and arguments are read"),
        LeftOut("llm_config", "settings of the model; its name is read"),
        LeftOut("metadata/dataset", "the file that the task came from"),
        LeftOut("eval_output_dir", "where the evaluation wrote"),
        LeftOut("log_completions_folder", "where the evaluation wrote"),
        LeftOut("translated_ipython_code", "a call as the sandbox ran it"),
        LeftOut("formatted_output_and_error", "the same output with the edited file again"),
        LeftOut("extras/diff", "an edit again; the call that made it is read"),
        LeftOut("metadata/py_interpreter_path", "of the sandbox"),
        LeftOut("metadata/hostname", "of the sandbox"),
        LeftOut("metadata/working_dir", "of the sandbox"),
        LeftOut("metadata/username", "of the sandbox"),
        LeftOut("full_output_save_dir", "of the sandbox"),
        LeftOut("agent_state", "states of the harness"),
        LeftOut("recall_type", "what the harness looked up; what it found is read"),
        LeftOut("model_response/model", "the model's name"),
        LeftOut("usage_to_metrics", "token counts of the harness"),
        LeftOut("/key", "which state changed"),
    )

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
            if isinstance(history, list) and history and "trajectory" not in record:
                first = history[0][0] if isinstance(history[0], list) and history[0] else history[0]
                return "has a `history` of events" if isinstance(first, dict) and _is_event(first) else None
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        records = list(located(document))
        rows = [item for item in records if isinstance(item[0].get("history"), list)]
        if not rows:
            yield _read([(r, at, line) for r, at, line in records], {}, document, origin, 0)
            return
        for part, (row, at, line) in enumerate(rows):
            events: list[Event] = [(e, f"{at}/history/{place}", line) for e, place in _history(row["history"])]
            yield _read(events, row, document, origin, part)


FORMAT = OpenHandsEvents()


def _history(history: list[Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """The events of an evaluation's row with their places; its older rows have pairs of action and observation."""
    for i, item in enumerate(history):
        if isinstance(item, dict):
            yield item, str(i)
        elif isinstance(item, list):
            yield from ((event, f"{i}/{k}") for k, event in enumerate(item) if isinstance(event, dict))


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
        cost = float(cost) if isinstance(cost, (int, float)) else None
        found = {key: usage.get(key) for key in ("prompt_tokens", "completion_tokens")}
        builder.metrics = Metrics(cost_usd=cost, **counts(found))
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
    ext: dict[str, Any] = {
        key: row[key] for key in ("test_result", "error", "instruction", "git_patch") if row.get(key)
    }
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
    calls: dict[str, str] = {}  # id of the action's event → id of its call
    response: Any = None
    for event, at, line in together(events, _response_of):
        action, observation = event.get("action"), event.get("observation")
        common: dict[str, Any] = {"at": at, "line": line}
        time = {"timestamp": event["timestamp"]} if isinstance(event.get("timestamp"), str) else {}
        if observation == "recall" and (texts := recalled(event)):
            builder.observe(tuple(Part(text=text) for text in texts), "environment", **common, **time)
        elif (action or observation) in _BOOKKEEPING or not (action or observation):
            key = str(action or observation)
            skipped[key] = skipped.get(key, 0) + 1
        elif observation:
            call_id = linked(event) or calls.get(str(event.get("cause")))
            if call_id is None:
                builder.observe(parts_of(event.get("content")), "environment", **common, **time)
            else:
                builder.result(result(event, call_id), **common, **time)
        elif event.get("source") == "agent" and action == "system":
            builder.observe(
                args_of(event).get("content") or str(event.get("message") or ""), "system", **common, **time
            )
            for number, tool in enumerate(tools_of(args_of(event).get("tools"))):
                builder.tool(tool, at=f"{at}/args/tools/{number}", line=line)
        elif event.get("source") == "agent":
            metadata = event.get("tool_call_metadata")
            held = metadata.get("model_response") if isinstance(metadata, dict) else None
            identity = _response_of(event)
            if identity is None or identity != response:
                builder.end_turn()
                say(builder, event, held, {**common, **time})
            response = identity
            if action not in ("message", "finish"):
                calls[str(event.get("id"))] = call(builder, event, held, common)
        else:
            content = args_of(event).get("content") or event.get("message") or ""
            parts = parts_of(content)
            builder.observe(parts, "user" if event.get("source") == "user" else "environment", **common, **time)
            if event.get("source") == "user" and not builder.task:
                builder.task = task_of(parts)


def _response_of(event: dict[str, Any]) -> Any:
    metadata = event.get("tool_call_metadata") if event.get("action") else None
    held = metadata.get("model_response") if isinstance(metadata, dict) else None
    return held.get("id") if isinstance(held, dict) else None
