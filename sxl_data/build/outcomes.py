"""What a stage made of a shard → what a task commits: rows, a ledger in their order, and counts.

In: a batch and the outcome of a stage that looks at one shard at a time. Out: an `Output`. Where a batch killed its
workers it is gone through row by row, to find and set aside the row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import ledger
from sxl_data.contract.codes import CODES
from sxl_data.contract.stage import Outcome, check_conservation
from sxl_data.engine.task import Output
from sxl_data.engine.watch import WATCH


def locally(stage: str, batch: pa.Table, run: Callable[[pa.Table], Outcome]) -> Output:
    """Run a local stage on a batch; row by row where it killed its workers, to find and set aside the row."""
    watch = WATCH.get()
    if not watch.careful:
        return committed(stage, batch, run(batch))
    code = CODES["U212"]
    kept, lines = [batch.slice(0, 0)], [ledger.table()]
    for number in range(len(batch)):
        row = batch.slice(number, 1).combine_chunks()
        if number in watch.skipped:
            entry = ledger.Entry(
                trace_id=row["trace_id"][0].as_py(),
                source=row["source"][0].as_py(),
                stage=stage,
                action="quarantined",
                code=code.code,
                rule=code.rule,
                detail=watch.skipped[number],
            )
            lines.append(ledger.table([entry]))
            continue
        watch.at(number)
        outcome = run(row)
        kept.append(outcome.kept)
        lines.append(outcome.ledger)
    return committed(stage, batch, Outcome(pa.concat_tables(kept).combine_chunks(), pa.concat_tables(lines)))


def committed(stage: str, before: pa.Table, outcome: Outcome) -> Output:
    """The output of a local stage; the ledger follows the order of the rows, whatever the batch was."""
    check_conservation(stage, before, outcome)
    at = pc.index_in(outcome.ledger["trace_id"], value_set=before["trace_id"].combine_chunks())
    order = np.argsort(at.to_numpy(), kind="stable")
    lines = outcome.ledger.take(pa.array(order))
    return Output(
        tables={"kept": outcome.kept, "ledger": lines},
        counters={"rows_in": len(before), "rows": len(outcome.kept)} | count_lines(lines),
    )


def count_lines(lines: pa.Table) -> dict[str, int]:
    """Ledger lines by code: rows that left as ``dropped:CODE``, others as ``edited:CODE`` or ``flagged:CODE``."""
    kinds = lines.select(["action", "code"]).group_by(["action", "code"]).aggregate([([], "count_all")]).to_pydict()
    counts: Counter[str] = Counter()
    for action, code, count in zip(kinds["action"], kinds["code"], kinds["count_all"]):
        counts[f"{action if action in ('edited', 'flagged') else 'dropped'}:{code}"] += count
    return dict(sorted(counts.items()))
