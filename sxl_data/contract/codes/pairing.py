"""P: calls and their results."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="P101",
        rule="call-id-repeated-in-act",
        level="error",
        title="Two calls of one act have the same id",
        why="their results cannot be told apart",
        fix="give each call an id of its own",
    ),
    Code(
        code="P102",
        rule="call-id-repeated",
        level="warning",
        fixable=True,
        title="A call id was used by an earlier act",
        why="tools that index a trace by call id mix up the results",
        fix="give each call of the trace an id of its own, or run validate --fix",
    ),
    Code(
        code="P103",
        rule="call-without-result",
        level="error",
        title="A call has no result although the trace goes on",
        why="the model would learn to go on without waiting for what it asked",
        fix="add the result, or one with status `missing`, or remove the call",
    ),
    Code(
        code="P104",
        rule="last-call-unanswered",
        level="warning",
        title="The last act has calls without results",
        why="the trace was stopped before its results came",
        fix="add the results, or end the trace before the act",
    ),
    Code(
        code="P105",
        rule="result-without-call",
        level="error",
        title="A result refers to no call",
        why="a result that answers no call cannot be masked or replayed",
        fix="give the result the id of the call it answers, or remove the step",
    ),
    Code(
        code="P106",
        rule="call-answered-twice",
        level="error",
        title="One call has two results",
        why="a call returns once; the second result belongs to another call or is a copy",
        fix="remove the copy, or correct its id",
    ),
    Code(
        code="P107",
        rule="empty-call-id",
        level="error",
        fixable=True,
        title="A call or result has an empty id",
        why="nothing links the result to its call",
        fix="number the calls and use the numbers as ids",
    ),
    Code(
        code="P108",
        rule="matched-by-position",
        level="note",
        title="Results were matched to calls by their position only",
        why="the source has no ids, so a lost result would shift all that follow",
        fix="write ids on calls and results where the trace is recorded",
    ),
    Code(
        code="P109",
        rule="results-out-of-order",
        level="warning",
        fixable=True,
        title="Results come in another order than their calls",
        why="no chat template renders call ids, so the model would see them exchanged",
        fix="put the results into call order, or run validate --fix",
    ),
    Code(
        code="P110",
        rule="result-outside-its-turn",
        level="warning",
        title="A result comes before its call or after a later act",
        why="the model acted without it, or it is recorded at the wrong place",
        fix="move the result to the step right after its call",
    ),
    Code(
        code="P111",
        rule="no-results",
        level="note",
        title="The trace has calls and no result at all",
        why="it shows what to call and never what came of it",
        fix="nothing to do for golden calls; else record the results",
    ),
)
