"""Our own rows."""

from __future__ import annotations

import json

import pytest

from sxl_data.trace.format import RowError
from sxl_data.trace.table import to_table

ROW = {
    "schema_version": "1.0",
    "trace_id": "t:1",
    "kind": "agent",
    "provenance": {"source": "s", "source_id": "x"},
    "steps": [{"phase": "observe", "index": 0, "origin": "user", "content": [{"text": "hi"}]}],
    "subtraces": [
        {"schema_version": "1.0", "trace_id": "t:2", "kind": "agent", "steps": [], "provenance": {"source": "s"}}
    ],
}


def test_id_and_provenance_stay_the_traces_own(reader) -> None:
    trace = reader(ROW)
    assert ("t:1", "s", "x") == (trace.trace_id, trace.provenance.source, trace.provenance.source_id)


def test_a_row_of_a_published_table_is_the_same_trace(reader) -> None:
    (row,) = to_table([reader(ROW)]).to_pylist()
    assert reader(ROW) == reader({**row, "messages": [], "tools": row["tools"]})


def test_a_trace_is_written_as_it_is(reader) -> None:
    assert ROW["steps"] == json.loads(json.dumps(reader.format.write(reader(ROW))))["steps"]


@pytest.mark.parametrize(
    "change, pointer",
    [
        ({"schema_version": "2.0"}, "/schema_version"),
        ({"schema_version": None}, "/schema_version"),
        ({"steps": 5}, "/steps"),
        ({"provenance": {}}, "/provenance"),
    ],
)
def test_a_row_that_is_no_trace_is_refused_at_its_place(reader, change, pointer) -> None:
    with pytest.raises(RowError) as raised:
        reader({**ROW, **change})
    assert pointer == raised.value.pointer


def test_only_this_format_recognises_it(reader) -> None:
    assert ["sxl_trace"] == reader.detects(ROW)
