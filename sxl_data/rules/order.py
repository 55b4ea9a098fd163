"""O: is the loop whole? Observe → Reflect → Act → Iterate, and round again.

In: a trace. Out: faults. One thing that is wrong is said once: calls without results are family P's,
and an Iterate that answers an earlier act is family P's too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sxl_data.contract.codes import table
from sxl_data.rules import Fault
from sxl_data.rules.positions import Positions
from sxl_data.trace.types import Act, Decision, Iterate, Observe, Reflect, Step, Trace

CODES = table("""
O201 error starts-without-observe
    title  The agent acts before it has seen anything
    why    the first step that is not a system message must be the task
    fix    add the task as a user Observe at the start
O202 error act-without-iterate
    title  A tool act is not followed by its results
    why    something else stands between the act and the Iterate that answers it
    fix    put the Iterate right after the act
O203 error iterate-without-act
    title  Results stand where no act with calls came before
    why    they answer nothing that the trace shows
    fix    add the act, or remove the step
O204 warning reflect-without-act
    title  Reasoning leads to no act of its turn
    why    the model would learn to think and then stop
    fix    remove it, or give it the turn of the act that it belongs to
O205 error two-acts-in-turn
    title  A turn has two acts
    why    one model response is one act; on export both would become one message
    fix    number the second act's turn apart, or merge the acts
O206 error user-speaks-while-calls-open
    title  The user speaks between a call and its result
    why    no chat API accepts it and no template renders it as it happened
    fix    put the results before what the user said
O207 warning ends-in-mid-loop
    title  The trace ends before the agent answers
    why    the last step is input, reasoning or results, and nothing follows
    fix    end the trace with the agent's act, or cut the last steps
O208 error several-finals
    title  Two acts of one task are marked final
    why    only one answer can end a task
    fix    mark the last one only
O209 error steps-after-final
    title  The trace goes on after its final act and no user asked for more
    why    the model would learn to go on after it has finished
    fix    unmark the act as final, or remove what follows
O210 warning decision-contradicted
    title  A decision is not what happens next
    why    one of the two is wrong
    fix    correct the decision, or set it to `unknown`
O211 warning many-calls-in-turn
    title  Suspiciously many calls are collapsed into one turn
    why    calls made one after the other look parallel; the model would learn not to wait
    fix    number the turns as the model answered
O212 error no-act
    title  The agent never acts
    why    there is nothing to learn from the trace
    fix    remove the trace
O213 error act-kind-contradicted
    title  An act is not of the kind it says
    why    kind `tool` has calls and is never final; kind `message` has none
    fix    correct `kind` or `final`
""")

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
                for call in calls:
                    called.add(call.call_id)
                if following is not None and type(following) is not Iterate:
                    yield from _interrupted(trace, positions, i)
                if len(calls) > MANY_CALLS:
                    yield Fault("O211", f"/steps/{i}/calls", f"{len(calls)} calls", f"at most {MANY_CALLS}")
            if step.final:  # type: ignore[union-attr]
                final_at = i
        elif kind is Iterate:
            before = steps[i - 1] if i else None
            if not (type(before) is Act and before.calls) and not _answers(step, called):  # type: ignore[arg-type]
                yield Fault("O203", f"/steps/{i}", f"an Iterate after {_name(before)}", "an act with calls before it")
            elif step.decision != "unknown":  # type: ignore[union-attr]
                following = _next_act(steps, i)
                if following is not None and _is_contradicted(step.decision, following):  # type: ignore[union-attr]
                    found = f"`{step.decision}`, then {_act(following)}"  # type: ignore[union-attr]
                    yield Fault("O210", f"/steps/{i}/decision", found, "a decision that fits what follows")
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


def _answers(step: Iterate, called: set[str]) -> bool:
    return any(result.call_id in called for result in step.results)


def _next_act(steps: Sequence[Step], i: int) -> Act | None:
    """The act that follows step ``i``, if nothing but reasoning is between."""
    for n in range(i + 1, len(steps)):
        step = steps[n]
        if type(step) is not Reflect:
            return step if type(step) is Act else None
    return None


def _is_contradicted(decision: Decision, following: Act) -> bool:
    return bool(
        (decision == "finish" and following.calls)
        or (decision in ("continue", "retry") and following.final)
        or decision == "abort"
    )


def _name(step: object) -> str:
    return "nothing" if step is None else f"{'an' if type(step).__name__[0] in 'OAI' else 'a'} {type(step).__name__}"


def _act(step: Act) -> str:
    calls = f"{len(step.calls)} calls" if step.calls else "no calls"
    return f"an act of kind `{step.kind}` with {calls}" + (", final" if step.final else "")
