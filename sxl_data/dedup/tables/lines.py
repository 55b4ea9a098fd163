"""The ledger of the command: one line per dropped row, with its kept twin and why."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from sxl_data.contract.codes import CODES
from sxl_data.contract.ledger import LEDGER_SCHEMA
from sxl_data.dedup.result import DedupResult
from sxl_data.dedup.store import Meta, Store
from sxl_data.dedup.tables.naming import files_of, name_rows

AT_ONCE = 1 << 17
"""Lines that are in memory at a time."""


def ledger_lines(
    result: DedupResult, meta: Meta, ids: pa.ChunkedArray | None, stores: list[Store]
) -> Iterator[pa.Table]:
    """One line of `LEDGER_SCHEMA` per dropped row, `AT_ONCE` at a time; one table at least."""
    gone = np.flatnonzero(~result.kept)
    for first in range(0, max(len(gone), 1), AT_ONCE):
        yield _lines(result, meta, ids, stores, gone[first : first + AT_ONCE])


def _lines(
    result: DedupResult, meta: Meta, ids: pa.ChunkedArray | None, stores: list[Store], gone: np.ndarray
) -> pa.Table:
    kinds = pa.array(result.exact[gone].astype(np.uint8))
    codes = ("D311", "D310")
    return pa.table(
        {
            "trace_id": name_rows(meta, ids, gone),
            "source": files_of(meta, gone),
            "stage": pa.repeat("dedup", len(gone)),
            "action": pa.repeat("dropped", len(gone)),
            "code": pa.array(codes).take(kinds),
            "rule": pa.array([CODES[code].rule for code in codes]).take(kinds),
            "detail": _details(result, gone),
            "twin_id": _twins(result, meta, ids, stores, gone),
            "score": result.score[gone],
        },
        schema=LEDGER_SCHEMA,
    )


def _details(result: DedupResult, gone: np.ndarray) -> pa.Array:
    import pyarrow.compute as pc

    shared, union = (pa.array(column[gone]) for column in (result.shared, result.union))
    counted = pc.binary_join_element_wise(shared.cast(pa.string()), union.cast(pa.string()), " of ")
    counted = pc.binary_join_element_wise(counted, "shingles shared", " ")
    estimated = pa.array(result.union[gone] == 0)
    return pc.case_when(
        pc.make_struct(pa.array(result.exact[gone]), estimated), "the same text", "estimated from signatures", counted
    )


def _twins(
    result: DedupResult, meta: Meta, ids: pa.ChunkedArray | None, stores: list[Store], gone: np.ndarray
) -> pa.Array:
    """What the kept twin of each row is called, with the folder of the store that it is in."""
    import pyarrow.compute as pc

    from_here = np.flatnonzero(result.store[gone] < 0)
    places, names = [from_here], [name_rows(meta, ids, result.twin[gone[from_here]])]
    for number, store in enumerate(stores):
        places.append(np.flatnonzero(result.store[gone] == number))
        theirs = store.rows["id"] if store.meta.id_column else None
        named = name_rows(store.meta, theirs, result.twin[gone[places[-1]]])
        names.append(pc.binary_join_element_wise(store.folder.parent.name, named, "/"))
    return pa.concat_arrays(names).take(pa.array(np.argsort(np.concatenate(places))))
