"""Rows of plain values as traces: what a published row has beside its trace, and what it does not.

Apart from `trace.table` because every reader asks this of its rows, and pyarrow takes a quarter of a second to load.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from sxl_data.trace.types import Trace

# Columns that only a published row has.
PUBLISHED = frozenset({"n_turns", "text_bytes", "trace_tools"})

COLUMNS = frozenset(Trace.__struct_fields__) - {"subtraces"} | {"subtraces_json"}
"""The names of `TRACE_SCHEMA`."""


def from_row(row: dict[str, Any]) -> Trace:
    """One row of plain values as a trace; null and absent mean the same."""
    values = _prune(row)
    nested = values.pop("subtraces_json", None)
    if nested:
        values["subtraces"] = json.loads(nested)
    values.setdefault("steps", [])
    return msgspec.convert(values, Trace)


def own_fields(row: dict[str, Any]) -> dict[str, Any]:
    """The trace's own fields of a published row, which has flat and training columns beside them; its
    `tools` are those that chat templates want, and the trace's own stand in `trace_tools`. Any other row
    is returned as it is."""
    if not PUBLISHED & row.keys():
        return row
    fields = {key: value for key, value in row.items() if key in COLUMNS}
    if "trace_tools" in row:
        fields["tools"] = row["trace_tools"]
    return fields


def _prune(value: Any) -> Any:
    """Plain values without the nulls that the shared step columns put there."""
    if isinstance(value, dict):
        return {k: _prune(v) for k, v in value.items() if v is not None}
    return [_prune(item) for item in value] if isinstance(value, list) else value
