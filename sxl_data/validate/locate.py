"""Faults in a trace → findings at the submitter's own place.

In: a fault with a pointer into the trace, and what was submitted. Out: a finding whose pointer and line
are those of the submitted file. A reader tells where steps, calls, results and tools lie; which key of a
call holds its id, name or arguments differs by format and is looked up in the document itself.
"""

from __future__ import annotations

from typing import Any

from sxl_data.contract.codes import CODES
from sxl_data.contract.errors import Finding
from sxl_data.files.decode import tokens
from sxl_data.rules import Fault
from sxl_data.validate.submitted import Submitted

# Where formats keep what the trace has under one name, below the place of a call, result or tool.
_KEYS = {
    "call_id": ("tool_call_id", "call_id", "tool_use_id", "source_call_id", "id"),
    "name": ("name", "function/name", "function_name", "custom/name"),
    "arguments_json": ("arguments", "function/arguments", "input", "function/parameters", "args"),
    "parameters_json": ("parameters", "function/parameters", "input_schema", "inputSchema"),
    "content": ("content", "text", "message", "output", "value", "observation"),
    "text": ("reasoning_content", "reasoning", "thinking", "thought", "text"),
    "timestamp": ("timestamp",),
}


class Placer:
    """Places the faults of one submitted trace; lines of a document over several lines are found once."""

    def __init__(self, item: Submitted) -> None:
        self.item = item
        self._lines: dict[str, int] | None = None

    def finding(self, fault: Fault) -> Finding:
        """``fault`` as a finding of the submitted file."""
        entry = CODES[fault.code]
        item = self.item
        pointer = self.pointer(fault.pointer)
        return Finding(
            code=fault.code,
            rule=entry.rule,
            level=entry.level,
            file=item.document.file,
            line=self.line(fault.pointer, pointer),
            trace_id=None if item.reading is None else item.reading.trace.trace_id,
            pointer=pointer,
            found=fault.found,
            expected=fault.expected,
            why=entry.why,
            fix=entry.fix,
            related=tuple(self._related(place) for place in fault.related),
        )

    def pointer(self, inside: str) -> str:
        """The pointer into the submitted file of ``inside``, a pointer into the trace."""
        item = self.item
        if item.native or item.reading is None:
            return item.at + inside
        place, known, rest = self._known(inside)
        return item.at + (self._below(place, rest) if known else "")

    def line(self, inside: str, pointer: str) -> int | None:
        """The line of the submitted file at which ``inside`` stands."""
        item = self.item
        reading = item.reading
        if reading is not None and reading.lines:
            known = inside
            while known:
                if known in reading.lines:
                    return reading.lines[known]
                known = known.rpartition("/")[0]
        start = item.document.lines[0] if item.document.lines else None
        if b"\n" in item.raw and start is not None:
            if self._lines is None:
                self._lines = lines_of(item.raw)
            below = pointer.removeprefix(item.at)
            while below and below not in self._lines:
                below = below.rpartition("/")[0]
            return start + self._lines.get(below, 0)
        return start

    def _known(self, inside: str) -> tuple[str, str, str]:
        """(place in the document, known prefix, rest) of the longest prefix that the reader has told."""
        assert self.item.reading is not None
        places = self.item.reading.places
        known = inside
        while known and known not in places:
            known = known.rpartition("/")[0]
        return (places[known], known, inside[len(known) :]) if known else ("", "", inside)

    def _below(self, place: str, rest: str) -> str:
        """``place``, and the key below it that holds what ``rest`` names, where the document has one."""
        value = self.item.document.value
        if isinstance(value, list) and self.item.reading is not None and self.item.reading.lines:
            return place  # a pointer within one of many lines
        holder = resolve(value, place)
        _, _, tail = rest.partition("/")
        name, _, deeper = tail.partition("/")
        if not name or not isinstance(holder, dict):
            return place
        for path in _KEYS.get(name, (name,)):
            found = resolve(holder, "/" + path)
            if found is not _NOTHING:
                inner = f"{place}/{path}"
                if deeper and isinstance(found, (dict, list)) and resolve(found, "/" + deeper) is not _NOTHING:
                    return f"{inner}/{deeper}"
                return inner
        return place

    def _related(self, inside: str) -> str:
        pointer = self.pointer(inside)
        line = self.line(inside, pointer)
        several = len(self.item.document.lines) > 1 or b"\n" in self.item.raw
        return f"line {line} {pointer or '/'}" if several and line is not None else pointer or "/"


_NOTHING = object()


def resolve(value: Any, pointer: str) -> Any:
    """What ``pointer`` names in ``value``; a marker where there is nothing."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return _NOTHING
    return value


def lines_of(raw: bytes) -> dict[str, int]:
    """Pointer → lines below the first, of every value of a JSON text."""
    text = raw.decode("utf-8", "replace")
    found: dict[str, int] = {}
    line = position = 0
    for kind, match, pointer in tokens(text):
        start = match.start(kind) if kind in ("string", "number", "word") else match.end() - 1
        line += text.count("\n", position, start)
        position = start
        found.setdefault(pointer, line)
    return found
