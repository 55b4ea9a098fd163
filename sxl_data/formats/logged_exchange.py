"""Logs of a request to a model and its response, side by side in one object.

In: ``{"request": {"messages": …}, "response": …}`` of Anthropic's or OpenAI's interface. Out: the trace of the messages
with the response as the last turn, read by the format whose messages they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.formats.anthropic_blocks import block_of_its_own
from sxl_data.formats.anthropic_messages import FORMAT as ANTHROPIC
from sxl_data.formats.openai_chat import FORMAT as OPENAI
from sxl_data.trace.format import Document, Origin, Reading, RowError

NAME = "logged_exchange"


class LoggedExchange:
    """Format of pairs of request and response."""

    name = NAME
    title = "logs of a model's request and response"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """`request` with `messages`, and a `response`."""
        request = sample.get("request") if isinstance(sample, dict) else None
        pair = isinstance(request, dict) and isinstance(request.get("messages"), list)
        return "has a `request` with `messages` and a `response`" if pair and "response" in sample else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        request = row.get("request") if isinstance(row, dict) else None
        if not isinstance(request, dict):
            raise RowError("no request", "an object `request` with `messages`", "/request")
        response = row.get("response")
        beside = {key: value for key, value in row.items() if key not in ("request", "response")}
        flat = {**beside, **request, "response": response}
        theirs = isinstance(response, dict) and isinstance(response.get("content"), list)
        format = ANTHROPIC if theirs or block_of_its_own(request.get("messages")) is not None else OPENAI
        inner = msgspec.structs.replace(document, value=flat)
        for reading in format.read(inner, origin):
            places = {key: at if at.startswith("/response") else f"/request{at}" for key, at in reading.places.items()}
            provenance = msgspec.structs.replace(reading.trace.provenance, source_format=NAME, converter=f"sxl.{NAME}")
            trace = msgspec.structs.replace(reading.trace, provenance=provenance)
            yield msgspec.structs.replace(reading, trace=trace, places=places)


FORMAT = LoggedExchange()
