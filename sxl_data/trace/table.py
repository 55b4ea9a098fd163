"""Traces ⇄ Arrow tables.

Both ways go column by column: a field of all traces is taken at once, a field that no trace has costs nothing, and no
text is written out as JSON in between. Towards Arrow, what a trace leaves at its default is null as in its JSON, but
for the scalars of steps, which are stated so that a query needs no knowledge of them. Backwards, msgspec checks every
row against the types once more.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract.columns import CODE_SCORES, FLAT_SCHEMA, OUTPUTS, ROW_SCHEMA, SPOKEN, TRACE_SCHEMA, leaf
from sxl_data.trace.types import ENCODER, Trace


def to_table(
    traces: Iterable[Trace],
    groups: Sequence[str | None] | None = None,
    languages: Sequence[str | None] | None = None,
    stated: Sequence[Sequence[str] | None] | None = None,
    scores: Sequence[dict[str, Any] | None] | None = None,
) -> pa.Table:
    """``traces`` as a table of `ROW_SCHEMA`, one row each, in order.

    ``groups``, ``languages``, ``stated`` and ``scores`` fill the columns group, language, stated_ids and code_scores;
    all default to null.
    """
    items = list(traces)
    if not items:
        return ROW_SCHEMA.empty_table()
    columns = []
    for field in TRACE_SCHEMA:
        if field.name == "subtraces_json":
            nested = [ENCODER.encode(t.subtraces).decode() if t.subtraces else None for t in items]
            columns.append(pa.array(nested, field.type))
        else:
            values = _stated(list(map(attrgetter(field.name), items)), [Trace], field.name)
            columns.append(_array(values, field.type, stated=field.name == "steps"))
    table = pa.table(columns, schema=TRACE_SCHEMA)
    empty = [None] * len(items)
    flat = flat_columns(table)
    flat["group"] = pa.array(empty if groups is None else groups, pa.string())
    flat["language"] = pa.array(empty if languages is None else languages, pa.string())
    flat["stated_ids"] = pa.array(empty if stated is None else stated, pa.list_(pa.string()))
    flat["code_scores"] = pa.array(empty if scores is None else scores, CODE_SCORES)
    return pa.table([*table.columns, *(flat[name] for name in FLAT_SCHEMA.names)], schema=ROW_SCHEMA)


def flat_columns(table: pa.Table) -> dict[str, pa.Array]:
    """The columns of `FLAT_SCHEMA` that follow from the trace itself, each of shape ``(rows,)``.

    ``n_parallel`` counts acts with several calls, ``n_errors`` results that are errors or timeouts,
    ``n_turns`` model responses, ``text_bytes`` UTF-8 bytes of content, reasoning, arguments, results.
    """
    n = len(table)
    column = table["steps"].combine_chunks()
    steps, of_step = leaf(column, ())
    phases = steps.field("phase")
    calls = pc.fill_null(pc.list_value_length(steps.field("calls")), 0).to_numpy(zero_copy_only=False)
    statuses, of_status = leaf(column, ("results", "status"))
    failed = pc.is_in(statuses, value_set=pa.array(["error", "timeout"])).to_numpy(zero_copy_only=False)
    thought = pc.equal(phases, "reflect").to_numpy(zero_copy_only=False)
    spoke = thought | pc.equal(phases, "act").to_numpy(zero_copy_only=False)
    turns = np.unique(
        np.stack([of_step[spoke], steps.field("turn").to_numpy(zero_copy_only=False)[spoke]], axis=1), axis=0
    )
    text = np.zeros(n, dtype=np.int64)
    for path in (*SPOKEN, *OUTPUTS):
        values, rows = leaf(column, path[1:])
        lengths = pc.fill_null(pc.binary_length(values), 0).to_numpy(zero_copy_only=False)
        text += np.bincount(rows, weights=lengths, minlength=n).astype(np.int64)
    provenance = table["provenance"].combine_chunks()

    def count(rows: np.ndarray) -> pa.Array:
        return pa.array(np.bincount(rows, minlength=n), pa.int64())

    return {
        "source": provenance.field("source"),
        "licence": provenance.field("licence"),
        "n_turns": count(turns[:, 0].astype(np.int64)),
        "n_calls": pa.array(np.bincount(of_step, weights=calls, minlength=n).astype(np.int64)),
        "n_errors": count(of_status[failed]),
        "n_parallel": count(of_step[calls > 1]),
        "has_reasoning": pa.array(np.bincount(of_step[thought], minlength=n) > 0),
        "text_bytes": pa.array(text),
    }


def to_traces(table: pa.Table) -> Iterator[Trace]:
    """The traces of a table that has the columns of `TRACE_SCHEMA`; other columns are ignored.

    Raises `msgspec.ValidationError` for a row that is no trace.
    """
    for batch in table.select(TRACE_SCHEMA.names).to_batches(max_chunksize=1024):
        rows = _values(batch.to_struct_array())
        if batch["subtraces_json"].null_count < len(batch):
            for row in rows:
                if nested := row.pop("subtraces_json", None):
                    row["subtraces"] = json.loads(nested)
        if batch["steps"].null_count:
            for row in rows:
                row.setdefault("steps", [])
        yield from msgspec.convert(rows, list[Trace])


def _array(values: list[Any], kind: pa.DataType, stated: bool) -> pa.Array:
    """Parts of traces as an array of ``kind``; empty lists are null. Defaults too, unless they are to be ``stated``."""
    if pa.types.is_list(kind):
        lengths = [len(value) if value else 0 for value in values]
        inner = list(itertools.chain.from_iterable(value for value in values if value))
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]), pa.int32())
        items = _array(inner, kind.value_type, stated)
        return pa.ListArray.from_arrays(offsets, items, type=kind, mask=pa.array([not n for n in lengths], pa.bool_()))
    if not pa.types.is_struct(kind):
        return pa.array(values, kind)
    classes: list[Any] = list(dict.fromkeys(map(type, values)))
    whole = type(None) not in classes
    classes = [cls for cls in classes if cls is not type(None)]
    fields = []
    for field in kind:
        owners = [cls for cls in classes if field.name in cls.__struct_fields__]
        if field.name == "phase":
            fields.append(pa.array([value.__struct_config__.tag for value in values], field.type))
        elif not owners:
            fields.append(pa.nulls(len(values), field.type))
        else:
            if whole and len(owners) == len(classes):
                found = list(map(attrgetter(field.name), values))
            else:
                found = [getattr(v, field.name) if type(v) in owners else None for v in values]
            fields.append(_array(found if stated else _stated(found, owners, field.name), field.type, stated))
    mask = None if whole else pa.array([value is None for value in values], pa.bool_())
    return pa.StructArray.from_arrays(fields, fields=list(kind), mask=mask)


def _stated(values: list[Any], owners: list[type], name: str) -> list[Any]:
    """``values`` of the field ``name`` with None where one is the default, which msgspec leaves out of JSON too."""
    (default,) = {id(d): d for cls in owners for d in [_defaults(cls)[name]]}.values()
    if default is None or default is msgspec.NODEFAULT:
        return values
    return [None if value is default else value for value in values]


@cache
def _defaults(cls: type) -> dict[str, Any]:
    return {field.name: field.default for field in msgspec.structs.fields(cls)}


def _values(array: pa.Array) -> list[Any]:
    """``array`` as plain values; a struct holds no key whose value is null."""
    if pa.types.is_struct(array.type):
        fields = [(field.name, array.field(i)) for i, field in enumerate(array.type)]
        known = [(name, column) for name, column in fields if column.null_count < len(column)]
        names = [name for name, _ in known]
        columns = [_values(column) for _, column in known]
        if not names:
            rows: list[Any] = [{} for _ in range(len(array))]
        elif any(column.null_count for _, column in known):
            rows = [{k: v for k, v in zip(names, row) if v is not None} for row in zip(*columns)]
        else:
            rows = [dict(zip(names, row)) for row in zip(*columns)]
        if not array.null_count:
            return rows
        return [row if valid else None for row, valid in zip(rows, array.is_valid().to_pylist())]
    if pa.types.is_list(array.type):
        items = _values(array.flatten())
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_pylist()
        ends = list(itertools.accumulate(lengths, initial=0))
        lists: list[Any] = [items[a:b] for a, b in itertools.pairwise(ends)]
        if not array.null_count:
            return lists
        return [row if valid else None for row, valid in zip(lists, array.is_valid().to_pylist())]
    return array.to_pylist()
