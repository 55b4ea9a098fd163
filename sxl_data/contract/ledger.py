"""The ledger: one line for every row that was dropped, edited, flagged or quarantined, and why.

The funnel, the card, the report and `why` read it; nobody else counts. A stage returns ledger rows
beside the rows it keeps, and the pipeline checks that both add up to what came in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
import pyarrow as pa

Action = Literal["dropped", "edited", "quarantined", "flagged"]
"""``flagged`` rows went on as they were, with something that their reader should know."""
Choice = Literal["drop", "flag", "keep"]
"""What a recipe says becomes of rows of a kind: out, with a line; in, with a line; in, without a word."""

LEDGER_SCHEMA = pa.schema(
    [
        pa.field("trace_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("code", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("detail", pa.string()),
        pa.field("twin_id", pa.string()),
        pa.field("score", pa.float64()),
    ]
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger line. ``twin_id`` names the kept row that made this one superfluous."""

    trace_id: str
    source: str
    stage: str
    action: Action
    code: str
    rule: str
    detail: str | None = None
    twin_id: str | None = None
    score: float | None = None


def entry(
    code: str,
    trace_id: str,
    source: str,
    action: Action,
    *,
    detail: str | None = None,
    twin_id: str | None = None,
    score: float | None = None,
) -> Entry:
    """A line for ``code``; its rule and stage come from the code's entry."""
    from sxl_data.contract.codes import CODES

    known = CODES[code]
    return Entry(
        trace_id=trace_id,
        source=source,
        stage=known.stage,
        action=action,
        code=code,
        rule=known.rule,
        detail=detail,
        twin_id=twin_id,
        score=score,
    )


def table(entries: Iterable[Entry] = ()) -> pa.Table:
    """``entries`` as an Arrow table of `LEDGER_SCHEMA`."""
    return pa.Table.from_pylist([msgspec.structs.asdict(item) for item in entries], schema=LEDGER_SCHEMA)
