"""Trajectories of mini-SWE-agent: a bare list of messages, or an object with ``trajectory_format``.

In: messages whose answers hold one fenced shell block; the user message after it is the output, with the
exit code in ``<returncode>``. A message of role ``exit`` is the outcome. Version 2 calls functions, and its
messages carry ``extra`` with the exit code and output. Source: https://mini-swe-agent.com.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import dump
from sxl_data.formats.chat_reading import read_messages
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.markup import fenced, text_dialect
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Outcome, Result

NAME = "mini_swe_agent"
_SUBMITTED = ("Submitted", "submitted")
_FENCES = ("mswea_bash_command", "bash", "sh", "shell")


class MiniSweAgent:
    """Format of mini-SWE-agent trajectories: several in a file, or one as a list of its messages."""

    name = NAME
    title = "mini-SWE-agent trajectories (.traj.json)"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """`trajectory_format` mini-swe-agent, or its fences and return codes in messages."""
        first = sample[0] if isinstance(sample, list) and sample else None
        if not isinstance(first, dict):
            return None
        if str(first.get("trajectory_format", "")).startswith("mini-swe-agent"):
            return "has `trajectory_format` mini-swe-agent"
        messages = first.get("messages", sample if "role" in first else None)
        return "has `<returncode>` messages" if text_dialect(messages) == NAME else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        records = list(located(document))
        if records and "role" in records[0][0]:
            messages = [record for record, _, _ in records]
            yield _read({"messages": messages}, document, origin, 0, records[0][1].rpartition("/")[0], None, messages)
            return
        for part, (record, at, line) in enumerate(records):
            if not isinstance(record.get("messages"), list):
                raise RowError("no messages", "a list `messages`", f"{at}/messages")
            yield _read(record, document, origin, part, f"{at}/messages", line, record["messages"])


FORMAT = MiniSweAgent()


def _read(
    row: dict[str, Any], document: Document, origin: Origin, part: int, at: str, line: int | None, messages: list[Any]
) -> Reading:
    builder = Builder("agent")
    info = row["info"] if isinstance(row.get("info"), dict) else {}
    last = messages[-1] if messages and isinstance(messages[-1], dict) else {}
    extra = last["extra"] if last.get("role") == "exit" and isinstance(last.get("extra"), dict) else {}
    exit_status = info.get("exit_status") or extra.get("exit_status")
    builder.submitted = exit_status in _SUBMITTED
    if any(isinstance(m, dict) and m.get("tool_calls") for m in messages):
        read_messages(builder, [m for m in messages if m.get("role") != "exit"], at)
    else:
        for i, message in enumerate(messages):
            _read_message(builder, message, f"{at}/{i}", line, i)
    builder.outcome = _outcome(row, exit_status)
    builder.agent = _agent(row, info)
    stats = info.get("model_stats")
    cost = stats.get("instance_cost") if isinstance(stats, dict) else None
    if isinstance(cost, (int, float)):
        builder.metrics = Metrics(cost_usd=float(cost), ext_json=dump(stats))
    builder.executed = True
    ext = {key: value for key, value in row.items() if key not in ("messages", "model") and value is not None}
    if exit_status and "info" not in ext:
        ext["exit_status"] = exit_status
    if ext and origin.lossless:
        builder.ext[NAME] = ext
    source_id = row.get("instance_id") or row.get("id")
    reading = builder.build(document, origin, NAME, part=part, source_id=str(source_id) if source_id else None)
    return msgspec.structs.replace(reading, line=line if line is not None else reading.line)


def _read_message(builder: Builder, message: Any, at: str, line: int | None, number: int) -> None:
    if not isinstance(message, dict):
        raise RowError(type(message).__name__, "a message", at)
    role = message.get("role")
    content = parts_of(message.get("content"))
    text = task_of(content)
    if role == "assistant":
        builder.end_turn()
        blocks = [b for b in fenced(text) if b[2].split(" ")[0] in _FENCES]
        if not blocks:
            builder.say(content, at=at, line=line)
            return
        start, end, _, body = blocks[0]
        said = text[:start].strip()
        if said.startswith("THOUGHT:"):
            builder.reflect(said.removeprefix("THOUGHT:").strip(), "scratchpad", at=at, line=line)
            said = ""
        builder.say("\n".join(piece for piece in (said, text[end:].strip()) if piece), at=at, line=line)
        builder.call("bash", body, f"call_{number}", kind="code", form="raw", language="bash", at=at, line=line)
    elif role in ("user", "tool") and builder.open_calls:
        builder.result(_result(builder.next_call(at, line), text), at=at, line=line)
    elif role == "exit" and builder.submitted and builder.open_calls:
        # What the last command printed is handed in; the harness leaves as soon as it sees it.
        builder.result(Result(call_id=builder.next_call(at, line), content=content), at=at, line=line)
    elif role == "exit":
        builder.observe(content, "environment", at=at, line=line, ext_json=dump({NAME: {"role": "exit"}}))
    else:
        origin = builder.observer(role, at, line)
        builder.observe(content, origin, at=at, line=line)
        if role == "user" and not builder.task:
            builder.task = text


def _result(call_id: str, text: str) -> Result:
    """The output of a command; its exit code stands in ``<returncode>``. The text stays whole."""
    code: int | None = None
    if text.startswith("<returncode>"):
        number = text[len("<returncode>") : len("<returncode>") + 12].split("<")[0].strip()
        code = int(number) if number.lstrip("-").isdigit() else None
    status = "unknown" if code is None else "ok" if code == 0 else "error"
    if "timed out" in text[:200] and code is None:
        status = "timeout"
    return Result(call_id=call_id, content=parts_of(text), exit_code=code, status=status)  # type: ignore[arg-type]


def _outcome(row: dict[str, Any], exit_status: Any) -> Outcome:
    for key in ("resolved", "verified"):
        if isinstance(row.get(key), bool):
            return Outcome(status="success" if row[key] else "failure", verifier=key)
    limits = isinstance(exit_status, str) and exit_status not in _SUBMITTED
    return Outcome(status="aborted" if limits else "unknown")


def _agent(row: dict[str, Any], info: dict[str, Any]) -> Agent:
    config = info["config"] if isinstance(info.get("config"), dict) else {}
    model = config["model"] if isinstance(config.get("model"), dict) else {}
    name = model.get("model_name") or row.get("model")
    version = info.get("mini_version")
    return Agent(
        name="mini-swe-agent",
        version=version if isinstance(version, str) else None,
        model=name if isinstance(name, str) else None,
    )
