"""O: the order of the loop."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="O201", rule="starts-without-observe", level="error",
        title="The agent acts before it has seen anything",
        why="the first step that is not a system message must be the task",
        fix="add the task as a user Observe at the start",
    ),
    Code(
        code="O202", rule="act-without-iterate", level="error",
        title="A tool act is not followed by its results",
        why="something else stands between the act and the Iterate that answers it",
        fix="put the Iterate right after the act",
    ),
    Code(
        code="O203", rule="iterate-without-act", level="error",
        title="Results stand where no act with calls came before",
        why="they answer nothing that the trace shows",
        fix="add the act, or remove the step",
    ),
    Code(
        code="O204", rule="reflect-without-act", level="warning",
        title="Reasoning leads to no act of its turn",
        why="the model would learn to think and then stop",
        fix="remove it, or give it the turn of the act that it belongs to",
    ),
    Code(
        code="O205", rule="two-acts-in-turn", level="error",
        title="A turn has two acts",
        why="one model response is one act; on export both would become one message",
        fix="number the second act's turn apart, or merge the acts",
    ),
    Code(
        code="O206", rule="user-speaks-while-calls-open", level="error",
        title="The user speaks between a call and its result",
        why="no chat API accepts it and no template renders it as it happened",
        fix="put the results before what the user said",
    ),
    Code(
        code="O207", rule="ends-in-mid-loop", level="warning",
        title="The trace ends before the agent answers",
        why="the last step is input, reasoning or results, and nothing follows",
        fix="end the trace with the agent's act, or cut the last steps",
    ),
    Code(
        code="O208", rule="several-finals", level="error",
        title="Two acts of one task are marked final",
        why="only one answer can end a task",
        fix="mark the last one only",
    ),
    Code(
        code="O209", rule="steps-after-final", level="error",
        title="The trace goes on after its final act and no user asked for more",
        why="the model would learn to go on after it has finished",
        fix="unmark the act as final, or remove what follows",
    ),
    Code(
        code="O210", rule="decision-contradicted", level="warning",
        title="A decision is not what happens next",
        why="one of the two is wrong",
        fix="correct the decision, or set it to `unknown`",
    ),
    Code(
        code="O211", rule="many-calls-in-turn", level="warning",
        title="Suspiciously many calls are collapsed into one turn",
        why="calls made one after the other look parallel; the model would learn not to wait",
        fix="number the turns as the model answered",
    ),
    Code(
        code="O212", rule="no-act", level="error",
        title="The agent never acts",
        why="there is nothing to learn from the trace",
        fix="remove the trace",
    ),
    Code(
        code="O213", rule="act-kind-contradicted", level="error",
        title="An act is not of the kind it says",
        why="kind `tool` has calls and is never final; kind `message` has none",
        fix="correct `kind` or `final`",
    ),
)  # fmt: skip
