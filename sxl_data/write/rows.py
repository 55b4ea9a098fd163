"""The published row: the trace's columns plus ``messages`` and ``tools`` ready for TRL.

Call arguments and tool declarations are JSON columns (`datasets.Json`): a plain struct column would pad
every tool's arguments with the other tools' keys, or fail on mixed types.
"""

from __future__ import annotations

import msgspec
import pyarrow as pa

from sxl_data.contract.columns import ROW_SCHEMA, cut_rows
from sxl_data.trace.messages import to_messages
from sxl_data.trace.table import to_traces

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


def publish_rows(table: pa.Table) -> pa.Table:
    """A table of `ROW_SCHEMA` as one of `PUBLISHED_SCHEMA`, row for row.

    Of about `HELD_BYTES` of text at a time objects are made: they take several times the room of a column.
    """
    runs = cut_rows(table["text_bytes"].to_numpy(), HELD_BYTES)
    said = [_say(table.slice(first, end - first)) for first, end in runs]
    columns = [table[name] for name in ROW_SCHEMA.names] + [pa.chunked_array(parts) for parts in zip(*said)]
    return pa.table(columns, schema=PUBLISHED_SCHEMA)


def _say(table: pa.Table) -> tuple[pa.Array, pa.Array]:
    """The columns messages and tools of some rows."""
    encode = msgspec.json.encode
    messages, tools = [], []
    for trace in to_traces(table):
        said, declared = to_messages(trace)
        for message in said:
            for call in message.get("tool_calls") or ():
                call["function"]["arguments"] = encode(call["function"]["arguments"]).decode()
        messages.append(said)
        tools.append(None if declared is None else [encode(tool).decode() for tool in declared])
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
