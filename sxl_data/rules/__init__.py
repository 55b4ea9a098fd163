"""The rules of a trace: one module per family, with its codes, its check and its repairs.

A check knows nothing of files, formats or output. It yields `Fault`s with pointers into the trace; the
validator turns them into findings at the submitter's own place. A repair changes no meaning.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Fault(NamedTuple):
    """Something wrong at ``pointer`` (RFC 6901, into the trace)."""

    code: str
    pointer: str
    found: str | None = None
    expected: str | None = None
    related: tuple[str, ...] = ()
    """Pointers of what it has to do with."""


class Change(msgspec.Struct, frozen=True):
    """One repair: the code that it mends, where (pointer into the trace), and what was done."""

    code: str
    pointer: str
    said: str
    value_json: str | None = None
    """What stands there afterwards, as JSON; the ids of the results where their order is mended."""
    also: tuple[tuple[str, str], ...] = ()
    """Pointers of other values that change with it, such as the id in a result, and what they become."""
