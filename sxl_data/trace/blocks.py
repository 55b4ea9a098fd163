"""A step as blocks of text for somebody who reads it: what phase, a few words about it, the text.

In: a step. Out: `Block`s. Call ids are left out: their form tells which model wrote them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sxl_data.trace.types import Act, Iterate, Observe, Part, Reflect, Step


class Block(msgspec.Struct, frozen=True):
    """One text: the phase that it belongs to, a few words about it, the text."""

    phase: str
    head: str
    text: str


def step_blocks(step: Step) -> Iterator[Block]:
    """The texts of ``step`` in order."""
    if isinstance(step, Observe):
        yield Block("observe", step.origin, _text(step.content))
    elif isinstance(step, Reflect):
        hidden = step.form == "encrypted" and not step.text
        yield Block("reflect", "reasoning", "(reasoning that the source keeps encrypted)" if hidden else step.text)
    elif isinstance(step, Act):
        if said := _text(step.content):
            yield Block("act", "answer" if step.final else "message", said)
        for call in step.calls:
            yield Block("act", f"calls {call.name}", call.arguments_json)
    elif isinstance(step, Iterate):
        for result in step.results:
            code = "" if result.exit_code is None else f", exit code {result.exit_code}"
            said = "\n".join(part for part in (_text(result.content), result.error_message) if part)
            yield Block("iterate", f"result: {result.status}{code}", said)
        yield Block("iterate", f"then: {step.decision}", "")


def _text(content: tuple[Part, ...]) -> str:
    return "\n".join(
        part.text if part.text is not None else part.data_json if part.data_json is not None else f"({part.type})"
        for part in content
    )
