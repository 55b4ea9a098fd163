"""D1: the same trace twice, or one id for two traces, across all files of one validation.

In: traces one after the other. Out: faults. Held in memory is one entry for each trace: its id, a 16-byte digest, file
and line, about 400 bytes. What counts is what the trace says (task, tools, steps), not its id or where it came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import xxhash

from sxl_data.rules import Fault
from sxl_data.trace.types import Trace

_PACKER = msgspec.msgpack.Encoder()  # text goes in as it is, where JSON looks for what it must escape


class Entry(NamedTuple):
    """One trace that was seen."""

    identity: str
    digest: bytes
    file: str
    line: int

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.file} line {self.line}"


class Seen:
    """What was seen so far, by trace id and by digest; both lead to the same entries."""

    def __init__(self) -> None:
        self.ids: dict[str, Entry] = {}
        self.contents: dict[bytes, Entry] = {}

    def add(self, trace: Trace, file: str, line: int) -> list[Fault]:
        """Take ``trace`` in; the fault of its being there already, or nothing."""
        digest = xxhash.xxh3_128_digest(_PACKER.encode((trace.task, trace.tools, trace.steps)))
        return self.note(Entry(trace.trace_id, digest, file, line))

    def note(self, entry: Entry) -> list[Fault]:
        """As `add`, for a trace whose digest is known."""
        before = self.ids.setdefault(entry.identity, entry)
        twin = self.contents.setdefault(entry.digest, entry)
        if before is entry and twin is entry:
            return []
        if before is not entry and before.digest != entry.digest:
            return [Fault("D102", "", f"the id of another trace at {before.place}", "an id of its own")]
        return [Fault("D101", "", f"what {twin.identity!r} says at {twin.place}", "each trace once")]

    def merge(self, later: list[Entry]) -> Iterator[tuple[Entry, Fault]]:
        """Take in the entries of a later part; those that are in both with their fault."""
        for entry in later:
            for fault in self.note(entry):
                yield entry, fault
