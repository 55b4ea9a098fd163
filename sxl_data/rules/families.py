"""All checks and repairs of one trace, subtraces included.

In: a trace and the families wanted. Out: faults, with pointers from the top of the trace; or the trace mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from sxl_data.rules import Change, Fault, arguments, content, licences, metrics, order, pairing, shape, worth
from sxl_data.trace.types import Trace

Check = Callable[[Trace], Iterator[Fault]]

FAMILIES: dict[str, Check] = {
    "S": shape.check,
    "P": pairing.check,
    "O": order.check,
    "A": arguments.check,
    "C": content.check,
    "M": metrics.check,
    "L": licences.check,
    "Q": worth.check,
}


def faults(trace: Trace, families: str = "SPOACMLQ", looks: str | None = None) -> list[Fault]:
    """What is wrong with ``trace``, by the checks of ``families`` (their letters); ``looks`` are those that
    `rules.content` takes, where they are known."""
    found: list[Fault] = []
    for letter in families:
        found.extend(content.check(trace, looks) if letter == "C" else FAMILIES[letter](trace))
    for n, inner in enumerate(trace.subtraces):
        at = f"/subtraces/{n}"
        found += [
            fault._replace(pointer=at + fault.pointer, related=tuple(at + place for place in fault.related))
            for fault in faults(inner, families.replace("L", "").replace("Q", ""), looks)
        ]
    return found


def repair(trace: Trace) -> tuple[Trace, list[Change]]:
    """``trace`` with what is marked fixable mended, and what was changed; the same object where nothing was."""
    changes: list[Change] = []
    steps = pairing.repair(trace, changes)
    tools = arguments.repair(trace.tools, changes)
    subtraces = []
    for n, inner in enumerate(trace.subtraces):
        mended, more = repair(inner)
        subtraces.append(mended)
        changes += [msgspec.structs.replace(c, pointer=f"/subtraces/{n}{c.pointer}") for c in more]
    if not changes:
        return trace, []
    return msgspec.structs.replace(trace, steps=steps, tools=tools, subtraces=tuple(subtraces)), changes
