"""One trace as a model is trained on it: the rendered conversation, with what carries loss in brackets.

In: a trace and a template. Out: text for people: a line that counts, then the conversation, ``⟦ … ⟧`` around each
trained piece and a line where ``max_length`` cuts; or a page in which they are marked. Looking at it is the quickest
way to see a mask that is wrong.
"""

from __future__ import annotations

import itertools

from sxl_data.contract.console import format_count
from sxl_data.contract.errors import error
from sxl_data.trace.template import Template, TemplateRefused
from sxl_data.trace.types import Trace
from sxl_data.validate.trainability import Trained, render
from sxl_data.view import markup
from sxl_data.view.show import escape

OPEN, CLOSE = "⟦", "⟧"
CUT = "── cut here: max_length "


def show_rendered(trace: Trace, template: Template, max_length: int | None = None) -> str:
    """``trace`` as ``template`` renders it. Raises `UserError` R704 where the template refuses it."""
    found = _render(trace, template, max_length)
    text = found.rendered.text
    marks = [(start, 1, OPEN) for start, _ in found.rendered.spans]
    marks += [(end, 0, CLOSE) for _, end in found.rendered.spans]
    if (cut := _cut(found, template, max_length)) is not None:
        marks.append((cut, 2, f"\n{CUT}{max_length} ──\n"))
    pieces, at = [], 0
    for place, _, mark in sorted(marks):
        pieces += [text[at:place], mark]
        at = place
    shown = "".join([*pieces, text[at:]])
    return f"{_counted(trace, template, found)}\n\n" + "\n".join(escape(line) for line in shown.split("\n"))


def page_rendered(trace: Trace, template: Template, max_length: int | None = None) -> str:
    """The same as a page, what carries loss marked. Raises `UserError` R704 where the template refuses it."""
    body = blocks_rendered(trace, template, max_length)
    return markup.document(trace.task.split("\n")[0][:80] or trace.trace_id, body)


def blocks_rendered(trace: Trace, template: Template, max_length: int | None = None) -> list[markup.Raw]:
    """The same as a part of a page."""
    found = _render(trace, template, max_length)
    whole, spans = found.rendered.text, found.rendered.spans
    cut = _cut(found, template, max_length)
    ends = {0, len(whole), *(place for span in spans for place in span), *([] if cut is None else [cut])}
    pieces = []
    at = 0
    for start, end in itertools.pairwise(sorted(ends)):
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        inside = at < len(spans) and spans[at][0] <= start and end <= spans[at][1]
        if start == cut:
            pieces.append(f'<strong class="bad">{markup.line(f"{CUT}{max_length} ──")}</strong>\n')
        shown = markup.text(whole[start:end])
        pieces.append(f"<mark>{shown}</mark>" if inside else shown)
    said = _counted(trace, template, found).replace(f"in {OPEN} {CLOSE}", "marked")
    return [markup.paragraph(said), markup.Raw(f'<pre class="screen">{"".join(pieces)}</pre>')]


def _render(trace: Trace, template: Template, max_length: int | None) -> Trained:
    try:
        return render(trace, template, max_length)
    except TemplateRefused as refusal:
        raise error(
            "R704", trace_id=trace.trace_id, found=f"{template.name}: {refusal}", expected="a rendered conversation"
        ) from None


def _cut(found: Trained, template: Template, max_length: int | None) -> int | None:
    """The character at which ``max_length`` cuts; None where all fits."""
    if max_length is None or found.tokens is None or found.tokens <= max_length:
        return None
    encoded = template.tokenizer.encode(found.rendered.text, add_special_tokens=False)
    return int(encoded.offsets[max_length][0])


def _counted(trace: Trace, template: Template, found: Trained) -> str:
    said = f"{len(found.rendered.spans)} trained pieces, in {OPEN} {CLOSE}"
    if found.tokens is not None and found.trained is not None and found.kept is not None:
        said += f"; {format_count(found.trained)} of {format_count(found.tokens)} tokens are trained"
        if found.kept < found.trained:
            said += f", {format_count(found.trained - found.kept)} of them are cut"
    return f"trace {escape(trace.trace_id)} with the template {template.name}: {said}"
