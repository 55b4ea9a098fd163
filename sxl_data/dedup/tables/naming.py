"""What the rows of deduplicated files are called: by their own id, else ``file:row``, counted from 1.

In: the files of a run and row numbers counted through all of them. Out: names that say one row each, and the way
back. Two files called ``train.jsonl`` are told apart by as many of their folders as it takes; a file that is given
twice is numbered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
import pyarrow as pa

from sxl_data.contract.errors import error
from sxl_data.dedup.store import Meta


def name_files(paths: Sequence[str]) -> list[str]:
    """A name for each file, all different: the end of its path, no longer than needed."""
    parts = [Path(path).parts for path in paths]
    names = [part[-1] for part in parts]
    for depth in range(2, 1 + max(map(len, parts), default=0)):
        often = Counter(names)
        names = [
            name if often[name] == 1 else "/".join(part[-depth:]).replace("//", "/") for name, part in zip(names, parts)
        ]
    seen: Counter[str] = Counter()
    for place, name in enumerate(names):
        seen[name] += 1
        names[place] += f"#{seen[name]}" if seen[name] > 1 else ""
    return names


def name_rows(meta: Meta, ids: pa.ChunkedArray | None, rows: np.ndarray) -> pa.Array:
    """What the ledger calls these rows, as text."""
    if ids is not None:
        return _whole(ids.take(pa.array(rows))).cast(pa.string())
    import pyarrow.compute as pc

    numbers = rows - _firsts(meta)[_files_of(meta, rows)] + 1
    return pc.binary_join_element_wise(files_of(meta, rows), pa.array(numbers).cast(pa.string()), ":")


def files_of(meta: Meta, rows: np.ndarray) -> pa.Array:
    """The name of the file that each row is in."""
    names = pa.array(name_files([file.path for file in meta.files]), pa.string())
    return names.take(pa.array(_files_of(meta, rows)))


def _files_of(meta: Meta, rows: np.ndarray) -> np.ndarray:
    return np.searchsorted(_firsts(meta), rows, side="right") - 1


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def find_row(meta: Meta, ids: pa.ChunkedArray | None, name: str, out: str | Path) -> int:
    """The row that the ledger calls ``name``. Raises U201 for a name that it does not have."""
    at = -1
    if ids is not None:
        import pyarrow.compute as pc

        at = int(pc.index(ids, pa.scalar(name, ids.type)).as_py())
    else:
        file, _, number = name.rpartition(":")
        names = name_files([file.path for file in meta.files])
        if file in names and number.isdecimal() and 0 < int(number) <= meta.files[names.index(file)].rows:
            at = int(_firsts(meta)[names.index(file)]) + int(number) - 1
    if at < 0:
        raise error(
            "U201",
            file=str(out),
            found=f"no row {name}",
            expected="an id as the ledger has it",
            fix="take one from ledger/ledger.parquet",
        )
    return at


def _firsts(meta: Meta) -> np.ndarray:
    """The number of the first row of each file."""
    return np.array(list(accumulate((file.rows for file in meta.files), initial=0))[:-1], dtype=np.int64)
