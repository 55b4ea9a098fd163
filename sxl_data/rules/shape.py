"""S: numbering, time and embedded JSON of a trace whose fields are of the right types.

In: a trace. Out: faults. Types and names of fields are checked in `rules.fields`, bytes in `decode`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sxl_data.contract.codes import table
from sxl_data.files.json_text import load_plain
from sxl_data.rules import Fault
from sxl_data.trace.types import Act, Iterate, Reflect, Trace

CODES = table("""
S206 error embedded-json
    title  A field named *_json does not hold JSON text
    why    whoever uses the field will fail on it later
    fix    write the value as JSON into the string
S301 error index-out-of-order
    title  A step's index is not its position
    why    findings and annotations refer to steps by index
    fix    number the steps 0, 1, 2, … in their order
S302 error iteration-out-of-order
    title  Iterations do not count the loops
    why    `iteration` starts at 0 and grows by one after each Iterate
    fix    number the loops in their order
S303 error turn-out-of-order
    title  Turns do not grow with the steps
    why    the steps of one turn become one message, so a turn cannot be resumed later
    fix    number the model responses in their order
S304 warning time-goes-backwards
    title  A step is earlier than the step before it
    why    the steps may have been put into a wrong order
    fix    sort the steps as they happened, or correct the clock
S305 warning invalid-timestamp
    title  A timestamp is not an RFC 3339 time
    why    times that cannot be compared cannot show the order of steps
    fix    write it like "2026-01-31T09:30:00Z"
""")


def check(trace: Trace) -> Iterator[Fault]:
    """The faults of numbering, time and embedded JSON in ``trace``."""
    turn, allowed = 0, (0,)
    last, said = None, 0  # the latest time that is one, and the step that says it
    for i, step in enumerate(trace.steps):
        if step.index != i:
            yield Fault("S301", f"/steps/{i}/index", str(step.index), str(i))
        if step.iteration not in allowed:
            yield Fault("S302", f"/steps/{i}/iteration", str(step.iteration), " or ".join(map(str, allowed)))
        kind = type(step)
        # Steps that no model response made carry the turn they happen to stand in.
        if step.turn < turn:
            yield Fault("S303", f"/steps/{i}/turn", str(step.turn), f"at least {turn}")
        elif kind is Act or kind is Reflect:
            turn = step.turn
        allowed = (step.iteration + 1,) if kind is Iterate else (step.iteration,)
        if step.timestamp is not None:
            time = time_of(step.timestamp)
            if time is None:
                yield Fault("S305", f"/steps/{i}/timestamp", repr(step.timestamp), "an RFC 3339 time")
            else:
                if last is not None and time < last:
                    related = (f"/steps/{said}",)
                    expected = f"{trace.steps[said].timestamp} or later"
                    yield Fault("S304", f"/steps/{i}/timestamp", step.timestamp, expected, related)
                last, said = time, i
        if step.ext_json is not None:
            yield from embedded(step.ext_json, f"/steps/{i}/ext_json")
    for place, text in (
        ("/ext_json", trace.ext_json),
        ("/outcome/scores_json", trace.outcome.scores_json),
        ("/agent/ext_json", trace.agent.ext_json),
    ):
        if text is not None:
            yield from embedded(text, place)
    for i, step in enumerate(trace.steps):
        if type(step) is Iterate:
            for k, result in enumerate(step.results):
                if result.structured_json is not None:
                    yield from embedded(result.structured_json, f"/steps/{i}/results/{k}/structured_json")


def embedded(text: str, pointer: str) -> Iterator[Fault]:
    """A fault where ``text`` is not JSON."""
    try:
        load_plain(text)
    except ValueError as problem:
        yield Fault("S206", pointer, f"{text[:80]!r} ({problem})", "JSON text")


def time_of(text: str) -> datetime | None:
    """The time that ``text`` says, None when it is no RFC 3339 date and time."""
    if len(text) < 16 or text[10] not in "Tt ":
        return None
    try:
        found = datetime.fromisoformat(text.replace("z", "Z"))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
