"""Our own row: a trace as JSON, one line of JSONL or one row of Parquet.

Parquet shows every field of every phase with nulls and holds subtraces as text; JSON holds what the types
say. The id and provenance are the trace's own and stay. `schema_version` decides: the same major is read,
another is refused by name; what a newer minor adds is refused by name too, for we cannot keep it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.published import from_row, own_fields
from sxl_data.trace.types import SCHEMA_VERSION, Trace, encode

_PHASES = ("observe", "reflect", "act", "iterate")


class SxlTrace:
    """Format of sxl traces."""

    name = "sxl_trace"
    title = "sxl-trace 1.x"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """Rows with `schema_version` and steps that have a `phase`."""
        if not isinstance(sample, dict) or not isinstance(sample.get("steps"), list):
            return None
        steps = sample["steps"]
        if steps and isinstance(steps[0], dict) and "phase" in steps[0] and steps[0]["phase"] in _PHASES:
            return "has `steps` with a `phase`"
        return "has `trace_id` and `provenance`" if {"trace_id", "provenance"} <= set(sample) else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        if not isinstance(row, dict):
            raise RowError(type(row).__name__, "a trace object")
        version = row.get("schema_version")
        if not isinstance(version, str) or version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
            raise RowError(f"version {version!r}", f"a version {SCHEMA_VERSION.split('.')[0]}.x", "/schema_version")
        try:
            trace = from_row(own_fields(row))
        except msgspec.ValidationError as problem:
            message, _, path = str(problem).partition(" - at `")
            raise RowError(message, "a value of the schema", _pointer(path.rstrip("`"))) from None
        # Pointers into the trace are pointers into the document; none has to be exchanged.
        yield Reading(trace=trace, line=document.lines[0])

    def write(self, trace: Trace) -> dict[str, Any]:
        """``trace`` as it is."""
        value: dict[str, Any] = msgspec.json.decode(encode(trace))
        return value


FORMAT = SxlTrace()


def _pointer(path: str) -> str:
    """msgspec's ``$.steps[0].calls`` as the JSON pointer ``/steps/0/calls``."""
    return path.removeprefix("$").replace("[...]", "").replace("[", "/").replace("]", "").replace(".", "/")
