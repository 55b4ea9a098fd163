from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sxl_data.contract.columns import ROW_SCHEMA, TRACE_SCHEMA, cut_rows, explode, replace, text_of
from sxl_data.trace.table import to_table, to_traces
from sxl_data.trace.types import Act, Call, Iterate, Observe, Part, Provenance, Reflect, Result, Trace


def trace(number: int, thought: str | None = "add") -> Trace:
    steps = [Observe(index=0, origin="user", content=(Part(text=f"what is {number}+1?"),))]
    if thought:
        steps.append(Reflect(index=1, turn=1, text=thought))
    call, two = Call(call_id="a", name="calc", arguments_json='{"x":1}'), (Part(text="2"),)
    steps.append(Act(index=len(steps), turn=1, kind="tool", calls=(call,)))
    steps.append(Iterate(index=len(steps), turn=1, results=(Result(call_id="a", content=two),)))
    said = (Part(text="it is 2"),)
    steps.append(Act(index=len(steps), turn=2, iteration=1, kind="message", final=True, content=said))
    return Trace(
        schema_version="1.0",
        trace_id=f"t:{number}",
        kind="tool_use",
        steps=tuple(steps),
        provenance=Provenance(source="t"),
    )


def test_the_arrow_schema_has_every_field_of_the_types():
    def names(kind: pa.DataType) -> dict | None:
        if pa.types.is_list(kind):
            return names(kind.value_type)
        return {f.name: names(f.type) for f in kind} if pa.types.is_struct(kind) else None

    expected = {f.name for f in msgspec.structs.fields(Trace)} - {"subtraces"} | {"subtraces_json"}
    assert expected == set(TRACE_SCHEMA.names)
    steps = names(TRACE_SCHEMA.field("steps").type)
    fields = {"phase"} | {f.name for s in (Observe, Reflect, Act, Iterate) for f in msgspec.structs.fields(s)}
    assert fields == set(steps)
    assert {f.name for f in msgspec.structs.fields(Result)} == set(steps["results"])
    assert {f.name for f in msgspec.structs.fields(Call)} == set(steps["calls"])
    assert {f.name for f in msgspec.structs.fields(Part)} == set(steps["content"])


def test_traces_survive_the_table():
    traces = [trace(1), trace(2, thought=None), msgspec.structs.replace(trace(3), subtraces=(trace(4),))]
    table = to_table(traces)
    assert table.schema.equals(ROW_SCHEMA)
    assert list(to_traces(table)) == traces


def test_flat_columns_are_counted():
    row = to_table([trace(1)]).select(["n_turns", "n_calls", "n_errors", "n_parallel", "has_reasoning"]).to_pylist()
    assert row == [{"n_turns": 2, "n_calls": 1, "n_errors": 0, "n_parallel": 0, "has_reasoning": True}]


def test_text_comes_in_the_order_of_the_steps():
    assert text_of(to_table([trace(1), trace(2, None)])).to_pylist() == [
        'what is 1+1?\nadd\n{"x":1}\nit is 2',
        'what is 2+1?\n{"x":1}\nit is 2',
    ]


def test_an_edit_of_some_texts_leaves_the_others_alone():
    table = to_table([trace(1), trace(2)])
    segments = explode(table)
    chosen = segments.filter(pc.and_(pc.equal(segments["phase"], "reflect"), pc.equal(segments["row"], 1)))
    edited = chosen.set_column(chosen.schema.get_field_index("text"), "text", pa.array(["ADD"]))
    after = list(to_traces(replace(table, edited)))
    assert after[0] == trace(1)
    assert after[1] == trace(2, thought="ADD")


def test_a_filtered_table_is_exploded_like_a_fresh_one():
    table = to_table([trace(1), trace(2), trace(3)])
    part = table.filter(pa.array([False, True, True])).slice(1)
    assert text_of(part).to_pylist() == text_of(to_table([trace(3)])).to_pylist()


@pytest.mark.parametrize(
    ("sizes", "runs"),
    [([3, 3, 3, 3], [(0, 3), (3, 4)]), ([30, 1, 9], [(0, 2), (2, 3)]), ([], [(0, 0)]), ([0, 0], [(0, 2)])],
)
def test_rows_are_cut_into_runs_by_size(sizes: list[int], runs: list[tuple[int, int]]):
    assert runs == cut_rows(np.array(sizes, dtype=np.int64), 10)
