"""The folder that `datasets.load_from_disk` opens: one Arrow stream for each shard, memory-mapped.

The fingerprint in its state is derived from the shards' digests, so that the same rows give the same
folder; `datasets` itself would put a random one.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow as pa

from sxl_data.write.features import features, with_features


def encode_arrow(table: pa.Table) -> pa.Buffer:
    """``table`` as an Arrow IPC stream that `datasets` can memory-map."""
    schema = with_features(table.schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(table.replace_schema_metadata(schema.metadata), max_chunksize=1000)
    return sink.getvalue()


def folder_files(splits: dict[str, list[tuple[str, str]]], schema: pa.Schema) -> dict[str, bytes]:
    """The JSON files of the folder by relative path.

    ``splits`` maps each split to its shards as (file name, sha256).
    """
    files = {"dataset_dict.json": _json({"splits": list(splits)})}
    for split, shards in splits.items():
        fingerprint = hashlib.sha256("".join(digest for _, digest in shards).encode()).hexdigest()[:16]
        state: dict[str, Any] = {
            "_data_files": [{"filename": name} for name, _ in shards],
            "_fingerprint": fingerprint,
            "_format_columns": None,
            "_format_kwargs": {},
            "_format_type": None,
            "_output_all_columns": False,
            "_split": split,
        }
        files[f"{split}/state.json"] = _json(state)
        info = {"citation": "", "description": "", "features": features(schema), "homepage": "", "license": ""}
        files[f"{split}/dataset_info.json"] = _json(info)
    return files


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8")
