"""One record of a file: its bytes, its value, its line, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.contract.errors import Finding


class Raw(msgspec.Struct):
    """The bytes of one JSON record, not yet decoded."""

    line: int
    data: bytes
    finding: Finding | None = None
    """Why there are no bytes."""
    at: str = ""
    """Pointer of the record in its file: ``/3`` for an element of an array, else empty."""


class Record(msgspec.Struct):
    """One record. ``line`` counts from 1; for Parquet it is the row. ``value`` is None where the record
    is refused, and ``salvaged`` is then what a validator can still look at."""

    line: int
    value: Any
    raw: bytes = b""
    findings: tuple[Finding, ...] = ()
    salvaged: Any = None
    at: str = ""
    """Pointer of the record in its file, as in `Raw`; findings have it in their pointers already."""

    @property
    def finding(self) -> Finding | None:
        """The gravest finding, or None."""
        order = {"error": 0, "warning": 1, "note": 2}
        return min(self.findings, key=lambda item: order[item.level], default=None)
