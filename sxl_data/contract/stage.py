"""What a stage is: a function from a batch of traces to the rows it keeps and the ledger of the rest.

A *local* stage is ``run(batch, config, seed) -> Outcome``: it sees one batch at a time and nothing else,
so any worker may run it on any shard. A *global* stage sees narrow columns only (`columns.py`). Stages
touch no disk: the engine reads and commits for them.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from sxl_data.contract.errors import Bug


class Outcome(NamedTuple):
    """Rows that go on, and ledger rows for those that were dropped or edited."""

    kept: pa.Table
    ledger: pa.Table


def check_conservation(stage: str, before: pa.Table, outcome: Outcome) -> None:
    """Rows in = rows kept + rows dropped; kept ids are a subset, each once; no column is lost.

    Raises `Bug`: a breach is our fault, whatever the input was.
    """
    import pyarrow.compute as pc

    ids, kept = before["trace_id"], outcome.kept["trace_id"]
    is_dropped = pc.is_in(outcome.ledger["action"], value_set=pa.array(["dropped", "quarantined"]))
    dropped = outcome.ledger.filter(is_dropped)["trace_id"]
    if len(kept) + len(dropped) != len(ids):
        raise Bug(f"{stage}: {len(ids)} rows in, {len(kept)} kept + {len(dropped)} dropped")
    accounted = pa.chunked_array([*kept.chunks, *dropped.chunks], pa.string())
    known = pc.all(pc.is_in(accounted, value_set=ids)).as_py()
    if len(pc.unique(accounted)) != len(accounted) or known is False:  # None: there are no rows at all
        raise Bug(f"{stage}: an id is repeated or came from nowhere")
    lost = set(before.column_names) - set(outcome.kept.column_names)
    if lost:
        raise Bug(f"{stage}: columns lost: {', '.join(sorted(lost))}")
