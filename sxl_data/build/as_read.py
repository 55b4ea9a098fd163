"""A row that was left out, as it was read: what the build still has of it while its folder `.work` stands.

In: the folder of a build and an id. Out: the trace, or None where `.work` was removed or never held it. Nothing vouches
for these files: they are for the eye, and what cannot be read is not there.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sxl_data.contract.columns import TRACE_SCHEMA
from sxl_data.trace.table import to_traces
from sxl_data.trace.types import Trace


def as_read(folder: str | Path, trace_id: str) -> Trace | None:
    """The row ``trace_id`` as the stage read took it, without secrets and persons."""
    for path in sorted((Path(folder) / ".work" / "read").glob("*.kept-*.parquet")):
        try:
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    ids = file.read_row_group(group, columns=["trace_id"])["trace_id"]
                    if (at := pc.index(ids, trace_id).as_py()) >= 0:
                        table = file.read_row_group(group, columns=TRACE_SCHEMA.names)
                        return next(to_traces(table.slice(at, 1)))
        except (OSError, pa.ArrowException, msgspec.MsgspecError, KeyError):
            continue
    return None
