"""P: does every call have its result, once, in order and in time?

In: a trace. Out: faults, or its steps repaired. A call that the model's host runs itself (kind ``server``) need not
have a result: many hosts do not show it. Where a source reuses an id, a result answers the latest call of that id that
is still open, which is what the agent that wrote it meant. Calls and results without an id get one where only one
pairing is possible: as many calls are open as there are results to place. Ids used twice are renamed together with the
results that answer them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from sxl_data.contract.codes import table
from sxl_data.files.json_text import dump
from sxl_data.rules import Change, Fault
from sxl_data.rules.positions import Positions, in_order
from sxl_data.trace.types import Act, Iterate, Result, Step, Trace

CODES = table("""
P101 error call-id-repeated-in-act
    title  Two calls of one act have the same id
    why    their results cannot be told apart
    fix    give each call an id of its own
P102 warning call-id-repeated fixable
    title  A call id was used by an earlier act
    why    tools that index a trace by call id mix up the results
    fix    give each call of the trace an id of its own, or run validate --fix
P103 error call-without-result
    title  A call has no result although the trace goes on
    why    the model would learn to go on without waiting for what it asked
    fix    add the result, or one with status `missing`, or remove the call
P104 warning last-call-unanswered
    title  The last act has calls without results
    why    the trace was stopped before its results came
    fix    add the results, or end the trace before the act
P105 error result-without-call
    title  A result refers to no call
    why    a result that answers no call cannot be masked or replayed
    fix    give the result the id of the call it answers, or remove the step
P106 error call-answered-twice
    title  One call has two results
    why    a call returns once; the second result belongs to another call or is a copy
    fix    remove the copy, or correct its id
P107 error empty-call-id fixable
    title  A call or result has an empty id
    why    nothing links the result to its call
    fix    number the calls and use the numbers as ids
P108 note matched-by-position
    title  Results were matched to calls by their position only
    why    the source has no ids, so a lost result would shift all that follow
    fix    write ids on calls and results where the trace is recorded
P109 warning results-out-of-order fixable
    title  Results come in another order than their calls
    why    no chat template renders call ids, so the model would see them exchanged
    fix    put the results into call order, or run validate --fix
P110 warning result-outside-its-turn
    title  A result comes before its call or after a later act
    why    the model acted without it, or it is recorded at the wrong place
    fix    move the result to the step right after its call
P111 note no-results
    title  The trace has calls and no result at all
    why    it shows what to call and never what came of it
    fix    nothing to do for golden calls; else record the results
""")

_SHOWN = 16  # ids in one message

Place = tuple[int, int]
"""Step and call, or step and result."""


def check(trace: Trace) -> Iterator[Fault]:
    """The pairing faults of ``trace``."""
    if in_order(trace.steps):
        return
    steps = trace.steps
    positions = Positions(trace)
    first_use: dict[str, Place] = {}
    opened: dict[str, list[Place]] = {}  # id → places of its unanswered calls, latest last
    answered: dict[str, Place] = {}  # id → place of the latest answer
    last_act = -1
    any_result = False
    for i, step in enumerate(steps):
        kind = type(step)
        if kind is Act and step.calls:  # type: ignore[union-attr]
            last_act = i
            seen: dict[str, Place] = {}
            for k, call in enumerate(step.calls):  # type: ignore[union-attr]
                identity = call.call_id
                if not identity:
                    yield Fault("P107", _pointer((i, k)) + "/call_id", '""', "an id")
                    continue
                if identity in seen or identity in first_use:
                    code, before = ("P101", seen[identity]) if identity in seen else ("P102", first_use[identity])
                    place = _pointer((i, k)) + "/call_id"
                    yield Fault(code, place, repr(identity), "another id", (_pointer(before),))
                seen[identity] = (i, k)
                if identity in answered and identity not in first_use:
                    first_use[identity] = (i, k)  # its answer came early, which was said there
                    continue
                first_use.setdefault(identity, (i, k))
                opened.setdefault(identity, []).append((i, k))
        elif kind is Iterate and step.results:  # type: ignore[union-attr]
            any_result = True
            yield from _results(trace, positions, i, step, opened, answered, first_use)  # type: ignore[arg-type]
    missing = [
        ((i, k), identity)
        for identity, places in opened.items()
        for i, k in places
        if steps[i].calls[k].kind != "server"  # type: ignore[union-attr]
    ]
    if not missing:
        return
    if not any_result:
        yield Fault("P111", f"/steps/{last_act}", "calls without any result", "results")
        return
    only_results = all(type(later) is Iterate for later in steps[last_act + 1 :])
    for at, identity in missing:
        open_end = only_results and at[0] == last_act
        yield Fault("P104" if open_end else "P103", _pointer(at), f"no result for {identity!r}", "a result")


def _results(
    trace: Trace,
    positions: Positions,
    i: int,
    step: Iterate,
    opened: dict[str, list[Place]],
    answered: dict[str, Place],
    first_use: dict[str, Place],
) -> Iterator[Fault]:
    act = i - 1
    before = trace.steps[act] if act >= 0 else None
    calls = before.calls if type(before) is Act else ()
    numbers = {call.call_id: k for k, call in enumerate(calls)}
    known_here = any(result.call_id in first_use for result in step.results)
    reached = -1
    swapped: int | None = None
    for k, result in enumerate(step.results):
        identity, place = result.call_id, f"/steps/{i}/results/{k}"
        if not identity:
            yield Fault("P107", place + "/call_id", '""', "the id of the call it answers")
        elif waiting := opened.get(identity):
            call = waiting.pop()
            if not waiting:
                del opened[identity]
            answered[identity] = (i, k)
            if identity in numbers:
                if swapped is None and numbers[identity] < reached:
                    swapped = k
                reached = max(reached, numbers[identity])
            elif not _is_interruption(trace, positions, call[0], i):
                found = f"an answer to {identity!r} of an earlier act"
                yield Fault("P110", place, found, "it right after its act", (_pointer(call),))
        elif identity in answered:
            found = f"a second result for {identity!r}"
            yield Fault("P106", place, found, "one result for each call", (_pointer(answered[identity], "results"),))
        elif (later := positions.next_call(identity, i)) is not None:
            found = f"an answer to {identity!r} before its call"
            yield Fault("P110", place, found, "it right after its act", (_pointer(later),))
            answered[identity] = (i, k)
        elif calls or known_here:
            near = ", ".join(f'"{c.call_id}"' for c in calls[:_SHOWN]) + (", …" if len(calls) > _SHOWN else "")
            expected = f"one of {near}" if calls else "the id of a call"
            yield Fault("P105", f"{place}/call_id", f'"{identity}"', expected)
    if swapped is not None:
        order, place = ", ".join(result.call_id for result in step.results), _pointer((i, swapped), "results")
        yield Fault("P109", place, order, "the order of the calls: " + ", ".join(c.call_id for c in calls))


def _pointer(place: Place, of: str = "calls") -> str:
    return f"/steps/{place[0]}/{of}/{place[1]}"


def _is_interruption(trace: Trace, positions: Positions, act: int, i: int) -> bool:
    """Whether something stands between the act and its results at ``i`` that family O reports."""
    if act + 1 >= i or type(trace.steps[act + 1]) is Iterate:
        return False
    return positions.user_between(act + 1, i) or not positions.calls_between(act + 1, i)


def repair(trace: Trace, changes: list[Change]) -> tuple[Step, ...]:
    """The steps of ``trace`` with ids where only one pairing is possible, no id twice, and results in call order."""
    return tuple(_order(_rename(_name_calls(trace.steps, changes), changes), changes))


def _name_calls(steps: Sequence[Step], changes: list[Change]) -> list[Step]:
    """The steps with an id for each call and result that has none, where it is certain which belong together."""
    taken = {call.call_id for step in steps if isinstance(step, Act) for call in step.calls}
    taken |= {result.call_id for step in steps if isinstance(step, Iterate) for result in step.results}
    out = list(steps)
    for i, act in enumerate(out):
        if not isinstance(act, Act) or not act.calls:
            continue
        after = out[i + 1] if i + 1 < len(out) else None
        results = after.results if isinstance(after, Iterate) else ()
        known = {call.call_id for call in act.calls} - {""}
        answered = {result.call_id for result in results} & known
        open_calls = [k for k, call in enumerate(act.calls) if call.call_id not in answered]
        strays = [k for k, result in enumerate(results) if result.call_id not in known]
        unnamed = [k for k in open_calls if not act.calls[k].call_id]
        no_id = unnamed or any(not results[k].call_id for k in strays)
        if not no_id or (strays and len(strays) != len(open_calls)):
            continue
        pairs = list(zip(open_calls, strays)) if strays else [(k, None) for k in unnamed]
        if any(act.calls[k].call_id and at is not None and results[at].call_id for k, at in pairs):
            continue  # two names that differ: the result may be of another act
        calls, placed = list(act.calls), list(results)
        for k, at in pairs:
            name = calls[k].call_id or (results[at].call_id if at is not None else "") or _unused("call_", 1, taken)
            places = [f"/steps/{i}/calls/{k}/call_id"] if not calls[k].call_id else []
            if at is not None and not placed[at].call_id:
                places.append(f"/steps/{i + 1}/results/{at}/call_id")
            for place in places:
                also = tuple((other, dump(name)) for other in places if other != place)
                changes.append(Change("P107", place, f"'' → {name!r}", dump(name), also))
            if not calls[k].call_id:
                calls[k] = msgspec.structs.replace(calls[k], call_id=name)
            if at is not None and not placed[at].call_id:
                placed[at] = msgspec.structs.replace(placed[at], call_id=name)
        out[i] = msgspec.structs.replace(act, calls=tuple(calls))
        if isinstance(after, Iterate):
            out[i + 1] = msgspec.structs.replace(after, results=tuple(placed))
    return out


def _unused(prefix: str, number: int, taken: set[str]) -> str:
    """A name that no call has yet: ``prefix`` and the first number from ``number`` that is free."""
    while (name := f"{prefix}{number}") in taken:
        number += 1
    taken.add(name)
    return name


def _rename(steps: Sequence[Step], changes: list[Change]) -> list[Step]:
    taken = {call.call_id for step in steps if isinstance(step, Act) for call in step.calls}
    used: set[str] = set()
    opened: dict[str, list[str]] = {}  # the id as written → new ids of its open calls, latest last
    latest: dict[str, str] = {}
    made: dict[str, int] = {}  # new id → its change
    out: list[Step] = []
    for i, step in enumerate(steps):
        if isinstance(step, Act) and step.calls:
            here = {call.call_id for call in step.calls}
            calls = []
            for k, call in enumerate(step.calls):
                name = call.call_id
                # Ids repeated within one act cannot be told apart, so they stay for their author.
                if name and name in used and sum(c.call_id == name for c in step.calls) == 1:
                    name = _unused(f"{name}-", 2, taken)
                    made[name] = len(changes)
                    said = f"{call.call_id!r} → {name!r}"
                    changes.append(Change("P102", f"/steps/{i}/calls/{k}/call_id", said, dump(name)))
                    call = msgspec.structs.replace(call, call_id=name)
                opened.setdefault(step.calls[k].call_id, []).append(name)
                latest[step.calls[k].call_id] = name
                calls.append(call)
            used |= here
            step = msgspec.structs.replace(step, calls=tuple(calls))
        elif isinstance(step, Iterate) and step.results:
            results = []
            for k, result in enumerate(step.results):
                waiting = opened.get(result.call_id)
                name = waiting.pop() if waiting else latest.get(result.call_id, result.call_id)
                if name != result.call_id:
                    result = msgspec.structs.replace(result, call_id=name)
                    change = changes[made[name]]
                    also = (*change.also, (f"/steps/{i}/results/{k}/call_id", dump(name)))
                    changes[made[name]] = msgspec.structs.replace(change, also=also)
                results.append(result)
            step = msgspec.structs.replace(step, results=tuple(results))
        out.append(step)
    return out


def _order(steps: list[Step], changes: list[Change]) -> list[Step]:
    out = list(steps)
    for i in range(1, len(out)):
        act, step = out[i - 1], out[i]
        if not isinstance(act, Act) or not isinstance(step, Iterate):
            continue
        position = {call.call_id: k for k, call in enumerate(act.calls)}
        if len(position) != len(act.calls):
            continue

        def place(result: Result, position: dict[str, int] = position) -> int:
            return position.get(result.call_id, len(position))

        ordered = tuple(sorted(step.results, key=place))
        if ordered != step.results and all(r.call_id in position for r in step.results):
            said = ", ".join(r.call_id for r in step.results) + " → " + ", ".join(r.call_id for r in ordered)
            changes.append(Change("P109", f"/steps/{i}/results", said, dump([r.call_id for r in ordered])))
            out[i] = msgspec.structs.replace(step, results=ordered)
    return out
