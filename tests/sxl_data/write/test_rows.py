from __future__ import annotations

import io

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin
from sxl_data.trace.table import to_table
from sxl_data.trace.types import Part, Result, Tool
from sxl_data.write.arrow import encode_arrow
from sxl_data.write.features import features
from sxl_data.write.parquet import encode_parquet
from sxl_data.write.rows import PUBLISHED_SCHEMA, publish_rows


def table() -> pa.Table:
    """One trace with a tool and a call, one without either."""
    readings = []
    for number, arguments in enumerate(['{"b": 1, "a": [2.50, null]}', None]):
        builder = Builder("tool_use", "add")
        builder.observe("add")
        if arguments:
            builder.tool(Tool(name="sum", parameters_json='{"type":"object","properties":{"b":{}}}'))
            builder.reflect("I add.")
            builder.call("sum", arguments, "c1")
            builder.result(Result(call_id="c1", content=(Part(text="3"),), status="ok"))
        builder.say("3")
        readings.append(builder.build(Document(file="x", value=number, row=number), Origin(source="t"), "toy"))
    return to_table(reading.trace for reading in readings)


def test_the_features_are_those_that_datasets_makes_of_the_schema():
    assert datasets.Features.from_arrow_schema(PUBLISHED_SCHEMA).to_dict() == features(PUBLISHED_SCHEMA)


def test_a_published_row_has_messages_for_a_trainer():
    rows = publish_rows(table()).rows
    assert rows.schema.equals(PUBLISHED_SCHEMA)
    messages = rows["messages"].to_pylist()
    assert ["user", "assistant", "tool", "assistant"] == [message["role"] for message in messages[0]]
    assert "I add." == messages[0][1]["reasoning_content"]
    assert ["user", "assistant"] == [message["role"] for message in messages[1]]


def test_arguments_come_back_as_objects_in_their_own_order_and_no_tools_are_null():
    data = datasets.Dataset(pa.ipc.open_stream(encode_arrow(publish_rows(table()).rows)).read_all())
    arguments = data[0]["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert {"b": 1, "a": [2.5, None]} == arguments
    assert ["b", "a"] == list(arguments)
    assert "sum" == data[0]["tools"][0]["function"]["name"]
    assert data[1]["tools"] is None


def test_equal_tables_give_equal_bytes():
    first, second = (encode_parquet(publish_rows(table()).rows) for _ in range(2))
    assert first == second


def test_the_file_has_a_page_index_and_page_checksums():
    data = encode_parquet(publish_rows(table()).rows)
    column = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0).column(0)
    assert column.has_offset_index and column.has_column_index
    assert "ZSTD" == column.compression


def test_an_empty_split_is_a_file_with_the_schema():
    data = encode_parquet(publish_rows(table().slice(0, 0)).rows)
    assert PUBLISHED_SCHEMA.names == pq.read_schema(io.BytesIO(data)).names
