"""Small traces for tests."""

from __future__ import annotations

import pyarrow as pa

from sxl_data.trace.table import to_table
from sxl_data.trace.types import Act, Observe, Part, Provenance, Trace


def pair(number: int, task: str, answer: str, kind: str = "instruction", licence: str = "MIT") -> Trace:
    """An instruction and its answer."""
    return Trace(
        schema_version="1.0",
        trace_id=f"toy:{number:04d}",
        kind=kind,
        task=task,  # type: ignore[arg-type]
        steps=(
            Observe(index=0, origin="user", content=(Part(text=task),)),
            Act(index=1, turn=1, kind="message", final=True, content=(Part(text=answer),) if answer else ()),
        ),
        provenance=Provenance(source="toy", licence=licence),
    )


def pairs(*rows: tuple[str, str], languages: list[str | None] | None = None) -> pa.Table:
    """A table of (task, answer) rows."""
    return to_table([pair(i, *row) for i, row in enumerate(rows)], languages=languages)
