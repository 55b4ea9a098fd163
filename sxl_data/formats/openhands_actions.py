"""Actions and observations of the older OpenHands events, told to a builder.

What the model really sent is taken from its response where the event carries it; the event's own arguments
have been changed by the harness.
"""

from __future__ import annotations

from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.content import parts_of
from sxl_data.formats.openhands_sdk import around
from sxl_data.trace.build import Builder
from sxl_data.trace.types import Result, Status

NAME = "openhands_events"
_NOT_ARGUMENTS = (
    "thought",
    "impl_source",
    "translated_ipython_code",
    "confirmation_state",
    "security_risk",
    "blocking",
    "hidden",
    "cwd",
    "is_confirmed",
    "keep_prompt",
    "is_static",
)


def args_of(event: dict[str, Any]) -> dict[str, Any]:
    return event["args"] if isinstance(event.get("args"), dict) else {}


def linked(event: dict[str, Any]) -> str | None:
    metadata = event.get("tool_call_metadata")
    call_id = metadata.get("tool_call_id") if isinstance(metadata, dict) else None
    return call_id if isinstance(call_id, str) else None


def _message(held: Any) -> dict[str, Any]:
    """The model's message in a response."""
    choices = held.get("choices") if isinstance(held, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    return message if isinstance(message, dict) else {}


def say(builder: Builder, event: dict[str, Any], held: Any, common: dict[str, Any]) -> None:
    """What a response says beside its calls; a finishing one is the final answer."""
    message, args, action = _message(held), args_of(event), event.get("action")
    thought = message.get("reasoning_content")
    if isinstance(thought, str) and thought:
        builder.reflect(thought, **common)
    said = message.get("content") or args.get("thought") or ""
    if action == "message":
        said = args.get("content") or said
    if action == "finish":
        answer = args.get("final_thought") or ""
        texts = dict.fromkeys(text for text in (said, answer) if isinstance(text, str) and text)
        builder.say(
            "\n".join(texts) or str(event.get("message") or ""),
            final=True,
            **common,
            ext_json=dump({NAME: {"finish": args}}) if args else None,
        )
        return
    builder.say(parts_of(said), **common)


def call(builder: Builder, event: dict[str, Any], held: Any, common: dict[str, Any]) -> str:
    """The call of an action event: as the model sent it, else from the event's own arguments."""
    call_id = linked(event) or f"event_{event.get('id')}"
    sent = _message(held).get("tool_calls")
    for item in sent if isinstance(sent, list) else ():
        function = item.get("function") if isinstance(item, dict) else None
        if isinstance(function, dict) and item.get("id") == call_id and isinstance(function.get("arguments"), str):
            builder.call(str(function.get("name") or ""), function["arguments"], call_id, form="string", **common)
            return call_id
    metadata = event.get("tool_call_metadata")
    name = metadata.get("function_name") if isinstance(metadata, dict) else None
    arguments = {k: v for k, v in args_of(event).items() if k not in _NOT_ARGUMENTS and v is not None}
    builder.call(str(name or event.get("action")), dump(arguments), call_id, **common)
    return call_id


def result(event: dict[str, Any], call_id: str) -> Result:
    extras = event["extras"] if isinstance(event.get("extras"), dict) else {}
    metadata = extras["metadata"] if isinstance(extras.get("metadata"), dict) else {}
    code = metadata.get("exit_code", extras.get("exit_code"))
    exit_code = code if isinstance(code, int) and not isinstance(code, bool) and code >= 0 else None
    content = event.get("content")
    # The harness puts its own lines around what a command printed, and the model reads them with it.
    said = around(content, metadata)
    status: Status = "unknown"
    if event.get("observation") == "error" or (isinstance(content, str) and content.startswith("ERROR:")):
        status = "error"
    elif event.get("observation") == "user_rejected":
        status = "denied"
    elif code == -1:
        status = "timeout"
    elif exit_code is not None:
        status = "ok" if exit_code == 0 else "error"
    return Result(call_id=call_id, content=said, status=status, exit_code=exit_code)


def recalled(event: dict[str, Any]) -> list[str]:
    """What the harness looked up and put before the model: instructions of the repository, knowledge of microagents."""
    extras = event["extras"] if isinstance(event.get("extras"), dict) else {}
    knowledge = extras.get("microagent_knowledge")
    found = [
        extras.get(key) for key in ("repo_instructions", "additional_agent_instructions", "conversation_instructions")
    ]
    found += (
        [item.get("content") for item in knowledge if isinstance(item, dict)] if isinstance(knowledge, list) else []
    )
    return [text for text in found if isinstance(text, str) and text]
