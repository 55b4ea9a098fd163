"""Answers of a model without what was asked: results of batches, and responses as an interface returns them.

In: a line of OpenAI's batch output (``custom_id``, ``response.body``) or Anthropic's batch results (``custom_id``,
``result.message``), or the bare response object. Out: one trace of the answer; that nobody asks in it, the validator
says. A request of the same batch has the question: ``body`` with ``messages``, or ``params``, read as one. A line that
reports an error is no trace.
Source: https://platform.openai.com/docs/guides/batch, https://docs.anthropic.com/en/docs/build-with-claude/batch-processing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.formats.anthropic_messages import FORMAT as ANTHROPIC
from sxl_data.formats.anthropic_messages import AnthropicMessages
from sxl_data.formats.beside import as_format, in_its_form
from sxl_data.formats.openai_chat import FORMAT as CHAT
from sxl_data.formats.openai_chat import OpenAIChat, read_row
from sxl_data.formats.openai_responses import FORMAT as RESPONSES
from sxl_data.formats.openai_responses import OpenAIResponses
from sxl_data.trace.format import Document, Origin, Reading, RowError

NAME = "model_responses"


class ModelResponses:
    """Format of responses, in a batch or alone."""

    name = NAME
    title = "batch requests and results of OpenAI and Anthropic, and bare responses"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """A `custom_id` with a response, result or request; or a response object alone."""
        if not isinstance(sample, dict):
            return None
        if isinstance(sample.get("custom_id"), str) and {"response", "result", "body", "params"} & sample.keys():
            return "has `custom_id` as lines of a batch do"
        if "messages" in sample or "request" in sample:
            return None
        kind = _kind(sample)
        return f"is a response with `{'choices' if kind is CHAT else 'content'}`" if kind in (CHAT, ANTHROPIC) else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value if isinstance(document.value, dict) else {}
        body, at = _body(row)
        format = _kind(body)
        if format is None:
            failed = body.get("error") or row.get("error") or (row.get("result") or {}).get("error")
            raise RowError("an error" if failed else "no answer", "a response of a model", at)
        beside = {key: value for key, value in row.items() if key not in ("response", "result", "body", "params")}
        if "messages" in body:
            flat = {**body, **beside}
        elif format is RESPONSES:
            flat = {**beside, **body}
        else:
            # The rest of the response is kept beside what its reader takes of it.
            taken = ("choices", "model", "usage", "content", "id", "role", "type", "object")
            rest = {key: value for key, value in body.items() if key not in taken and value is not None}
            flat = {**beside, **rest, "messages": [], "response": body}
        inside = at if "messages" in body or format is RESPONSES else ""
        form = in_its_form(document, flat)
        readings = [read_row(flat, form, origin, NAME)] if format is CHAT else format.read(form, origin)
        yield from (as_format(reading, NAME, {"/response": at, "": inside}) for reading in readings)


FORMAT = ModelResponses()


def _body(row: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The request or response in ``row``, with its place; the row itself where it is one."""
    for path in (("response", "body"), ("result", "message"), ("body",), ("params",), ("response",)):
        held: Any = row
        for key in path:
            held = held.get(key) if isinstance(held, dict) else None
        if isinstance(held, dict):
            return held, "/" + "/".join(path)
    return row, ""


def _kind(body: dict[str, Any]) -> OpenAIChat | AnthropicMessages | OpenAIResponses | None:
    """The format whose reader takes ``body``; None where it is no response and no request."""
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(first, dict) and isinstance(first.get("message"), dict):
        return CHAT
    if body.get("role") == "assistant" and body.get("type") == "message" and isinstance(body.get("content"), list):
        return ANTHROPIC
    if isinstance(body.get("messages"), list):
        return ANTHROPIC if ANTHROPIC.detect(body) or "system" in body else CHAT
    output = body.get("output")
    return RESPONSES if isinstance(output, list) and output else None
