"""One trace as a model is trained on it: the rendered conversation, with what carries loss in brackets.

In: a trace and a template. Out: text for people: a line that counts, then the conversation, ``⟦ … ⟧`` around each
trained piece and a line where ``max_length`` cuts. Looking at it is the quickest way to see a mask that is wrong.
"""

from __future__ import annotations

from sxl_data.contract.console import format_count
from sxl_data.contract.errors import error
from sxl_data.trace.template import Template, TemplateRefused
from sxl_data.trace.types import Trace
from sxl_data.validate.trainability import Trained, render
from sxl_data.view.show import escape

OPEN, CLOSE = "⟦", "⟧"
CUT = "── cut here: max_length "


def show_rendered(trace: Trace, template: Template, max_length: int | None = None) -> str:
    """``trace`` as ``template`` renders it. Raises `UserError` R704 where the template refuses it."""
    try:
        found = render(trace, template, max_length)
    except TemplateRefused as refusal:
        raise error(
            "R704", trace_id=trace.trace_id, found=f"{template.name}: {refusal}", expected="a rendered conversation"
        ) from None
    text = found.rendered.text
    marks = [(start, 1, OPEN) for start, _ in found.rendered.spans]
    marks += [(end, 0, CLOSE) for _, end in found.rendered.spans]
    if max_length is not None and found.tokens is not None and found.tokens > max_length:
        encoded = template.tokenizer.encode(text, add_special_tokens=False)
        marks.append((encoded.offsets[max_length][0], 2, f"\n{CUT}{max_length} ──\n"))
    pieces, at = [], 0
    for place, _, mark in sorted(marks):
        pieces += [text[at:place], mark]
        at = place
    shown = "".join([*pieces, text[at:]])
    return f"{_counted(trace, template, found)}\n\n" + "\n".join(escape(line) for line in shown.split("\n"))


def _counted(trace: Trace, template: Template, found: Trained) -> str:
    said = f"{len(found.rendered.spans)} trained pieces, in {OPEN} {CLOSE}"
    if found.tokens is not None and found.trained is not None and found.kept is not None:
        said += f"; {format_count(found.trained)} of {format_count(found.tokens)} tokens are trained"
        if found.kept < found.trained:
            said += f", {format_count(found.trained - found.kept)} of them are cut"
    return f"trace {escape(trace.trace_id)} with the template {template.name}: {said}"
