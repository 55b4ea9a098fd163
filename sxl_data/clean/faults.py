"""Which rows a validator would refuse.

In: a batch. Out: for each row the codes of its errors, or null. The checks are those of `validate`: what a
build keeps is what its own validator passes.
"""

from __future__ import annotations

import pyarrow as pa

from sxl_data.contract.codes import CODES
from sxl_data.trace.check.families import FAMILIES
from sxl_data.trace.check.families import faults as check
from sxl_data.trace.profiles import get
from sxl_data.trace.table import to_traces


def failing(batch: pa.Table, profile: str) -> pa.Array:
    """Shape ``(rows,)`` of text: the codes of the errors at ``profile``, null for rows without any."""
    families = "".join(letter for letter in get(profile).families if letter in FAMILIES)
    found: list[str | None] = []
    for trace in to_traces(batch):
        codes = sorted({fault.code for fault in check(trace, families) if CODES[fault.code].level == "error"})
        found.append(", ".join(codes) or None)
    return pa.array(found, pa.string())
