"""Names the rows whose text holds a control token of a chat template, such as the one that ends a turn.

In: a batch. Out: one ledger line for each such row, with the token and how many texts hold one. The rows stay: a
conversation about templates is a good one, and a trainer that encodes content as content reads no border there.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import ledger
from sxl_data.contract.columns import OUTPUTS, SPOKEN, explode
from sxl_data.rules.content import SPECIAL_TOKEN

RENDERED = (*SPOKEN, *OUTPUTS, ("tools", "description"), ("tools", "parameters_json"))
"""The texts that reach a chat template."""


def flag(batch: pa.Table) -> pa.Table:
    """The ledger lines of the rows of ``batch`` that hold such a token."""
    segments = explode(batch, RENDERED)
    held = segments.filter(pc.match_substring_regex(segments["text"], SPECIAL_TOKEN.pattern))
    if not len(held):
        return ledger.table()
    first = pc.extract_regex(held["text"], f"(?P<token>{SPECIAL_TOKEN.pattern})").combine_chunks()
    rows, at, counts = np.unique(held["row"].to_numpy(), return_index=True, return_counts=True)
    tokens = first.field("token").take(pa.array(at)).to_pylist()
    named = batch.select(["trace_id", "source"]).take(pa.array(rows)).to_pylist()
    return ledger.table(
        ledger.entry("C721", row["trace_id"], row["source"], "flagged", detail=f"{token!r}, {count} texts hold one")
        for row, token, count in zip(named, tokens, counts.tolist())
    )
