"""How much a row group of a Parquet file may unpack to, and how much of it is decoded at once.

In: a file. Out: batches whose decoded size is bounded, whatever the file says. A dictionary page holds a value
once and a few bits name it in every row: 1,500 bytes can stand for terabytes, and the footer tells neither. So the
dictionaries are looked at first, by reading one row in dictionary form; where the worst that they allow fits, rows
are decoded as usual, and elsewhere one by one, each measured before it is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from sxl_data.files.streams import MAX_RECORD

AT_ONCE = 64 << 20
"""Bytes of decoded rows that are held at once."""
RATIO = 4_096
"""Bytes that one byte of a file may stand for, beyond `MAX_RECORD` for any file: gzip reaches a quarter of it."""
_BATCH_ROWS, _MEASURED_ROWS = 256, 8_192
_CELL = 64  # bytes that a cell costs as a Python value, whatever it holds
_WIDE = 8  # bytes of a number


class TooLarge(Exception):
    """A row, or all rows together, unpack to more than is read; the text says to what."""


class Room:
    """A Parquet file, or some of its columns, and the bytes that it may still unpack to."""

    def __init__(self, path: str | Path, names: Sequence[str] | None = None) -> None:
        self.path = path
        self.names = None if names is None else list(names)
        self.source: Any = None
        self.source = self._open([])
        schema = self.source.schema
        columns = [schema.column(i) for i in range(len(schema))]
        wanted = None if names is None else set(names)
        self.columns = [c for c in columns if wanted is None or c.path.split(".")[0] in wanted]
        self.texts = [column.path for column in self.columns if _is_text(column)]
        self.left = max(MAX_RECORD, RATIO * Path(path).stat().st_size)

    def close(self) -> None:
        """Let go of the file."""
        self.source.close()

    def _open(self, packed: list[str]) -> Any:
        import pyarrow.parquet as pq

        known = self.source and self.source.metadata
        return pq.ParquetFile(self.path, metadata=known, page_checksum_verification=True, read_dictionary=packed)

    def batches(self, group: int) -> Iterator[Any]:
        """The rows of a row group in record batches of at most about `AT_ONCE` bytes, decoded. Raises `TooLarge`."""
        worst = self._worst(group, _BATCH_ROWS)
        if sum(worst.values()) <= AT_ONCE:
            for batch in self.source.iter_batches(_BATCH_ROWS, row_groups=[group], columns=self.names):
                self._take(batch.nbytes, batch)
                yield batch
            return
        # Dictionaries come again with every batch, so only those that matter are asked for, and batches are large.
        heavy = [path for path, size in worst.items() if size > AT_ONCE // (2 * len(worst))]
        with closing(self._open([path for path in heavy if path in self.texts])) as packed:
            for batch in packed.iter_batches(_MEASURED_ROWS, row_groups=[group], columns=self.names):
                yield from self._measured(batch)

    def _measured(self, batch: Any) -> Iterator[Any]:
        """``batch``, or its halves where it is too much at once."""
        size = sum(_decoded_bytes(column) for column in batch.columns)
        if len(batch) > 1 and size > AT_ONCE:
            half = len(batch) // 2
            yield from self._measured(batch.slice(0, half))
            yield from self._measured(batch.slice(half))
            return
        if size > MAX_RECORD:
            raise TooLarge(f"a row of {size} bytes")
        self._take(size, batch)
        yield batch

    def _take(self, size: int, batch: Any) -> None:
        self.left -= max(size, _CELL * len(batch) * len(self.columns))
        if self.left < 0:
            raise TooLarge(f"more than {RATIO} bytes for each of the file")

    def check(self, threads: int = 1) -> None:
        """Raises `TooLarge` where the whole file unpacks to more than it may; measured only where that is possible."""
        with ThreadPoolExecutor(threads) as pool:
            worst = list(pool.map(self._worst, range(self.source.num_row_groups)))
        if sum(sum(columns.values()) for columns in worst) <= self.left:
            return
        with closing(self._open(self.texts)) as packed:
            for batch in packed.iter_batches(_MEASURED_ROWS, columns=self.names):
                self._take(sum(_decoded_bytes(column) for column in batch.columns), batch)

    def _worst(self, group: int, rows: int | None = None) -> dict[str, int]:
        """By column, what ``rows`` rows of the group, or all, cannot decode to more bytes than. Raises `TooLarge`
        where its numbers alone are too many."""
        metadata = self.source.metadata.row_group(group)
        texts = self._longest_texts(group)
        chunks = (metadata.column(i) for i in range(metadata.num_columns))
        counts = {chunk.path_in_schema: chunk.num_values for chunk in chunks}
        worst: dict[str, int] = {}
        for column in self.columns:
            values = counts[column.path]
            width = column.length if column.physical_type == "FIXED_LEN_BYTE_ARRAY" else _WIDE
            if values * width > self.left:
                raise TooLarge(f"{values} values in one column")
            cells = min(values, rows or values) if column.max_repetition_level == 0 else values
            worst[column.path] = cells * max(width, texts.get(column.path, 0))
        return worst

    def _longest_texts(self, group: int) -> dict[str, int]:
        """Bytes of the longest text in the dictionary of each column that has one."""
        with closing(self._open(self.texts)) as packed:
            first = next(packed.iter_batches(1, row_groups=[group], columns=self.names), None)
        if first is None:
            return {}
        leaves = [size for column in first.columns for size in _dictionaries(column)]
        return dict(zip((column.path for column in self.columns), leaves))


def _is_text(column: Any) -> bool:
    kind = column.logical_type.type
    return bool(column.physical_type == "BYTE_ARRAY" and kind in ("STRING", "JSON", "BSON", "ENUM", "NONE"))


def _dictionaries(array: Any) -> Iterator[int]:
    """For each leaf column below ``array``, in the file's order, the longest entry of its dictionary or 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        yield from _dictionaries(array.storage)
    elif pa.types.is_dictionary(kind):
        yield (pc.max(pc.binary_length(array.dictionary)).as_py() or 0) if _has_length(kind.value_type) else 0
    elif pa.types.is_struct(kind):
        for i in range(kind.num_fields):
            yield from _dictionaries(array.field(i))
    elif pa.types.is_map(kind):
        yield from _dictionaries(array.keys)
        yield from _dictionaries(array.items)
    elif _is_list(kind):
        yield from _dictionaries(array.values)
    else:
        yield 0


def _decoded_bytes(array: Any) -> int:
    """Bytes of the values of ``array`` once each text stands for itself."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _decoded_bytes(array.storage)
    if pa.types.is_dictionary(kind) and _has_length(kind.value_type):
        used = pc.value_counts(array.indices.drop_null())  # a row names few entries of a large dictionary
        sizes = pc.binary_length(array.dictionary.take(used.field("values"))) if len(used) else None
        return 0 if sizes is None else int(pc.sum(pc.multiply(pc.cast(sizes, "int64"), used.field("counts"))).as_py())
    if pa.types.is_struct(kind):
        return sum(_decoded_bytes(field) for field in array.flatten())
    if _is_list(kind) or pa.types.is_map(kind):
        return _decoded_bytes(array.flatten())
    return int(array.nbytes)


def _has_length(kind: Any) -> bool:
    import pyarrow as pa

    return any(
        is_kind(kind)
        for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    )


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return any(is_kind(kind) for is_kind in (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list))
