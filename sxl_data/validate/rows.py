"""Rows in memory as a submission: dicts of any known format, traces, or a table of another library.

In: rows. Out: what `Submission` gives for a file; a row's number stands for its
line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sxl_data.files.decode import decode
from sxl_data.files.numbers import encode_json
from sxl_data.files.record import Raw, Record
from sxl_data.trace.format import Format
from sxl_data.trace.types import ENCODER, Trace
from sxl_data.validate.submission import NATIVE, Submission


class RowSubmission(Submission):
    """Rows that are already in memory."""

    def __init__(self, rows: Sequence[Any], format: str = "auto", known: dict[str, Format] | None = None) -> None:
        traces = bool(rows) and all(isinstance(row, Trace) for row in rows)
        super().__init__("rows", NATIVE if traces and format == "auto" else format, known)
        self.rows = rows

    def _items(self) -> Iterator[Raw | Record]:
        for number, row in enumerate(self.rows, 1):
            if isinstance(row, Trace):
                yield Raw(number, ENCODER.encode(row))
                continue
            try:
                data = encode_json(row)
            except (TypeError, ValueError, OverflowError, RecursionError, UnicodeEncodeError):
                # numpy values, NaN, half surrogates: what JSON cannot say is told by the decoder.
                data = _loosely(row)
            found = decode(data)
            yield Record(number, found.value, data, found.findings, found.salvaged)


def rows_of(source: Any) -> list[Any]:
    """The rows of a table or an iterable. Libraries are known by their methods, so that none is imported."""
    if hasattr(source, "to_dicts"):  # polars
        return list(source.to_dicts())
    if hasattr(source, "to_pylist"):  # pyarrow
        return list(source.to_pylist())
    if hasattr(source, "to_dict") and hasattr(source, "columns"):  # pandas
        return list(source.to_dict("records"))
    return list(source)


def _loosely(row: Any) -> bytes:
    import json

    return json.dumps(row, default=_plain).encode("utf-8")


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
