"""P: does every call have its result, once, in order and in time?

In: a trace. Out: faults. A call that the model's host runs itself (kind ``server``) need not have a result: many
hosts do not show it. Where a source reuses an id, a result answers the latest call of that id that
is still open, which is what the agent that wrote it meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sxl_data.rules import Fault
from sxl_data.rules.positions import Positions
from sxl_data.trace.types import Act, Call, Iterate, Step, Trace

_SHOWN = 16  # ids in one message


def check(trace: Trace) -> Iterator[Fault]:
    """The pairing faults of ``trace``."""
    steps = trace.steps
    positions = Positions(trace)
    first_use: dict[str, str] = {}
    opened: dict[str, list[str]] = {}  # id → pointers of its unanswered calls, latest last
    answered: dict[str, str] = {}  # id → pointer of the latest answer
    last_act = -1
    any_result = False
    for i, step in enumerate(steps):
        kind = type(step)
        if kind is Act and step.calls:  # type: ignore[union-attr]
            last_act = i
            seen: dict[str, str] = {}
            for k, call in enumerate(step.calls):  # type: ignore[union-attr]
                place = f"/steps/{i}/calls/{k}"
                identity = call.call_id
                if not identity:
                    yield Fault("P107", place + "/call_id", '""', "an id")
                    continue
                if identity in seen:
                    yield Fault("P101", place + "/call_id", repr(identity), "another id", (seen[identity],))
                elif identity in first_use:
                    yield Fault("P102", place + "/call_id", repr(identity), "another id", (first_use[identity],))
                seen[identity] = place
                if identity in answered and identity not in first_use:
                    first_use[identity] = place  # its answer came early, which was said there
                    continue
                first_use.setdefault(identity, place)
                opened.setdefault(identity, []).append(place)
        elif kind is Iterate and step.results:  # type: ignore[union-attr]
            any_result = True
            yield from _results(trace, positions, i, step, opened, answered, first_use)  # type: ignore[arg-type]
    missing = [
        (place, identity)
        for identity, places in opened.items()
        for place in places
        if _call(steps, place).kind != "server"
    ]
    if not missing:
        return
    if not any_result:
        yield Fault("P111", f"/steps/{last_act}", "calls without any result", "results")
        return
    only_results = all(type(later) is Iterate for later in steps[last_act + 1 :])
    for place, identity in missing:
        open_end = only_results and int(place.split("/")[2]) == last_act
        yield Fault("P104" if open_end else "P103", place, f"no result for {identity!r}", "a result")


def _results(
    trace: Trace,
    positions: Positions,
    i: int,
    step: Iterate,
    opened: dict[str, list[str]],
    answered: dict[str, str],
    first_use: dict[str, str],
) -> Iterator[Fault]:
    act = i - 1
    before = trace.steps[act] if act >= 0 else None
    calls = before.calls if type(before) is Act else ()
    numbers = {call.call_id: k for k, call in enumerate(calls)}
    known_here = any(result.call_id in first_use for result in step.results)
    reached = -1
    swapped: str | None = None
    for k, result in enumerate(step.results):
        identity, place = result.call_id, f"/steps/{i}/results/{k}"
        if not identity:
            yield Fault("P107", place + "/call_id", '""', "the id of the call it answers")
        elif waiting := opened.get(identity):
            call = waiting.pop()
            if not waiting:
                del opened[identity]
            answered[identity] = place
            if identity in numbers:
                if swapped is None and numbers[identity] < reached:
                    swapped = place
                reached = max(reached, numbers[identity])
            elif not _is_interruption(trace, positions, int(call.split("/")[2]), i):
                found = f"an answer to {identity!r} of an earlier act"
                yield Fault("P110", place, found, "it right after its act", (call,))
        elif identity in answered:
            found = f"a second result for {identity!r}"
            yield Fault("P106", place, found, "one result for each call", (answered[identity],))
        elif (later := positions.next_call(identity, i)) is not None:
            yield Fault(
                "P110",
                place,
                f"an answer to {identity!r} before its call",
                "it right after its act",
                (f"/steps/{later[0]}/calls/{later[1]}",),
            )
            answered[identity] = place
        elif calls or known_here:
            near = ", ".join(f'"{c.call_id}"' for c in calls[:_SHOWN]) + (", …" if len(calls) > _SHOWN else "")
            expected = f"one of {near}" if calls else "the id of a call"
            yield Fault("P105", f"{place}/call_id", f'"{identity}"', expected)
    if swapped is not None:
        order = ", ".join(result.call_id for result in step.results)
        yield Fault("P109", swapped, order, "the order of the calls: " + ", ".join(c.call_id for c in calls))


def _call(steps: Sequence[Step], place: str) -> Call:
    """The call at the pointer ``place``."""
    _, _, i, _, k = place.split("/")
    return steps[int(i)].calls[int(k)]  # type: ignore[union-attr]


def _is_interruption(trace: Trace, positions: Positions, act: int, i: int) -> bool:
    """Whether something stands between the act and its results at ``i`` that family O reports."""
    if act + 1 >= i or type(trace.steps[act + 1]) is Iterate:
        return False
    return positions.user_between(act + 1, i) or not positions.calls_between(act + 1, i)
