"""The ledger of the command: one line per dropped row, with its kept twin and why."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sxl_data.contract.codes import CODES
from sxl_data.contract.ledger import LEDGER_SCHEMA
from sxl_data.dedup.result import DedupResult
from sxl_data.dedup.store import Meta, Store
from sxl_data.dedup.tables.naming import files_of, name_files, name_rows


def ledger_lines(result: DedupResult, meta: Meta, ids: pa.ChunkedArray | None, stores: list[Store]) -> pa.Table:
    """One line of `LEDGER_SCHEMA` per dropped row."""
    gone = np.flatnonzero(~result.kept)
    twins = np.empty(len(gone), dtype=object)
    here = result.store[gone] < 0
    twins[here] = name_rows(meta, ids, result.twin[gone[here]])
    for number, store in enumerate(stores):
        from_it = result.store[gone] == number
        theirs = store.rows["id"] if store.meta.id_column else None
        named = name_rows(store.meta, theirs, result.twin[gone[from_it]])
        twins[from_it] = [f"{store.folder.parent.name}/{name}" for name in named]
    names = np.array(name_files([file.path for file in meta.files]), dtype=object)
    codes = np.where(result.exact[gone], "D310", "D311")
    details = [
        "the same text"
        if same
        else "estimated from signatures"
        if not union
        else f"{shared} of {union} shingles shared"
        for same, shared, union in zip(
            result.exact[gone].tolist(), result.shared[gone].tolist(), result.union[gone].tolist()
        )
    ]
    return pa.table(
        {
            "trace_id": pa.array(name_rows(meta, ids, gone), pa.string()),
            "source": pa.array(names[files_of(meta, gone)], pa.string()),
            "stage": ["dedup"] * len(gone),
            "action": ["dropped"] * len(gone),
            "code": codes,
            "rule": [CODES[code].rule for code in codes.tolist()],
            "detail": pa.array(details, pa.string()),
            "twin_id": pa.array(twins, pa.string()),
            "score": result.score[gone],
        },
        schema=LEDGER_SCHEMA,
    )
