"""R: what is left of a trace when a template renders it for training."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="R701",
        rule="template-drops-reasoning",
        level="error",
        title="The template leaves out reasoning",
        why="the model is trained on fewer thoughts than the trace has",
        fix="use a training template that keeps it, or split the conversation at each user turn",
    ),
    Code(
        code="R702",
        rule="template-drops-calls",
        level="error",
        title="The template leaves out tool calls or their arguments",
        why="the model would see results that nothing asked for",
        fix="use a template that renders tool calls",
    ),
    Code(
        code="R703",
        rule="template-drops-results",
        level="error",
        title="The template leaves out tool results",
        why="the model would learn to go on without seeing them",
        fix="use a template that renders the role `tool`",
    ),
    Code(
        code="R704",
        rule="template-raises",
        level="error",
        title="The template refuses the conversation",
        why="training would stop at this row",
        fix="use another template, or change what it refuses",
    ),
    Code(
        code="R705",
        rule="empty-loss-mask",
        level="error",
        title="No token of the conversation would be trained",
        why="the row costs time and teaches nothing",
        fix="see that the agent's part is rendered and lies before max_length",
    ),
    Code(
        code="R706",
        rule="longer-than-max-length",
        level="warning",
        title="The conversation is longer than max_length",
        why="what lies beyond it is cut off and not learnt",
        fix="raise max_length, or cut the trace where it makes sense",
    ),
    Code(
        code="R707",
        rule="no-loss-markers",
        level="note",
        title="The template does not mark what the agent says",
        why="the loss mask cannot be read off it; it was found by rendering prefixes",
        fix="use a template with {% generation %} … {% endgeneration %}",
    ),
    Code(
        code="R708",
        rule="export-loses",
        level="note",
        title="The chosen export cannot carry everything",
        why="what is named is kept only in the residual",
        fix="nothing to do; keep the residual with the document",
    ),
)
