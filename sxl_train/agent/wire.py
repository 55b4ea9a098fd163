"""The words of the OpenAI-compatible interface: a chat request in, our `Request`; a `Sample` in, an answer in its form.

Unknown keys are ignored, as servers of this interface do; what would change the answer and is not to be had (several
answers, images) is refused with a sentence.
"""

from __future__ import annotations

import time
from typing import Literal

import msgspec

from sxl_data.files.json_text import dump, load
from sxl_train.answers import tool_calls
from sxl_train.answers.markup import read_schemas
from sxl_train.answers.turns import apart
from sxl_train.generate.types import Request, Sample
from sxl_train.run.objects import Object

DEFAULT_TOKENS, MOST_TOKENS = 1024, 32_768


class Unfit(Exception):
    """A request that cannot be answered, and why."""


class Named(msgspec.Struct, frozen=True):
    """The function of a call."""

    name: str
    arguments: str = "{}"


class Called(msgspec.Struct, frozen=True):
    """A call in the history."""

    id: str = ""
    function: Named | None = None


class Said(msgspec.Struct, frozen=True):
    """One message."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Object] | None = None
    tool_calls: list[Called] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None


class Asked(msgspec.Struct, frozen=True):
    """The body of ``POST /v1/chat/completions``."""

    messages: list[Said]
    model: str = ""
    tools: list[Object] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    n: int | None = None
    stream: bool | None = None


def read(body: bytes) -> tuple[Request, bool]:
    """(what is asked, whether the answer is to be streamed). Raises `Unfit`."""
    try:
        asked = msgspec.json.decode(body, type=Asked)
        history = [_message(said) for said in asked.messages]
    except (msgspec.DecodeError, ValueError, RecursionError) as problem:
        raise Unfit(f"the body is no chat request: {problem}") from None
    if not history:
        raise Unfit("`messages` is empty")
    if asked.n not in (None, 1):
        raise Unfit("`n` is 1 here: ask again for another answer")
    for tool in asked.tools or ():
        if not isinstance(tool.get("function"), dict) or not isinstance(tool["function"].get("name"), str):
            raise Unfit("each of `tools` is {type: function, function: {name, description, parameters}}")
    temperature, top_p = asked.temperature or 0.0, 1.0 if asked.top_p is None else asked.top_p
    if not 0 <= temperature <= 2 or not 0 < top_p <= 1:
        raise Unfit("`temperature` lies between 0 and 2, `top_p` between 0 and 1")
    wanted = asked.max_completion_tokens or asked.max_tokens or DEFAULT_TOKENS
    request = Request(
        id="chat",
        messages=tuple(history),
        tools=tuple(asked.tools) if asked.tools else None,
        max_tokens=max(1, min(wanted, MOST_TOKENS)),
        temperature=temperature,
        top_p=top_p if temperature else 1.0,
        stop=tuple([asked.stop] if isinstance(asked.stop, str) else asked.stop or ()),
        seed=abs(asked.seed or 0),
    )
    return request, bool(asked.stream)


def _message(said: Said) -> dict[str, object]:
    content = said.content
    if isinstance(content, list):
        if any(part.get("type") != "text" or not isinstance(part.get("text"), str) for part in content):
            raise Unfit("only parts of text are read")
        content = "\n".join(part["text"] for part in content)
    found: dict[str, object] = {"role": "system" if said.role == "developer" else said.role, "content": content or ""}
    if said.reasoning_content:
        found["reasoning_content"] = said.reasoning_content
    if said.tool_call_id:
        found["tool_call_id"] = said.tool_call_id
    if said.tool_calls:
        found["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.function.name, "arguments": load(call.function.arguments or "{}")},
            }
            for call in said.tool_calls
            if call.function is not None
        ]
    return found


def answer(model: str, request: Request, sample: Sample, key: str) -> Object:
    """The body of the answer: calls of declared tools as ``tool_calls``, what was thought as ``reasoning_content``."""
    thought, text = apart(sample.text)
    schemas = read_schemas([dict(tool) for tool in request.tools or ()])
    read_ = tool_calls.read(text, schemas) if request.tools else tool_calls.Read((), text.strip())
    calls = [call for call in read_.calls if call is not None]
    whole = bool(calls) and len(calls) == len(read_.calls)
    message: Object = {"role": "assistant", "content": (read_.content or None) if whole else text.strip()}
    if thought:
        message["reasoning_content"] = thought
    if whole:
        message["tool_calls"] = [
            {
                "id": f"call_{key}_{place}",
                "type": "function",
                "function": {"name": call.name, "arguments": dump(call.arguments)},
            }
            for place, call in enumerate(calls)
        ]
    reason = "tool_calls" if whole else "length" if sample.finish == "length" else "stop"
    return {
        "id": f"chatcmpl-{key}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
        "usage": {
            "prompt_tokens": sample.prompt_tokens,
            "completion_tokens": sample.tokens,
            "total_tokens": sample.prompt_tokens + sample.tokens,
        },
    }


def chunks(whole: Object) -> list[Object]:
    """``whole`` as a stream: the message, then why it ended."""
    (choice,) = whole["choices"]
    delta = dict(choice["message"])
    if "tool_calls" in delta:
        delta["tool_calls"] = [call | {"index": place} for place, call in enumerate(delta["tool_calls"])]
    head = {key: whole[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    first = {"index": 0, "delta": delta, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
    return [head | {"choices": [first]}, head | {"choices": [last], "usage": whole["usage"]}]
