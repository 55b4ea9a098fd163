"""D1: the same trace twice, or one id for two traces, across all files of one validation.

In: traces one after the other. Out: faults. Held in memory is a 16-byte digest, the id and the place of each
trace. What counts is what the trace says (task, tools, steps), not its id or where it came from.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import xxhash

from sxl_data.trace.check import Fault
from sxl_data.trace.types import ENCODER, Trace


class Seen(msgspec.Struct):
    """What was seen so far. Places are ``file line N``."""

    ids: dict[str, tuple[bytes, str]] = msgspec.field(default_factory=dict)
    """Trace id → digest and place."""
    contents: dict[bytes, tuple[str, str]] = msgspec.field(default_factory=dict)
    """Digest → trace id and place."""

    def add(self, trace: Trace, place: str) -> list[Fault]:
        """Take ``trace`` in; the fault of its being there already, or nothing."""
        digest = xxhash.xxh3_128_digest(ENCODER.encode((trace.task, trace.tools, trace.steps)))
        return self.note(trace.trace_id, digest, place)

    def note(self, identity: str, digest: bytes, place: str) -> list[Fault]:
        """As `add`, for a trace whose digest is known."""
        before = self.ids.get(identity)
        twin = self.contents.get(digest)
        if before is None:
            self.ids[identity] = (digest, place)
        if twin is None:
            self.contents[digest] = (identity, place)
        if before is not None and before[0] != digest:
            return [Fault("D102", "", f"the id of another trace at {before[1]}", "an id of its own")]
        if twin is not None:
            return [Fault("D101", "", f"what {twin[0]!r} says at {twin[1]}", "each trace once")]
        return []

    def merge(self, later: Seen) -> Iterator[tuple[str, str, Fault]]:
        """Take in what was seen in a later part; (id, place, fault) of each that is in both."""
        for identity, (digest, place) in later.ids.items():
            for fault in self.note(identity, digest, place):
                yield identity, place, fault
