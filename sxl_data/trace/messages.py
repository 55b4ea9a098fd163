"""A trace as the `messages` and `tools` columns that TRL trains on.

In: a `Trace`. Out: chat messages with `reasoning_content` for Reflect, `tool_calls` whose arguments are
objects (templates of several model families raise on strings, others encode them twice), and results in
the order of their calls, because no chat template renders call ids. No key is null: TRL's templates tell
absent from null. Nothing is invented: a call without a result has no tool message.

A message that must carry no loss says ``"train": false`` (the key of axolotl's chat data); on all others the key
is absent.

This form is for training and loses what a template cannot render; `formats.export` has the faithful one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sxl_data.files.json_text import load, load_object
from sxl_data.trace.media import MEDIA, placeholder
from sxl_data.trace.types import Act, Call, Iterate, Observe, Part, Reflect, Result, Tool, Trace

Message = dict[str, Any]

# Most templates know no developer and raise on it; what comes from outside the agent is input.
_ROLES = {"system": "system", "developer": "system", "user": "user", "environment": "user", "parent": "user"}


def to_messages(trace: Trace) -> tuple[list[Message], list[dict[str, Any]] | None]:
    """The messages of ``trace`` and its tools (None when it declares none)."""
    messages: list[Message] = []
    reasoning: list[Reflect] = []
    turn = -1
    act: Act | None = None
    for step in trace.steps:
        if reasoning and (step.turn != turn or not isinstance(step, (Reflect, Act))):
            messages.append(_assistant(reasoning, None))
            reasoning = []
        if isinstance(step, Observe):
            messages.append({"role": _ROLES[step.origin], "content": text_of(step.content)})
        elif isinstance(step, Reflect):
            turn = step.turn
            if step.form != "encrypted" and step.text:
                reasoning.append(step)
        elif isinstance(step, Act):
            act = step
            messages.append(_assistant(reasoning, step))
            reasoning = []
        else:
            calls = act.calls if act is not None else ()
            messages += [_tool_message(result) for result in in_call_order(step, calls)]
    if reasoning:
        messages.append(_assistant(reasoning, None))
    return messages, [declare(tool) for tool in trace.tools] or None


def text_of(content: Sequence[Part]) -> str:
    """The text of ``content``; structured parts as their JSON, media as placeholders."""
    texts = [_said(part) for part in content]
    return "\n".join(text for text in texts if text is not None)


def _said(part: Part) -> str | None:
    if part.text is not None or part.type not in MEDIA:
        return part.text if part.text is not None else part.data_json
    return placeholder(part.type, part.media_type)


def arguments_of(call: Call) -> dict[str, Any]:
    """The arguments as an object. What is none goes under `code` for programs and else `input`."""
    if call.kind not in ("code", "custom") and call.arguments_form != "raw":
        found = load_object(call.arguments_json)
        if found is not None:
            return found
        if not call.arguments_json:
            return {}
    return {"code" if call.kind == "code" else "input": call.arguments_json}


def declare(tool: Tool) -> dict[str, Any]:
    """``tool`` as an OpenAI function declaration."""
    function: dict[str, Any] = {"name": tool.name, "description": tool.description}
    try:
        function["parameters"] = load(tool.parameters_json)
    except ValueError:
        function["parameters"] = {"type": "object", "properties": {}}
    return {"type": "function", "function": function}


def in_call_order(step: Iterate, calls: Sequence[Call]) -> list[Result]:
    """The results of ``step`` in the order of ``calls``; where an id occurs several times, the n-th
    result belongs to the n-th call. Results of no call come last, in their own order."""
    places: dict[str, list[int]] = {}
    for position, call in enumerate(calls):
        places.setdefault(call.call_id, []).append(position)
    seen: dict[str, int] = {}
    keyed = []
    for at, result in enumerate(step.results):
        nth = seen[result.call_id] = seen.get(result.call_id, -1) + 1
        positions = places.get(result.call_id)
        place = positions[min(nth, len(positions) - 1)] if positions else len(calls)
        keyed.append((place, at, result))
    return [result for _, _, result in sorted(keyed, key=lambda item: item[:2]) if result.status != "missing"]


def _assistant(reasoning: Sequence[Reflect], act: Act | None) -> Message:
    message: Message = {"role": "assistant", "content": text_of(act.content) if act is not None else ""}
    if reasoning:
        message["reasoning_content"] = "\n\n".join(step.text for step in reasoning)
    if act is not None and act.calls:
        message["tool_calls"] = [
            {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": arguments_of(call)}}
            for call in act.calls
        ]
    if not all(step.train for step in (*reasoning, *((act,) if act is not None else ()))):
        message["train"] = False
    return message


def _tool_message(result: Result) -> Message:
    content = text_of(result.content) or result.error_message or result.structured_json or ""
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}
