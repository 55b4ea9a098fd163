"""Logs of Inspect: ``.json`` with ``eval`` and ``samples``, or the ``.eval`` zip of the same parts.

In: one log. Out: one trace for each sample. Long texts and images stand in ``attachments`` and are referred
to as ``attachment://`` (``tc://`` in old logs); they are put back. A tool's error has a type of its own; scores
become the outcome, all of them in ``scores_json``. Tools are those of the first model call.
Source: https://inspect.aisi.org.uk/eval-logs.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump, given
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.declarations import tools_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Outcome, Result, Status

NAME = "inspect_eval"
_SCHEMES = ("attachment://", "tc://")
_STATUS: dict[str, Status] = {"timeout": "timeout", "approval": "denied", "cancelled": "cancelled"}


class InspectEval:
    """Format of Inspect logs."""

    name = NAME
    title = "Inspect evaluation logs (.eval, .json)"
    unit = "row"
    leaves_out = (
        LeftOut(
            "/samples/*/events", "the log's own record of each step, read from the messages; tools are taken from it"
        ),
        LeftOut("/samples/*/transcript", "as `events`, in old logs"),
        LeftOut("/eval", "settings of the evaluation; task and model are read"),
        LeftOut("/plan", "settings of the solver"),
        LeftOut("/stats", "times and totals of the evaluation"),
        LeftOut("/results", "scores over all samples; those of each sample are read"),
        LeftOut("/reductions", "scores over all samples"),
    )

    def detect(self, sample: Any) -> str | None:
        """`eval` beside `samples`."""
        found = (
            isinstance(sample, dict)
            and isinstance(sample.get("eval"), dict)
            and isinstance(sample.get("samples"), list)
        )
        return "has `eval` and `samples`" if found else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        log = document.value
        samples = log.get("samples") if isinstance(log, dict) else None
        if not isinstance(samples, list) or not samples:
            raise RowError("no samples", "a log with `samples`", "/samples")
        about = log["eval"] if isinstance(log.get("eval"), dict) else {}
        for i, sample in enumerate(samples):
            if not isinstance(sample, dict) or not isinstance(sample.get("messages"), list):
                raise RowError("a sample without messages", "`messages`", f"/samples/{i}/messages")
            yield _read(sample, about, document, origin, i)


FORMAT = InspectEval()


def _read(sample: dict[str, Any], about: dict[str, Any], document: Document, origin: Origin, number: int) -> Reading:
    attachments = _attachments(sample)
    builder = Builder("agent")
    events = sample.get("events")
    for k, event in enumerate(events if isinstance(events, list) else ()):
        if isinstance(event, dict) and event.get("event") == "model" and event.get("tools"):
            for tool in tools_of(_resolve(event["tools"], attachments)):
                builder.tool(tool, at=f"/samples/{number}/events/{k}/tools")
            break
    for i, message in enumerate(sample["messages"]):
        at = f"/samples/{number}/messages/{i}"
        if not isinstance(message, dict):
            raise RowError(type(message).__name__, "a message", at)
        _read_message(builder, _resolve(message, attachments), at)
    models = [m.get("model") for m in sample["messages"] if isinstance(m, dict)]
    model = next((m for m in models if isinstance(m, str)), about.get("model"))
    builder.agent = Agent(name=str(about.get("task") or ""), model=model if isinstance(model, str) else None)
    builder.outcome = _outcome(sample)
    builder.metrics = _metrics(sample.get("model_usage"))
    builder.executed = True
    kept = {key: sample[key] for key in ("target", "metadata", "choices", "error", "limit", "store") if sample.get(key)}
    if kept and origin.lossless:
        builder.ext[NAME] = _resolve(kept, attachments)
    source_id = f"{sample.get('id')}/{sample.get('epoch', 1)}"
    group = f"{about.get('task', '')}/{sample.get('id')}"
    return builder.build(document, origin, NAME, part=number, source_id=source_id, group=group)


def _attachments(sample: dict[str, Any]) -> dict[str, Any]:
    transcript = sample.get("transcript")
    old = transcript.get("content") if isinstance(transcript, dict) else None
    new = sample.get("attachments")
    return {**(old if isinstance(old, dict) else {}), **(new if isinstance(new, dict) else {})}


def _resolve(value: Any, attachments: dict[str, Any], depth: int = 0) -> Any:
    """``value`` with references to attachments exchanged for what they hold."""
    if not attachments or depth > 60:
        return value
    if isinstance(value, str):
        held = attachments.get(value.partition("://")[2]) if value.startswith(_SCHEMES) else None
        return held if isinstance(held, str) else value
    if isinstance(value, dict):
        return {key: _resolve(item, attachments, depth + 1) for key, item in value.items()}
    return [_resolve(item, attachments, depth + 1) for item in value] if isinstance(value, list) else value


def _read_message(builder: Builder, message: dict[str, Any], at: str) -> None:
    role, content = message.get("role"), message.get("content")
    if role == "tool":
        builder.result(_result(message, builder), at=at)
        return
    if role != "assistant":
        parts = parts_of(content)
        builder.observe(parts, builder.observer(role, at), at=at)
        if role == "user" and not builder.task:
            builder.task = task_of(parts)
        return
    builder.end_turn()
    said = []
    for block in content if isinstance(content, list) else [content]:
        if isinstance(block, dict) and block.get("type") == "reasoning":
            hidden = block.get("redacted") is True
            signature = block.get("signature") or (block.get("reasoning") if hidden else None)
            builder.reflect(
                "" if hidden else str(block.get("reasoning") or ""),
                "encrypted" if hidden else "block",
                signature=signature if isinstance(signature, str) else None,
                at=at,
            )
        elif block:
            said.append(block)
    builder.say(parts_of(said), at=at)
    calls = message.get("tool_calls")
    for k, call in enumerate(calls if isinstance(calls, list) else ()):
        if not isinstance(call, dict):
            raise RowError(type(call).__name__, "a call", f"{at}/tool_calls/{k}")
        builder.call(
            str(call.get("function") or ""),
            call_id=str(call.get("id") or ""),
            at=f"{at}/tool_calls/{k}",
            **given(call.get("arguments")),
        )


def _result(message: dict[str, Any], builder: Builder) -> Result:
    call_id = message.get("tool_call_id")
    identity = call_id if isinstance(call_id, str) else builder.next_call()
    failed = message["error"] if isinstance(message.get("error"), dict) else None
    if failed is None:
        return Result(call_id=identity, content=parts_of(message.get("content")), status="ok")
    kind = str(failed.get("type") or "unknown")
    return Result(
        call_id=identity,
        content=parts_of(message.get("content")),
        status=_STATUS.get(kind, "error"),
        error_type=kind,
        error_message=str(failed.get("message") or "") or None,
        truncated=True if kind == "output_limit" else None,
    )


def _outcome(sample: dict[str, Any]) -> Outcome:
    scores = sample.get("scores") or sample.get("score")
    if isinstance(scores, dict) and "value" in scores:
        scores = {"score": scores}
    if not isinstance(scores, dict) or not scores:
        return Outcome(status="aborted" if sample.get("error") else "unknown")
    name, first = next(iter(scores.items()))
    value = first.get("value") if isinstance(first, dict) else None
    reward = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    status = {"C": "success", "I": "failure", "P": "partial"}.get(value) if isinstance(value, str) else None
    if isinstance(value, bool) or reward in (0.0, 1.0):
        status = "success" if value else "failure"
    return Outcome(status=status or "unknown", reward=reward, verifier=str(name), scores_json=dump(scores))  # type: ignore[arg-type]


def _metrics(usage: Any) -> Metrics | None:
    items = [item for item in usage.values() if isinstance(item, dict)] if isinstance(usage, dict) else []
    if not items:
        return None

    def total(key: str) -> int:
        return sum(item[key] for item in items if isinstance(item.get(key), int))

    return Metrics(
        prompt_tokens=total("input_tokens"),
        completion_tokens=total("output_tokens"),
        cached_tokens=total("input_tokens_cache_read"),
    )
