"""What `--fix` would write, said beside each finding that it mends.

In: a trace, its faults and their findings. Out: the findings with the mended value, and where wanted with the edits of
the submitted file that write it. An edit is only told where the values stand in the file as text of their own: a key
that is missing has no place, and a file that is compressed or no JSON cannot be edited by line and column.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from sxl_data.contract.errors import Edit, Finding
from sxl_data.files.decode import tokens
from sxl_data.rules import Change, Fault
from sxl_data.rules.families import repair
from sxl_data.trace.types import Trace
from sxl_data.validate.locate import Placer

_TEXTS = (".json", ".jsonl", ".ndjson")
_SCHEMAS = ("parameters", "input_schema", "inputSchema", "parameters_json")
_LARGEST = 1 << 20  # bytes of a record whose tokens are looked up


def mended(
    trace: Trace, faults: list[Fault], findings: list[Finding], placer: Placer, edits: bool = False
) -> list[Finding]:
    """``findings`` of ``faults``, those that can be mended with their values."""
    _, changes = repair(trace)
    known = {(change.code, change.pointer): change for change in changes}
    spans = _Spans(placer) if edits else None
    return [_with(finding, _of(fault, known, trace), placer, spans) for fault, finding in zip(faults, findings)]


def _of(fault: Fault, known: dict[tuple[str, str], Change], trace: Trace) -> Change | None:
    """The repair of ``fault``: at its place, or at one that holds it."""
    place = fault.pointer
    while place:
        if (found := known.get((fault.code, place))) is not None:
            return found
        place = place.rpartition("/")[0]
    if fault.code == "A304" and fault.pointer.startswith("/tools/"):  # its reader has mended it already
        at = int(fault.pointer.split("/")[2])
        pointer = f"/tools/{at}/parameters_json"
        return Change("A304", pointer, "", trace.tools[at].parameters_json)
    return None


def _with(finding: Finding, change: Change | None, placer: Placer, spans: _Spans | None) -> Finding:
    if change is None or change.value_json is None:
        return finding
    edits: list[Edit] = []
    if spans is not None and change.code != "P109":  # an order is no text
        for place, value in ((change.pointer, change.value_json), *change.also):
            edit = spans.edit(placer.pointer(place), value, change.code)
            if edit is None:
                edits = []
                break
            edits.append(edit)
    return msgspec.structs.replace(finding, mended_json=change.value_json, edits=tuple(edits))


class _Spans:
    """Where the values of one record stand in its file."""

    def __init__(self, placer: Placer) -> None:
        self.item = placer.item
        self._found: dict[str, tuple[int, int]] | None = None
        self._text = ""

    def edit(self, pointer: str, value: str, code: str) -> Edit | None:
        """The edit that writes the JSON ``value`` at ``pointer`` of the file; None where that is not possible."""
        item = self.item
        below = pointer.removeprefix(item.at)
        if self._found is None:
            self._found = self._look_up()
        span = self._found.get(below)
        if span is None:
            return None
        start, end = span
        held = json.loads(self._text[start:end])
        if code == "A304":
            if isinstance(held, str):  # a schema as text stays one
                value = json.dumps(value, ensure_ascii=False)
            elif not isinstance(held, dict):
                return None
        elif not isinstance(held, str):
            return None
        first, last = self._place(start), self._place(end)
        if item.at and first[0] == 0:
            return None  # what stands before the record in its first line is not known
        line = item.document.lines[0]
        return Edit(line=line + first[0], column=first[1], end_line=line + last[0], end_column=last[1], text=value)

    def _look_up(self) -> dict[str, tuple[int, int]]:
        item = self.item
        if not item.document.lines or Path(item.document.file).suffix not in _TEXTS or len(item.raw) > _LARGEST:
            return {}
        try:
            self._text = item.raw.decode("utf-8")
        except UnicodeDecodeError:
            return {}
        found: dict[str, tuple[int, int]] = {}
        decoder = json.JSONDecoder()
        for kind, match, pointer in tokens(self._text):
            if kind == "string":
                found[pointer] = match.span(kind)
            elif kind == "open" and pointer.rpartition("/")[2] in _SCHEMAS:
                try:
                    found[pointer] = (match.end() - 1, decoder.raw_decode(self._text, match.end() - 1)[1])
                except ValueError:
                    return {}
        return found

    def _place(self, at: int) -> tuple[int, int]:
        """(lines below the record's first, column from 1 in UTF-16 units) of the character ``at``."""
        begin = self._text.rfind("\n", 0, at) + 1
        return self._text.count("\n", 0, at), len(self._text[begin:at].encode("utf-16-le")) // 2 + 1
