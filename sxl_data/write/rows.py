"""The published row: the trace's columns plus ``messages`` and ``tools`` ready for TRL.

Call arguments and tool declarations are JSON columns (`datasets.Json`): a plain struct column would pad
every tool's arguments with the other tools' keys, or fail on mixed types.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from sxl_data.contract import ledger
from sxl_data.contract.columns import ROW_SCHEMA, cut_rows
from sxl_data.trace.messages import to_messages
from sxl_data.trace.table import to_traces
from sxl_data.write.json_cells import encode_cell

HELD_BYTES = 8_000_000
"""Text of the rows that are objects at a time."""
JSON = pa.json_(pa.string())
FUNCTION = pa.struct([("name", pa.string()), ("arguments", JSON)])
TOOL_CALL = pa.struct([("type", pa.string()), ("id", pa.string()), ("function", FUNCTION)])
MESSAGE = pa.struct(
    [
        ("role", pa.string()),
        ("content", pa.string()),
        ("reasoning_content", pa.string()),
        ("tool_calls", pa.list_(TOOL_CALL)),
        ("name", pa.string()),
        ("tool_call_id", pa.string()),
        # False where the message must carry no loss, else null: context copied from elsewhere, and acts
        # that no model made.
        ("train", pa.bool_()),
    ]
)

# A trace keeps its own `tools` (declarations with origin); the trainer's column of that name holds the
# same tools as chat templates want them, so the trace's column is published as `trace_tools`.
RENAMED = {"tools": "trace_tools"}
PUBLISHED_SCHEMA = pa.schema(
    [
        *(pa.field(RENAMED.get(field.name, field.name), field.type) for field in ROW_SCHEMA),
        ("messages", pa.list_(MESSAGE)),
        ("tools", pa.list_(JSON)),
    ]
)


class Published(NamedTuple):
    """Rows of `PUBLISHED_SCHEMA`, and ledger lines of those whose messages or tools say something in another way than
    the trace beside them."""

    rows: pa.Table
    ledger: pa.Table


def publish_rows(table: pa.Table) -> Published:
    """A table of `ROW_SCHEMA` as one of `PUBLISHED_SCHEMA`, row for row.

    Of about `HELD_BYTES` of text at a time objects are made: they take several times the room of a column.
    """
    entries: list[ledger.Entry] = []
    runs = cut_rows(table["text_bytes"].to_numpy(), HELD_BYTES)
    said = [_say(table.slice(first, end - first), entries) for first, end in runs]
    columns = [table[name] for name in ROW_SCHEMA.names] + [pa.chunked_array(parts) for parts in zip(*said)]
    return Published(pa.table(columns, schema=PUBLISHED_SCHEMA), ledger.table(entries))


def _say(table: pa.Table, entries: list[ledger.Entry]) -> tuple[pa.Array, pa.Array]:
    """The columns messages and tools of some rows; what a row's cells could not hold is added to ``entries``."""
    messages, tools = [], []
    sources = table["source"].to_pylist()
    for trace, source in zip(to_traces(table), sources):
        said, declared = to_messages(trace)
        long = 0
        for message in said:
            for call in message.get("tool_calls") or ():
                call["function"]["arguments"], found = encode_cell(call["function"]["arguments"])
                long += found
        cells = None if declared is None else [encode_cell(tool) for tool in declared]
        long += sum(found for _, found in cells or ())
        if long:
            detail = f"{long} integers beyond 64 bits are strings in messages and tools"
            entries.append(ledger.entry("C720", trace.trace_id, source, "edited", detail=detail))
        messages.append(said)
        tools.append(None if cells is None else [text for text, _ in cells])
    kinds = (PUBLISHED_SCHEMA.field(name).type for name in ("messages", "tools"))
    plain, listed = (_wrap(pa.array(values, _storage(kind)), kind) for values, kind in zip((messages, tools), kinds))
    return plain, listed


def _storage(kind: pa.DataType) -> pa.DataType:
    """``kind`` with every JSON type as the string that stores it."""
    if isinstance(kind, pa.BaseExtensionType):
        return kind.storage_type
    if pa.types.is_list(kind):
        return pa.list_(_storage(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _storage(field.type)) for field in kind])
    return kind


def _wrap(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """``array`` of the storage type as ``kind``; Arrow does not cast strings to JSON inside lists."""
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, array)
    if pa.types.is_list(kind):
        inner = _wrap(array.values, kind.value_type)
        return pa.ListArray.from_arrays(array.offsets, inner, type=kind, mask=array.is_null())
    if pa.types.is_struct(kind):
        fields = [_wrap(array.field(i), field.type) for i, field in enumerate(kind)]
        return pa.StructArray.from_arrays(fields, fields=list(kind), mask=array.is_null())
    return array
