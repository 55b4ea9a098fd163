from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from sxl_data.contract.columns import TRACE_SCHEMA
from sxl_data.trace.published import from_row
from sxl_data.trace.table import to_table, to_traces
from sxl_data.trace.types import Trace, decode

EXAMPLES = Path(__file__).parents[3] / "schemas/examples/valid"
NAMES = ("agent-with-subtrace", "agent", "code", "instruction", "reasoning", "tool_use")


def examples() -> list[Trace]:
    return [decode((EXAMPLES / f"{name}.json").read_bytes()) for name in NAMES]


def test_traces_of_every_kind_come_back_from_a_table() -> None:
    traces = examples()
    assert traces == list(to_traces(to_table(traces)))


def test_each_kind_alone_and_slices_come_back_too() -> None:
    traces = examples()
    for trace in traces:
        assert [trace] == list(to_traces(to_table([trace])))
    assert traces[2:5] == list(to_traces(to_table(traces).slice(2, 3)))
    assert [] == list(to_traces(to_table(traces).slice(0, 0)))


def test_a_table_gives_what_its_rows_give_one_by_one() -> None:
    table = to_table(examples() * 300)  # more than one batch
    rows = table.select(TRACE_SCHEMA.names).to_pylist()
    assert [from_row(row) for row in rows] == list(to_traces(table))


def test_a_row_that_is_no_trace_is_refused() -> None:
    table = to_table(examples())
    column = pa.array([*table["kind"].to_pylist()[:-1], "poem"])
    broken = table.set_column(table.schema.get_field_index("kind"), "kind", column)
    with pytest.raises(msgspec.ValidationError, match="poem"):
        list(to_traces(broken))
