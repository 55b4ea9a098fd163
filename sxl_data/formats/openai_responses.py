"""Rollouts and responses of OpenAI's Responses API.

In: ``{"responses_create_params": {"input", "tools"}, "response": {"output"}}``, or a response with its
``input``. Where nothing was run, ``expected_action`` is the act, without results. Out: one trace, input first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import counts
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.response_items import ItemReader
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics

NAME = "openai_responses"
_READ = {
    "responses_create_params",
    "response",
    "input",
    "output",
    "tools",
    "instructions",
    "model",
    "usage",
    "reward",
    "id",
    "uuid",
    "object",
    "created_at",
    "status",
    "result",
}


class OpenAIResponses:
    """Format of the Responses API."""

    name = NAME
    title = "OpenAI Responses API items and rollouts"
    unit = "row"
    leaves_out = (LeftOut("/result", "the simulator's record of the same run"),)

    def detect(self, sample: Any) -> str | None:
        """`responses_create_params`, or `output` items with a `type`."""
        if not isinstance(sample, dict):
            return None
        if isinstance(sample.get("responses_create_params"), dict):
            return "has `responses_create_params`"
        output = sample.get("output")
        first = output[0] if isinstance(output, list) and output else None
        if isinstance(first, dict) and isinstance(first.get("type"), str) and "messages" not in sample:
            return "has `output` items with a `type`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        if not isinstance(row, dict):
            raise RowError(type(row).__name__, "an object with `output` or `responses_create_params`")
        params, asked = _inner(row, "responses_create_params")
        response, answered = _inner(row, "response")
        builder = Builder("agent")
        tools = params.get("tools") or response.get("tools")
        for i, tool in enumerate(tools_of(tools)):
            builder.tool(tool, at=f"{asked if params.get('tools') else answered}/tools/{i}")
        reader = ItemReader(builder)
        instructions = params.get("instructions") or response.get("instructions")
        if isinstance(instructions, str) and instructions:
            builder.observe(instructions, "system", at=f"{asked}/instructions")
        items = _read_list(reader, params.get("input"), f"{asked}/input")
        items += _read_list(reader, response.get("output"), f"{answered}/output")
        if "response" not in row and isinstance(row.get("expected_action"), dict):
            # The source's own reference answer stands where no model was run.
            gold = row["expected_action"]
            calls = gold["calls"] if isinstance(gold.get("calls"), list) else [gold]
            for i, item in enumerate(calls):
                if isinstance(item, dict) and item.get("type") == "message":
                    item = {**item, "role": "assistant"}
                if isinstance(item, dict):
                    reader.read({"call_id": f"call_{i}", **item}, "/expected_action")
        if not items:
            raise RowError("no items", "`input` or `output` with items", f"{answered}/output")
        model = response.get("model") or params.get("model")
        builder.agent = Agent(model=model if isinstance(model, str) and model else None)
        builder.metrics = _usage(response.get("usage"))
        reward = row.get("reward")
        if isinstance(reward, (int, float)) and not isinstance(reward, bool):
            builder.outcome = msgspec.structs.replace(builder.outcome, reward=float(reward))
        ext = {key: value for key, value in row.items() if key not in _READ and value is not None}
        if reader.unread:
            ext["unread"] = reader.unread
        if ext and origin.lossless:
            builder.ext[NAME] = ext
        source_id = row.get("id") or row.get("uuid") or response.get("id")
        yield builder.build(document, origin, NAME, source_id=str(source_id) if source_id else None)


FORMAT = OpenAIResponses()


def _inner(row: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """The object under ``key`` with its pointer, or the row itself where there is none."""
    value = row.get(key)
    if isinstance(value, dict):
        return value, f"/{key}"
    # A rollout that was never run has parameters and no response; the row itself is not one then.
    return ({}, "") if key == "response" and "responses_create_params" in row else (row, "")


def _read_list(reader: ItemReader, items: Any, at: str) -> int:
    if isinstance(items, str) and items:
        reader.read({"role": "user", "content": items}, at)
        return 1
    for i, item in enumerate(items if isinstance(items, list) else ()):
        reader.read(item, f"{at}/{i}")
    return len(items) if isinstance(items, list) else 0


def _usage(usage: Any) -> Metrics | None:
    if not isinstance(usage, dict):
        return None
    details = usage.get("input_tokens_details")
    found = {
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
        "cached_tokens": details.get("cached_tokens") if isinstance(details, dict) else None,
    }
    return Metrics(**counts(found))
