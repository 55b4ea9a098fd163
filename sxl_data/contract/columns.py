"""The Arrow form of a trace: one row each, the same schema in every shard, cast and never inferred.

`steps` is a list of structs in which the columns of all four phases exist and are nullable: no unions
and no maps, which Parquet readers and the Hub's viewer do not share. Flat columns beside it make a
table queryable without unpacking.

`explode` and `replace` are the two mechanisms by which stages work on text: every text of every trace
becomes one row of a segments table, a stage computes on columns, and edited text goes back where it
came from without touching anything else.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

STRING, INT, BOOL, FLOAT = pa.string(), pa.int64(), pa.bool_(), pa.float64()


def _struct(fields: str, **kinds: pa.DataType) -> pa.StructType:
    """A struct of ``fields``, `name` a string, `name:kind` of that one of `_KINDS` or ``kinds``."""
    pairs = [field.partition(":")[::2] for field in fields.split()]
    return pa.struct([pa.field(name, {**_KINDS, **kinds}[kind]) for name, kind in pairs])


_KINDS = {"": STRING, "int": INT, "bool": BOOL, "float": FLOAT}
PART = _struct("type text uri media_type sha256 data_json")
PARTS = pa.list_(PART)
TOOL = _struct("name description parameters_json output_schema_json origin original_json")
CALL = _struct("call_id name arguments_json kind arguments_form language")
RESULT = _struct(
    "call_id content:parts status exit_code:int error_type error_message duration_ms:float truncated:bool"
    " structured_json",
    parts=PARTS,
)
STEP = _struct(
    "phase index:int turn:int iteration:int timestamp ext_json origin content:parts text form signature kind"
    " calls:calls final:bool train:bool results:results decision decision_origin",
    parts=PARTS,
    calls=pa.list_(CALL),
    results=pa.list_(RESULT),
)
AGENT = _struct("name version model ext_json")
OUTCOME = _struct("status reward:float verifier scores_json")
PROVENANCE = _struct(
    "source source_id source_format source_revision source_sha256 licence licence_url attribution converter"
    " converter_version synthetic:bool generator_model executed:bool"
)
METRICS = _struct("prompt_tokens:int completion_tokens:int cached_tokens:int cost_usd:float duration_ms:float ext_json")

TRACE_SCHEMA = pa.schema(
    [
        ("schema_version", STRING),
        ("trace_id", STRING),
        ("kind", STRING),
        ("task", STRING),
        ("agent", AGENT),
        ("tools", pa.list_(TOOL)),
        ("steps", pa.list_(STEP)),
        ("outcome", OUTCOME),
        # Subtraces nest without end, which Arrow cannot say; they travel as JSON text.
        ("subtraces_json", STRING),
        ("provenance", PROVENANCE),
        ("metrics", METRICS),
        ("ext_json", STRING),
    ]
)

CODE_SCORES = _struct(
    "lines:int code_lines:int longest_line:int mean_line:float alphanumeric:float spaces:float comments:float"
    " encoded:float generated:bool"
)

FLAT_SCHEMA = pa.schema(
    [
        ("source", STRING),
        ("licence", STRING),
        ("language", STRING),
        ("n_turns", INT),
        ("n_calls", INT),
        ("n_errors", INT),
        ("n_parallel", INT),
        ("has_reasoning", BOOL),
        ("text_bytes", INT),
        # Rows of one session, repository or task stay on one side of a split.
        ("group", STRING),
        # So do rows that share an id their source states, such as `instance:` and 16 hex digits of its value.
        ("stated_ids", pa.list_(STRING)),
        # Figures of the code in a row's answer (`files.figures`), which the clean stage fills; null without code.
        ("code_scores", CODE_SCORES),
    ]
)

ROW_SCHEMA = pa.schema([*TRACE_SCHEMA, *FLAT_SCHEMA])

Path = tuple[str, ...]

# Where text is said or done. Tool outputs and tool schemas are listed apart, since a comparison of two
# traces leaves them out by default.
SPOKEN: tuple[Path, ...] = (("steps", "content", "text"), ("steps", "text"), ("steps", "calls", "arguments_json"))
OUTPUTS: tuple[Path, ...] = (("steps", "results", "content", "text"), ("steps", "results", "error_message"))
OTHER: tuple[Path, ...] = (
    ("task",),
    ("tools", "description"),
    ("tools", "parameters_json"),
    ("steps", "results", "structured_json"),
    ("steps", "ext_json"),
    ("subtraces_json",),
    ("ext_json",),
    ("agent", "ext_json"),
    ("provenance", "source_id"),
)
TEXTS = SPOKEN + OUTPUTS + OTHER


def _flat(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One contiguous array whose offsets start at zero."""
    if isinstance(array, pa.ChunkedArray):
        # Combining copies, one chunk too.
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    return pa.concat_arrays([array, array.slice(0, 0)]) if array.offset else array


def leaf(array: pa.Array, path: Sequence[str]) -> tuple[pa.Array, np.ndarray]:
    """The values at ``path`` below ``array`` and, for each, the row that it belongs to.

    List elements are flattened in order; null lists hold nothing. Shapes: both ``(n_values,)``.
    """
    rows = np.arange(len(array), dtype=np.int64)
    for name in ("", *path):
        if name:
            array = array.field(name)
        if pa.types.is_list(array.type):
            rows = rows[pc.list_parent_indices(array).to_numpy(zero_copy_only=False)]
            array = array.flatten()
    return array, rows


def replace_leaf(array: pa.Array, path: Sequence[str], values: pa.Array) -> pa.Array:
    """``array`` with the values at ``path`` exchanged for ``values``, in the order `leaf` gave them."""
    if pa.types.is_list(array.type):
        inner = replace_leaf(array.flatten(), path, values)
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        return pa.ListArray.from_arrays(offsets, inner, type=array.type, mask=pc.is_null(array))
    if not path:
        return values
    fields = [
        replace_leaf(array.field(i), path[1:], values) if field.name == path[0] else array.field(i)
        for i, field in enumerate(array.type)
    ]
    return pa.StructArray.from_arrays(fields, fields=list(array.type), mask=pc.is_null(array))


def explode(batch: pa.Table, paths: Iterable[Path] = TEXTS) -> pa.Table:
    """Every text of ``batch`` as a row: ``row`` (position in the batch), ``path``, ``at`` (position
    among the values of its path), ``step`` (counted over the batch, -1 outside of steps), ``phase`` (of
    the step, else null) and ``text``; nulls left out."""
    tables = []
    for path in paths:
        column = _flat(batch[path[0]])
        values, rows = leaf(column, path[1:])
        phases: pa.Array = pa.nulls(len(values), STRING)
        of_step = np.full(len(values), -1, dtype=np.int64)
        if path[0] == "steps":
            steps = column.flatten()
            of_step = leaf(steps, path[1:])[1]
            phases = steps.field("phase").take(pa.array(of_step))
        part = pa.table(
            {
                "row": rows,
                "path": pa.array(["/".join(path)] * len(values), STRING),
                "at": np.arange(len(values)),
                "step": of_step,
                "phase": phases,
                "text": values,
            }
        )
        tables.append(part.filter(pc.is_valid(part["text"])))
    return pa.concat_tables(tables)


def replace(batch: pa.Table, edited: pa.Table) -> pa.Table:
    """``batch`` with the texts of ``edited`` (rows of `explode` with a new ``text``) put back."""
    for joined in pc.unique(edited["path"]).to_pylist():
        path = tuple(joined.split("/"))
        rows = edited.filter(pc.equal(edited["path"], joined))
        column = _flat(batch[path[0]])
        values = leaf(column, path[1:])[0]
        mask = np.zeros(len(values), dtype=bool)
        at = rows["at"].to_numpy()
        mask[at] = True
        # replace_with_mask takes replacements in the order of the mask's positions.
        texts = _flat(rows["text"]).take(pa.array(np.argsort(at, kind="stable")))
        column = replace_leaf(column, path[1:], pc.replace_with_mask(values, pa.array(mask), texts))
        index = batch.schema.get_field_index(path[0])
        batch = batch.set_column(index, batch.schema.field(index), column)
    return batch


def text_of(
    batch: pa.Table, paths: Iterable[Path] = SPOKEN, separator: str = "\n", without: Sequence[str] = ()
) -> pa.Array:
    """One string per row: its texts at ``paths`` in step order, joined, those of steps whose origin is one of
    ``without`` left out. Shape ``(rows,)``, no nulls."""
    segments = explode(batch, paths)
    if without:
        origins = _flat(batch["steps"]).flatten().field("origin")
        hidden = np.append(np.asarray(pc.is_in(origins, value_set=pa.array(without))), False)
        if hidden.any():
            segments = segments.filter(pa.array(~hidden[segments["step"].to_numpy()]))
    order = pc.sort_indices(segments, sort_keys=[(name, "ascending") for name in ("row", "step", "path", "at")])
    segments = segments.take(order)
    rows = segments["row"].to_numpy()
    counts = np.bincount(rows, minlength=len(batch))
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, _flat(segments["text"]))
    return pc.binary_join(lists, separator)


LENGTHS = (
    ("up to 1 kB", 1_000),
    ("up to 4 kB", 4_000),
    ("up to 16 kB", 16_000),
    ("up to 64 kB", 64_000),
    ("longer", 0),
)
"""Buckets of text bytes, by name and upper bound; the last has none."""


def length_buckets(sizes: np.ndarray) -> np.ndarray:
    """The place in `LENGTHS` of each of ``sizes``, shape ``(n,)``."""
    return np.searchsorted([most for _, most in LENGTHS[:-1]], sizes)


def cut_rows(sizes: np.ndarray, most: int) -> list[tuple[int, int]]:
    """Runs of rows, first and end, that together hold about ``most`` of ``sizes``, shape ``(n,)``, each; one run, and
    an empty one, where there are no rows."""
    after = np.cumsum(sizes) // most
    starts = np.flatnonzero(np.diff(after, prepend=-1)).tolist() or [0]
    return list(itertools.pairwise([*starts, len(sizes)]))
