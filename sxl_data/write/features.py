"""Arrow schema → the feature description by which `datasets` and the Hub read a file.

Written by hand because importing `datasets` costs a second in every worker and its own inference would
guess. A test compares the result with what `datasets` makes of the same schema.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

_NAMES = {pa.string(): "string", pa.int64(): "int64", pa.float64(): "float64", pa.bool_(): "bool"}


def features(schema: pa.Schema) -> dict[str, Any]:
    """The `datasets.Features` of ``schema`` as plain values."""
    return {field.name: _feature(field.type) for field in schema}


def with_features(schema: pa.Schema) -> pa.Schema:
    """``schema`` with the metadata from which `datasets` takes its features."""
    info = {"info": {"features": features(schema)}}
    return schema.with_metadata({"huggingface": json.dumps(info)})


def _feature(kind: pa.DataType) -> Any:
    if isinstance(kind, pa.BaseExtensionType):
        return {"_type": "Json"}
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "List"}
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    return {"dtype": _NAMES[kind], "_type": "Value"}
