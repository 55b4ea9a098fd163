"""A published Parquet shard: zstd, page index, small row groups, checksums in every page.

The page index lets the Hub's viewer and query engines read single pages; row groups beyond 286 MB of
Arrow break the viewer, so they are kept at a fraction of that.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.write.features import with_features

ROW_GROUP_BYTES = 32_000_000


def encode_parquet(table: pa.Table) -> pa.Buffer:
    """``table`` as the bytes of a Parquet file; equal tables give equal bytes."""
    rows = len(table) or 1
    per_group = max(1, min(rows, int(ROW_GROUP_BYTES / max(1.0, table.nbytes / rows))))
    sink = pa.BufferOutputStream()
    schema = with_features(table.schema)
    pq.write_table(
        table.replace_schema_metadata(schema.metadata),
        sink,
        row_group_size=per_group,
        compression="zstd",
        compression_level=3,
        write_page_index=True,
        write_page_checksum=True,
        store_schema=True,
    )
    return sink.getvalue()
