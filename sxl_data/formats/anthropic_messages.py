"""Requests of Anthropic's Messages API, and the sampling messages of the Model Context Protocol.

In: ``{"system"?, "messages": [{"role", "content": blocks}], "tools"?}`` where calls and results are blocks;
results sit inside user messages. A response object (``content`` and ``stop_reason``) under ``response`` ends
the conversation. Source: https://docs.anthropic.com/en/api/messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.formats.anthropic_blocks import block_of_its_own, read_assistant, read_user
from sxl_data.formats.claude_code import sum_usage
from sxl_data.formats.content import parts_of
from sxl_data.formats.declarations import tools_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent

NAME = "anthropic_messages"
_READ = {"messages", "system", "tools", "model", "id", "response"}


class AnthropicMessages:
    """Format of Anthropic messages."""

    name = NAME
    title = "Anthropic Messages API"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """`messages` with blocks of type `tool_use`, `tool_result` or `thinking`."""
        kind = block_of_its_own(sample.get("messages")) if isinstance(sample, dict) else None
        return None if kind is None else f"has blocks of type `{kind}`"

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        messages = row.get("messages") if isinstance(row, dict) else None
        if not isinstance(messages, list) or not (messages or row.get("response")):
            raise RowError(type(messages).__name__, "a list `messages`", "/messages")
        builder = Builder("tool_use")
        for i, tool in enumerate(tools_of(row.get("tools"))):
            builder.tool(tool, at=f"/tools/{i}")
        if row.get("system"):
            builder.observe(parts_of(row["system"]), "system", at="/system")
        builder.roles.meet(message.get("role") for message in messages if isinstance(message, dict))
        for i, message in enumerate(messages):
            at = f"/messages/{i}"
            if not isinstance(message, dict):
                raise RowError(type(message).__name__, "a message", at)
            role = builder.speaker(message.get("role"), at)
            if role == "assistant":
                builder.end_turn()
                content = message.get("content")
                read_assistant(builder, [content] if isinstance(content, dict) else content, f"{at}/content")
            elif role in ("system", "developer"):
                builder.observe(parts_of(message.get("content")), role, at=at)
            else:
                speaker = "user" if role == "user" else "environment"
                read_user(builder, message.get("content"), f"{at}/content", origin=speaker)
        response = row.get("response")
        if isinstance(response, dict) and response.get("content"):
            builder.end_turn()
            read_assistant(builder, response["content"], "/response/content")
            if isinstance(response.get("usage"), dict):
                builder.metrics = sum_usage([response["usage"]])
        model = row.get("model")
        builder.agent = Agent(model=model if isinstance(model, str) else None)
        ext = {key: value for key, value in row.items() if key not in _READ and value is not None}
        if ext and origin.lossless:
            builder.ext[NAME] = ext
        source_id = row.get("id")
        yield builder.build(document, origin, NAME, source_id=str(source_id) if source_id is not None else None)


FORMAT = AnthropicMessages()
