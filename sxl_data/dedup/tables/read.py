"""Any table file to Arrow: Parquet, JSON lines, a JSON array, CSV.

In: a path and a column. Out: that column as text, and later the whole rows. JSON goes through msgspec line by line:
pyarrow's reader crashes on deep nesting and polars' turns lone surrogates into NUL. A bad line is the user's to mend:
all bad lines of a file are reported at once.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from sxl_data.contract.errors import UserError, error, finding
from sxl_data.contract.failures import is_memory
from sxl_data.contract.names import require_text
from sxl_data.dedup.scratch import Scratch
from sxl_data.files.parquet_room import Room, TooLarge

FORMATS = {".parquet": "parquet", ".jsonl": "lines", ".ndjson": "lines", ".json": "json", ".csv": "csv"}
MIXED = "sxl.mixed"
"""Key of a field's metadata that says what `mixed` returns."""
REPORTED = 20
"""Bad lines of one file named in full."""
PIECE = 1 << 20
"""Bytes of a Parquet column that are decoded at a time."""


def format_of(path: Path) -> str:
    """The format by the name's suffix. Raises U201 for a missing file, U202 for an unknown suffix."""
    if not path.is_file():
        raise error("U201", file=str(path), found="a folder" if path.is_dir() else "no such file", expected="a file")
    require_text(path, "the ledger and later runs name rows by it", "rename it")
    if path.suffix.lower() not in FORMATS:
        raise error(
            "U202",
            file=str(path),
            found=path.suffix or "no suffix",
            expected=", ".join(FORMATS),
            fix="rename the file after what it holds",
        )
    return FORMATS[path.suffix.lower()]


def read_columns(path: Path, columns: list[str], room: Scratch | None = None) -> pa.Table:
    """Some columns of a file, the first of them as text. Those of a Parquet file for which `room` has no memory are
    mapped from a scratch file. Raises U204 for an unreadable file, U105 for a missing column or one that is no text.
    """
    table = read_table(path, columns, room)
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise UserError(
            *(
                finding(
                    "U105",
                    file=str(path),
                    found=f"no column {name!r}",
                    expected="one of " + ", ".join(names_of(path)),
                    why="it is what is compared or named",
                    fix="give an existing column",
                )
                for name in missing
            )
        )
    text = table[columns[0]]
    if not (pa.types.is_string(text.type) or pa.types.is_large_string(text.type) or pa.types.is_null(text.type)):
        raise error(
            "U105",
            file=str(path),
            found=f"column {columns[0]!r} is {text.type}",
            expected="a column of strings",
            why="only text is compared",
            fix="give a text column",
        )
    return table.select(columns)


def names_of(path: Path) -> list[str]:
    """The columns of a file."""
    if format_of(path) == "parquet":
        import pyarrow.parquet as pq

        return list(pq.read_schema(path).names)
    return list(read_table(path).column_names)


def read_table(path: Path, columns: list[str] | None = None, room: Scratch | None = None) -> pa.Table:
    """A whole file, or those of `columns` that it has; in memory, or see `read_columns`."""
    form = format_of(path)
    try:
        if form == "parquet":
            return _read_parquet(path, columns, room)
        if form == "csv":
            from pyarrow.csv import ConvertOptions, read_csv

            table = read_csv(path, convert_options=ConvertOptions(column_types=_as_text(path)))
            return table.select([name for name in table.column_names if not columns or name in columns])
    except UnicodeError as problem:
        raise error(
            "U204",
            file=str(path),
            found=str(problem),
            expected="UTF-8",
            why="it cannot be told what it says",
            fix="save it as UTF-8; a spreadsheet's also with commas between the values",
        ) from None
    except (pa.ArrowException, OSError, csv.Error) as problem:
        if is_memory(problem):
            raise
        raise error("U204", file=str(path), found=str(problem), expected=f"a whole {form} file") from problem
    return _table(_rows(path, form), columns)


def _read_parquet(path: Path, columns: list[str] | None, room: Scratch | None) -> pa.Table:
    """One row group a task, each decoded by one thread and in pieces of about `PIECE` bytes: a quarter of the CPU time
    and four fifths of the memory of `pq.read_table`, which decodes through the dataset scanner. Arrow grows a column's
    buffer by doubling, and a fresh page of memory costs more than decoding what goes into it: small buffers are used
    again, those of a whole row group touch three times the memory that the column needs."""
    import pyarrow.parquet as pq

    try:
        with closing(Room(path, columns)) as held:
            held.check(os.cpu_count() or 1)
    except TooLarge as problem:
        raise error("U204", file=str(path), found=str(problem), expected="a table that memory can hold") from None
    file = pq.ParquetFile(path, memory_map=True)
    wanted = [name for name in file.schema_arrow.names if columns is None or name in columns]
    schema = file.read_row_groups([], columns=wanted).schema

    def read(group: int) -> pa.Table:
        own = pq.ParquetFile(path, metadata=file.metadata, memory_map=True)
        size = _size([file.metadata.row_group(group)], wanted)
        rows = max(1, file.metadata.row_group(group).num_rows * PIECE // max(size, PIECE))
        batches = own.iter_batches(rows, row_groups=[group], columns=wanted, use_threads=False)
        return pa.Table.from_batches(list(batches), schema)

    groups = range(file.num_row_groups)
    if room is not None and not room.take(_size(map(file.metadata.row_group, groups), wanted)):
        return room.table(schema, map(read, groups))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return pa.concat_tables([schema.empty_table(), *pool.map(read, groups)])


def _size(groups: Iterable[Any], columns: list[str]) -> int:
    """Bytes of some columns of row groups before compression."""
    chunks = (group.column(k) for group in groups for k in range(group.num_columns))
    return sum(c.total_uncompressed_size for c in chunks if c.path_in_schema.split(".")[0] in columns)


def _as_text(path: Path) -> dict[str, pa.DataType]:
    """Every column of a CSV file as text: a column of digits that turns into words at row 10^6 stays readable."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {name: pa.string() for name in next(csv.reader(file), [])}


def _rows(path: Path, form: str) -> list[dict[str, Any]]:
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if form == "json":
        try:
            rows = msgspec.json.decode(data)
        except msgspec.DecodeError as problem:
            raise error("U204", file=str(path), found=str(problem)) from problem
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise error(
                "U204",
                file=str(path),
                found="no array of objects",
                expected="[{…}, …]",
                fix="save one object per line as .jsonl",
            )
        return rows
    rows, bad = [], []
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            try:
                rows.append(decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
                bad.append(
                    finding(
                        "U203",
                        file=str(path),
                        line=number,
                        found=str(problem),
                        expected="one JSON object",
                        fix="mend or remove the line",
                    )
                )
    if bad:
        raise UserError(*bad[:REPORTED])
    return rows


def _table(rows: list[dict[str, Any]], columns: list[str] | None) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    arrays, fields = [], []
    for name in names if columns is None else [name for name in columns if name in names]:
        values, said = [row.get(name) for row in rows], None
        try:
            array = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            # No common type: texts stay what they are, every other value becomes its JSON text.
            array = pa.array(
                [value if isinstance(value, str | None) else _json(value) for value in values], pa.string()
            )
            others = sum(not isinstance(value, str | None) for value in values)
            said = {MIXED: f"{others} of {len(values)} values are no text and became JSON text"}
        arrays.append(array)
        fields.append(pa.field(name, array.type, metadata=said))
    return pa.table(arrays, schema=pa.schema(fields))


def numbers(table: pa.Table, column: str, path: Path) -> np.ndarray:
    """A column of numbers, written as text or not; shape ``(rows,)``. Raises U105 for one that holds anything else."""
    values = table[column]
    for kind in (None, pa.int64(), pa.float64()):
        try:
            found = values if kind is None else values.cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
        if pa.types.is_integer(found.type) or pa.types.is_floating(found.type):
            return found.to_numpy()
    raise error(
        "U105",
        file=str(path),
        found=f"column {column!r} is {values.type}",
        expected="a column of numbers",
        why="rows are kept by it, the smallest first",
        fix="give a column of numbers",
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def mixed(table: pa.Table, column: str) -> str | None:
    """What had to be done to the values of a column of a JSON file that have no common type, in words; else None."""
    found = (table.schema.field(column).metadata or {}).get(MIXED.encode())
    return None if found is None else found.decode()
