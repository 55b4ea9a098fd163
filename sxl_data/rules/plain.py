"""Is a trace so plainly in order that families S, P, O, M and C have nothing to say of its steps?

In: a trace. Out: yes, or perhaps not. Most traces that are submitted are sound: every act is answered by the Iterate
after it, call by call, numbers grow as they must. One pass sees that, where the families make one each and keep books
in order to name the fault. A yes is a promise (a test holds it against the families on thousands of damaged traces);
anything unusual, a fault or not, is left to them. Without it `validate` takes 1.24 times the CPU time (2,500 sound
traces of 9 kB, medians of five paired rounds).
"""

from __future__ import annotations

from sxl_data.rules.content import REPEATED, is_plain_output, says
from sxl_data.rules.order import ASKING, MANY_CALLS
from sxl_data.rules.shape import in_order, time_of
from sxl_data.trace.types import Act, Call, Iterate, Observe, Reflect, Result, Trace


def is_plain(trace: Trace) -> bool:
    """Whether nothing can be wrong with the steps of ``trace`` and their numbers, results and order."""
    if trace.ext_json is not None or trace.agent.ext_json is not None or trace.outcome.scores_json is not None:
        return False
    loop = turn = 0
    turn_of_act = -1
    started = False  # by a step that is no system message
    ended = False  # by a final act, with nobody asking again
    decision = "unknown"
    thoughts: list[str] = []  # of this turn
    thinking = -1  # the turn of a Reflect that has no act yet
    open_calls: tuple[Call, ...] = ()
    used = {""}
    before: str | None = None
    kind: type = Observe
    for i, step in enumerate(trace.steps):
        if step.index != i or step.iteration != loop or step.turn < turn or step.ext_json is not None:
            return False
        if step.timestamp is not None:
            if not in_order(before, step.timestamp) if before else time_of(step.timestamp) is None:
                return False
            before = step.timestamp
        kind = type(step)
        if kind is Observe:
            if open_calls or thinking >= 0:
                return False
            for part in step.content:  # type: ignore[union-attr]
                if part.type != "text":
                    return False
            asks = step.origin in ASKING  # type: ignore[union-attr]
            started = started or step.origin not in ("system", "developer")  # type: ignore[union-attr]
            ended = ended and not asks
            decision = "unknown"
            continue
        if ended or not started:
            return False
        if kind is Iterate:
            results = step.results  # type: ignore[union-attr]
            if not open_calls or len(results) != len(open_calls):
                return False
            for call, result in zip(open_calls, results):
                if call.call_id != result.call_id or not _is_sound(result):
                    return False
            open_calls = ()
            decision = step.decision  # type: ignore[union-attr]
            loop += 1
            continue
        turn = step.turn
        if open_calls or (thinking >= 0 and thinking != turn):
            return False
        if kind is Reflect:
            if thinking < 0:
                thoughts = []
            thinking = turn
            if len(step.text) >= REPEATED:  # type: ignore[union-attr]
                thoughts.append(step.text.strip())  # type: ignore[union-attr]
            continue
        open_calls, content, ended = step.calls, step.content, step.final  # type: ignore[union-attr]
        if turn == turn_of_act or (step.kind == "tool") != bool(open_calls):  # type: ignore[union-attr]
            return False
        turn_of_act = turn
        for part in content:
            if part.type != "text":
                return False
            if thinking >= 0:
                for thought in thoughts:
                    if part.text is not None and thought in part.text:
                        return False
        thinking = -1
        if open_calls:
            if ended or decision == "finish" or decision == "abort" or len(open_calls) > MANY_CALLS:
                return False
            for call in open_calls:
                if call.call_id in used:
                    return False
                used.add(call.call_id)
        elif not says(content) or (decision != "unknown" and decision != "finish" and (ended or decision == "abort")):
            return False
        decision = "unknown"
    return kind is Act and not open_calls


def _is_sound(result: Result) -> bool:
    content = result.content
    if result.status == "ok" and (result.exit_code or not content or not is_plain_output(content[0].text)):
        return False
    if result.duration_ms is not None or result.structured_json is not None:
        return False
    return all(part.type == "text" for part in content)
