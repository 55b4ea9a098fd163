"""The checks of a trace: one module per family of codes, each a function from a trace to faults.

A check knows nothing of files, formats or output. It yields `Fault`s with pointers into the trace; the
validator turns them into findings at the submitter's own place.
"""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """Something wrong at ``pointer`` (RFC 6901, into the trace)."""

    code: str
    pointer: str
    found: str | None = None
    expected: str | None = None
    related: tuple[str, ...] = ()
    """Pointers of what it has to do with."""
