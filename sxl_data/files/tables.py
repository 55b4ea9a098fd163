"""Rows of CSV, TSV and Parquet as records.

In: bytes of text, or a Parquet file. Out: one record a row, a dict by column name. CSV values stay text.
Nulls of Parquet structs are left out: they pad every row with the fields that other rows have, and mean
nothing. Columns that hold JSON by their Arrow type are decoded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sxl_data.contract.errors import error, finding
from sxl_data.contract.failures import is_memory
from sxl_data.files.decode import decode
from sxl_data.files.record import Record
from sxl_data.files.streams import MAX_RECORD, CutOff, lines


def csv_rows(pieces: Iterator[bytes], file: str, line: int = 1, separator: str = ",") -> Iterator[Record]:
    """The rows below the header line, which is on ``line``, their values between ``separator``. A row of the
    wrong width is refused with S111."""
    # The limit is the process's own; ours is checked by record, and the default of 128 kB is too small.
    csv.field_size_limit(MAX_RECORD)
    cut: list[CutOff] = []

    def texts() -> Iterator[str]:
        try:
            for _, text in lines(pieces):
                yield text.decode("utf-8", "surrogateescape") + "\n"
        except CutOff as broken:
            cut.append(broken)

    reader = csv.reader(texts(), delimiter=separator, strict=True)
    header: list[str] | None = None
    first = line
    while True:
        first = reader.line_num + line
        try:
            row = next(reader, None)
        except csv.Error as problem:
            yield Record(first, None, findings=(finding("S111", file=file, line=first, found=problem, expected="CSV"),))
            continue
        if row is None:
            break
        if header is None:
            header = row or None
        elif row:
            yield _csv_record(header, row, first, file)
    if cut:
        yield Record(
            first,
            None,
            findings=(finding("S110", file=file, line=first, found=str(cut[0]), expected="the rest of the file"),),
        )


def _csv_record(header: list[str], row: list[str], line: int, file: str) -> Record:
    if len(row) != len(header):
        return Record(
            line,
            None,
            findings=(finding("S111", file=file, line=line, found=f"{len(row)} values", expected=f"{len(header)}"),),
        )
    findings = []
    for name, text in zip(header, row):
        if any("\udc80" <= c <= "\udcff" for c in name + text):
            return Record(
                line,
                None,
                findings=(finding("S102", file=file, line=line, pointer=f"/{name}", found="bytes", expected="UTF-8"),),
            )
        if "\x00" in text:
            findings.append(
                finding(
                    "S105", file=file, line=line, pointer=f"/{name}", found="NUL", expected="text that can be stored"
                )
            )
    value = {name: text.replace("\x00", "\ufffd") for name, text in zip(header, row)}
    return Record(line, value, findings=tuple(findings))


def parquet_rows(path: str | Path) -> Iterator[Record]:
    """The rows of a Parquet file, in order. Pages that carry a checksum are checked. What cannot be decoded costs its
    row, a damaged page what is left of its row group; the groups after it are still read."""
    import pyarrow as pa

    from sxl_data.files.parquet_room import Room, TooLarge

    file = str(path)
    try:
        room = Room(path)
        str(room.source.schema_arrow.names)  # which may be no UTF-8
    except (pa.ArrowException, OSError, UnicodeDecodeError) as problem:
        if is_memory(problem):
            raise
        raise error("U204", file=file, found=str(problem).split("\n")[0], expected="a whole Parquet file") from None
    with closing(room):
        row = 0
        for group in range(room.source.num_row_groups):
            end = row + room.source.metadata.row_group(group).num_rows
            try:
                for batch in room.batches(group):
                    yield from _decoded(batch, row, file)
                    row += len(batch)
            except (pa.ArrowException, OSError) as problem:
                if is_memory(problem):
                    raise
                reason = str(problem).split("\n")[0]
                yield Record(
                    row + 1,
                    None,
                    findings=(
                        finding(
                            "S110",
                            file=file,
                            line=row + 1,
                            found=f"rows {row + 1} to {end} unreadable: {reason}",
                            expected="whole pages",
                        ),
                    ),
                )
                row = end
            except TooLarge as problem:
                yield Record(
                    row + 1,
                    None,
                    findings=(finding("S109", file=file, line=row + 1, found=str(problem), expected="smaller rows"),),
                )
                row = end


def _decoded(batch: Any, before: int, file: str) -> Iterator[Record]:
    """The rows of ``batch``. Arrow does not check that its strings are UTF-8 and has dates that Python has not."""
    try:
        values = batch.to_pylist()
    except (ValueError, OverflowError):
        for at in range(len(batch)):
            yield from _row(batch.slice(at, 1), before + at + 1, file)
        return
    for at, value in enumerate(values, 1):
        yield _clean(value, before + at, file)


def _row(batch: Any, row: int, file: str) -> Iterator[Record]:
    value: dict[str, Any] = {}
    for name, column in zip(batch.schema.names, batch.columns):
        try:
            value[name] = column[0].as_py()
        except (ValueError, OverflowError) as problem:
            code, expected = ("S102", "UTF-8") if isinstance(problem, UnicodeDecodeError) else ("S111", "a value")
            yield Record(
                row,
                None,
                findings=(
                    finding(code, file=file, line=row, pointer=f"/{name}", found=str(problem), expected=expected),
                ),
            )
            return
    yield _clean(value, row, file)


def _clean(value: dict[str, Any], row: int, file: str) -> Record:
    bad: list[str] = []
    pruned = prune(value, "", bad)
    findings = tuple(
        finding("S105", file=file, line=row, pointer=pointer, found="NUL", expected="text that can be stored")
        for pointer in bad
    )
    return Record(row, pruned, findings=findings)


def prune(value: Any, pointer: str, bad: list[str]) -> Any:
    """``value`` without the nulls of structs; NUL in text is replaced and its place put into ``bad``."""
    if isinstance(value, dict):
        return {k: prune(v, f"{pointer}/{k}", bad) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [prune(item, f"{pointer}/{i}", bad) for i, item in enumerate(value)]
    if isinstance(value, str) and "\x00" in value:
        bad.append(pointer)
        return value.replace("\x00", "\ufffd")
    if isinstance(value, bytes):
        found = decode(value)
        return found.value if found.value is not None else value.hex()
    return value
