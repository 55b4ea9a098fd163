"""A trace as turns that a person may drop, and a trace without those that were.

In: the traces of a session. Out: numbered turns with their texts. A turn is one message of the person or the harness,
or one response of the model with its results, so that what is left has no call without its result. Each subagent is
one turn. A trace that lost turns keeps nothing but its steps: totals, titles and what stands beside the messages may
tell what was in the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from sxl_data.formats.content import task_of
from sxl_data.trace.blocks import Block, step_blocks
from sxl_data.trace.types import Act, Iterate, Observe, Outcome, Step, Trace


class Turn(msgspec.Struct, frozen=True):
    """One turn; ``number`` counts through all traces of a session, ``opens`` says that a person's request begins."""

    number: int
    opens: bool
    who: str
    blocks: tuple[Block, ...]


def turns_of(traces: Iterable[Trace]) -> list[Turn]:
    """The turns of a session, in order."""
    made: list[Turn] = []
    for trace in traces:
        for steps in _grouped(trace.steps):
            first = steps[0]
            who = first.origin if isinstance(first, Observe) else "agent"
            blocks = tuple(block for step in steps for block in step_blocks(step))
            made.append(Turn(len(made), who == "user", who, blocks))
        for inner in trace.subtraces:
            made.append(Turn(len(made), False, "subagent", tuple(_all_blocks(inner))))
    return made


def without(traces: Iterable[Trace], dropped: frozenset[int]) -> list[Trace]:
    """``traces`` without the turns of these numbers; a trace of which no act is left is left out."""
    made: list[Trace] = []
    number = 0
    for trace in traces:
        kept: list[Step] = []
        for steps in _grouped(trace.steps):
            if number not in dropped:
                kept += steps
            number += 1
        inner = [sub for at, sub in enumerate(trace.subtraces) if number + at not in dropped]
        number += len(trace.subtraces)
        if any(isinstance(step, Act) for step in kept):
            made.append(_rest(trace, kept, inner))
    return made


def _rest(trace: Trace, steps: list[Step], inner: list[Trace]) -> Trace:
    asked = next((step for step in steps if isinstance(step, Observe) and step.origin == "user"), None)
    replace = msgspec.structs.replace
    return replace(
        trace,
        task=task_of(asked.content) if asked else "",
        steps=tuple(replace(step, index=at, ext_json=None) for at, step in enumerate(steps)),
        subtraces=tuple(replace(sub, ext_json=None) for sub in inner),
        metrics=None,
        outcome=Outcome(status="unknown"),
        ext_json=None,
    )


def _grouped(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Steps turn by turn."""
    group: list[Step] = []
    for step in steps:
        last = group[-1] if group else None
        same = last is not None and not isinstance(step, Observe) and not isinstance(last, Observe)
        if last is not None and (not same or (step.turn != last.turn and not isinstance(step, Iterate))):
            yield group
            group = []
        group.append(step)
    if group:
        yield group


def _all_blocks(trace: Trace) -> Iterator[Block]:
    for step in trace.steps:
        yield from step_blocks(step)
    for inner in trace.subtraces:
        yield from _all_blocks(inner)
