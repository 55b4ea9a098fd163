"""C: what is said, done and returned."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="C401",
        rule="empty-act",
        level="error",
        title="An act says nothing and calls nothing",
        why="the model would learn to answer with silence",
        fix="remove the step, or restore its content",
    ),
    Code(
        code="C402",
        rule="think-tag-in-content",
        level="warning",
        title="Reasoning tags are left in what the agent says",
        why="reasoning in the content is shown to users and survives where a template would drop it",
        fix="move the text between the tags into a Reflect step",
    ),
    Code(
        code="C403",
        rule="call-markup-in-content",
        level="warning",
        title="Markup of a tool call is left in what the agent says",
        why="the call was not parsed, so it has no arguments, no id and no result",
        fix="turn it into a call, or read the file with --format hermes_text or react_text",
    ),
    Code(
        code="C404",
        rule="special-token-in-content",
        level="warning",
        title="A control token of a chat template is left in the text",
        why="it is tokenised as a real turn border and breaks the conversation",
        fix="remove it",
    ),
    Code(
        code="C405",
        rule="reasoning-repeated",
        level="warning",
        title="The reasoning is repeated in the act of its turn",
        why="the same tokens are trained twice, once as thought and once as answer",
        fix="keep it in the Reflect step only",
    ),
    Code(
        code="C406",
        rule="inline-base64",
        level="warning",
        title="Media are held inline as base64",
        why="thousands of tokens of noise are trained, and tables grow without bound",
        fix="store the file and give its uri, media_type and sha256",
    ),
    Code(
        code="C407",
        rule="missing-media",
        level="error",
        title="A part of type image, audio or file has no uri",
        why="what the agent saw is not there",
        fix="give the uri, or replace the part by a text that describes it",
    ),
    Code(
        code="C408",
        rule="truncation-marker",
        level="note",
        title="A result shows that it was cut",
        why="the agent may have seen more, or less, than the trace shows",
        fix="nothing to do if the agent saw the cut text; set `truncated: true`",
    ),
    Code(
        code="C409",
        rule="empty-ok-result",
        level="note",
        title="A result with status ok has no content",
        why="it may have been lost",
        fix="nothing to do if the tool prints nothing",
    ),
    Code(
        code="C410",
        rule="error-text-with-status-ok",
        level="warning",
        title="A result looks like an error and has status ok",
        why="error rates and retry decisions read off it are wrong",
        fix="set the status to `error`",
    ),
    Code(
        code="C411",
        rule="possible-secret",
        level="warning",
        title="Text that looks like a key or token",
        why="what is published cannot be taken back",
        fix="revoke it and replace it by a placeholder",
    ),
    Code(
        code="C412",
        rule="home-path",
        level="note",
        title="A path names somebody's home folder",
        why="it may name a person",
        fix="replace the name by a neutral one before publishing",
    ),
)
