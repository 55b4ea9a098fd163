"""O: is the loop whole? Observe → Reflect → Act → Iterate, and round again.

In: a trace. Out: faults. One thing that is wrong is said once: calls without results are family P's,
and an Iterate that answers an earlier act is family P's too.
"""

from __future__ import annotations

from collections.abc import Iterator

from sxl_data.rules import Fault
from sxl_data.rules.positions import Positions
from sxl_data.trace.types import Act, Iterate, Observe, Reflect, Trace

MANY_CALLS = 16
ASKING = ("user", "parent")


def check(trace: Trace) -> Iterator[Fault]:
    """The faults of order in ``trace``."""
    steps = trace.steps
    positions = Positions(trace)
    started = False
    turn_of_act: int | None = None
    final_at: int | None = None
    acts = 0
    called: set[str] = set()
    for i, step in enumerate(steps):
        kind = type(step)
        following = steps[i + 1] if i + 1 < len(steps) else None
        if not started and not (kind is Observe and step.origin in ("system", "developer")):  # type: ignore[union-attr]
            started = True
            if kind is not Observe:
                yield Fault("O201", f"/steps/{i}", f"{_name(step)} as the first step", "an Observe")
        if final_at is not None:
            if kind is Observe:
                if step.origin in ASKING:  # type: ignore[union-attr]
                    final_at = None
            else:
                yield _after_final(trace, i, final_at)
                final_at = None
        if kind is Act:
            acts += 1
            if step.turn == turn_of_act:
                yield Fault("O205", f"/steps/{i}", f"a second act in turn {step.turn}", "one act for each turn")
            turn_of_act = step.turn
            calls = step.calls  # type: ignore[union-attr]
            if (step.kind == "tool") != bool(calls) or (calls and step.final):  # type: ignore[union-attr]
                found = _act(step)  # type: ignore[arg-type]
                yield Fault("O213", f"/steps/{i}", found, "kind `tool` with calls, or kind `message` without")
            if calls:
                called.update(call.call_id for call in calls)
                if following is not None and type(following) is not Iterate:
                    yield from _interrupted(trace, positions, i)
                if len(calls) > MANY_CALLS:
                    yield Fault("O211", f"/steps/{i}/calls", f"{len(calls)} calls", f"at most {MANY_CALLS}")
            if step.final:  # type: ignore[union-attr]
                final_at = i
        elif kind is Iterate:
            before = steps[i - 1] if i else None
            answers = any(r.call_id in called for r in step.results)  # type: ignore[union-attr]
            if not (type(before) is Act and before.calls) and not answers:
                yield Fault("O203", f"/steps/{i}", f"an Iterate after {_name(before)}", "an act with calls before it")
            elif step.decision != "unknown":  # type: ignore[union-attr]
                yield from _decision(trace, i, step)  # type: ignore[arg-type]
        elif kind is Reflect:
            if following is not None and not (type(following) in (Reflect, Act) and following.turn == step.turn):
                yield Fault("O204", f"/steps/{i}", f"{_name(following)} next", "the act of its turn")
    if not acts:
        yield Fault("O212", "/steps", f"{len(steps)} steps and no act", "at least one act")
    elif type(steps[-1]) is not Act and not _unanswered(trace) and not _is_left(steps[-1]):
        yield Fault("O207", f"/steps/{len(steps) - 1}", f"{_name(steps[-1])} at the end", "an act")


def _unanswered(trace: Trace) -> bool:
    """Whether the end is an act of which some call has no result, which is P104."""
    end = trace.steps[-1]
    before = trace.steps[-2] if len(trace.steps) > 1 else None
    if type(end) is not Iterate or type(before) is not Act:
        return False
    return not {call.call_id for call in before.calls} <= {result.call_id for result in end.results}


def _is_left(step: object) -> bool:
    """Whether the agent decided, and not only stopped, to go no further."""
    return isinstance(step, Iterate) and step.decision in ("finish", "abort")


def _after_final(trace: Trace, i: int, final_at: int) -> Fault:
    for n in range(i, len(trace.steps)):
        step = trace.steps[n]
        if type(step) is Observe and step.origin in ASKING:
            break
        if type(step) is Act and step.final:
            return Fault("O208", f"/steps/{n}/final", "a second final act", "one", (f"/steps/{final_at}",))
    return Fault(
        "O209",
        f"/steps/{i}",
        f"{_name(trace.steps[i])} after the final act",
        "the end, or the user",
        (f"/steps/{final_at}",),
    )


def _interrupted(trace: Trace, positions: Positions, i: int) -> Iterator[Fault]:
    """The results of act ``i`` come, and something stands before them."""
    ids = {call.call_id for call in trace.steps[i].calls}  # type: ignore[union-attr]
    n = positions.next_result(ids, i)
    if n is None:
        return
    if positions.user_between(i + 1, n):
        yield Fault("O206", f"/steps/{i + 1}", "the user before the results", "the results", (f"/steps/{n}",))
    elif not positions.calls_between(i + 1, n):
        found = f"{_name(trace.steps[i + 1])} before the results"
        yield Fault("O202", f"/steps/{i + 1}", found, "the Iterate of the act", (f"/steps/{n}",))


def _decision(trace: Trace, i: int, step: Iterate) -> Iterator[Fault]:
    later = (trace.steps[n] for n in range(i + 1, len(trace.steps)))
    following = next((s for s in later if type(s) is not Reflect), None)
    if type(following) is not Act:
        return
    contradicted = (
        (step.decision == "finish" and following.calls)
        or (step.decision in ("continue", "retry") and following.final)
        or step.decision == "abort"
    )
    if contradicted:
        yield Fault(
            "O210",
            f"/steps/{i}/decision",
            f"`{step.decision}`, then {_act(following)}",
            "a decision that fits what follows",
        )


def _name(step: object) -> str:
    return "nothing" if step is None else f"{'an' if type(step).__name__[0] in 'OAI' else 'a'} {type(step).__name__}"


def _act(step: Act) -> str:
    calls = f"{len(step.calls)} calls" if step.calls else "no calls"
    return f"an act of kind `{step.kind}` with {calls}" + (", final" if step.final else "")
