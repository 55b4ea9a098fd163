"""What the agent decided after each round of results, read off what it did next."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sxl_data.trace.types import Act, Decision, Iterate, Observe, Reflect, Step


def infer_decisions(steps: Sequence[Step], submitted: bool = False) -> tuple[Step, ...]:
    """``steps`` with each unknown decision read off what follows, and the last answer marked final.

    retry: the same tool is called again after an error; continue: other calls follow; finish: the final
    message follows; ask: a message follows and then the user speaks; unknown: nothing follows. Where
    the source says that the work was ``submitted``, the last results end it.
    """
    out = list(steps)
    last = next((i for i in range(len(out) - 1, -1, -1) if not isinstance(out[i], Observe)), None)
    if last is not None:
        end = out[last]
        nothing_after = all(not isinstance(s, Observe) or s.origin not in ("user", "parent") for s in out[last:])
        if isinstance(end, Act) and end.kind == "message" and end.content and nothing_after:
            out[last] = msgspec.structs.replace(end, final=True)
    before: Act | None = None
    for i, step in enumerate(out):
        if isinstance(step, Act):
            before = step
        elif isinstance(step, Iterate) and step.decision == "unknown":
            decision = _decision(out, i, step, before)
            out[i] = msgspec.structs.replace(step, decision=decision, decision_origin="inferred")
    if submitted and out and isinstance(out[-1], Iterate):
        out[-1] = msgspec.structs.replace(out[-1], decision="finish", decision_origin="explicit")
    return tuple(out)


def _decision(steps: Sequence[Step], at: int, step: Iterate, before: Act | None) -> Decision:
    """What the agent decided after the results ``step`` at ``at``; ``before`` is the last act in front of them."""
    later = (steps[n] for n in range(at + 1, len(steps)))
    following = next((s for s in later if not isinstance(s, Reflect)), None)
    if not isinstance(following, Act):
        return "unknown"
    if following.kind == "message":
        return "finish" if following.final else "ask"
    failed = {r.call_id for r in step.results if r.status in ("error", "timeout")}
    again = {call.name for call in following.calls}
    if before and any(call.call_id in failed and call.name in again for call in before.calls):
        return "retry"
    return "continue"
