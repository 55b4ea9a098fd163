"""R: does what was recorded survive rendering, and is it trained?

In: a trace and a template. Out: faults. Every piece of reasoning, every call and every result is exchanged
for a word of its own, the conversation is rendered, and the words that are missing name what the template
drops: this holds for every template, whatever form it writes a call in.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sxl_data.contract.codes import table
from sxl_data.rules import Fault
from sxl_data.trace.messages import to_messages
from sxl_data.trace.template import Rendered, Template, TemplateRefused
from sxl_data.trace.types import Act, Call, Iterate, Part, Reflect, Step, Trace

CODES = table("""
R701 error template-drops-reasoning
    title  The template leaves out reasoning
    why    the model is trained on fewer thoughts than the trace has
    fix    use a training template that keeps it, or split the conversation at each user turn
R702 error template-drops-calls
    title  The template leaves out tool calls or their arguments
    why    the model would see results that nothing asked for
    fix    use a template that renders tool calls
R703 error template-drops-results
    title  The template leaves out tool results
    why    the model would learn to go on without seeing them
    fix    use a template that renders the role `tool`
R704 error template-raises
    title  The template refuses the conversation
    why    training would stop at this row
    fix    use another template, or change what it refuses
R705 error empty-loss-mask
    title  No token of the conversation would be trained
    why    the row costs time and teaches nothing
    fix    see that the agent's part is rendered and lies before max_length
R706 warning longer-than-max-length
    title  The conversation is longer than max_length
    why    what lies beyond it is cut off and not learnt
    fix    raise max_length, or cut the trace where it makes sense
R707 note no-loss-markers
    title  The template does not mark what the agent says
    why    the loss mask cannot be read off it; it was found by rendering prefixes
    fix    use a template with {% generation %} … {% endgeneration %}
R708 note export-loses
    title  The chosen export cannot carry everything
    why    what is named is kept only in the residual
    fix    nothing to do; keep the residual with the document
""")

_DROPPED = {"r": ("R701", "reasoning"), "c": ("R702", "calls"), "o": ("R703", "results")}


class Trained(msgspec.Struct, frozen=True):
    """One conversation as it would be trained. Token counts are None without a tokenizer."""

    rendered: Rendered
    tokens: int | None = None
    trained: int | None = None
    kept: int | None = None
    """Trained tokens within ``max_length``."""


def check(trace: Trace, template: Template, max_length: int | None = None) -> Iterator[Fault]:
    """The faults of ``trace`` under ``template``; ``max_length`` is in tokens and needs its tokenizer."""
    try:
        found = render(trace, template, max_length)
        yield from _dropped(trace, template)
    except TemplateRefused as refusal:
        yield Fault("R704", "/steps", f"{template.name}: {refusal}", "a rendered conversation")
        return
    if not template.marked:
        how = "" if found.rendered.spans else ", and what the agent said cannot be found by prefixes either"
        yield Fault("R707", "/steps", f"{template.name} has no {{% generation %}}{how}", "the agent's part marked")
        if not found.rendered.spans:
            return
    if not found.rendered.spans or found.trained == 0:
        yield Fault("R705", "/steps", "no trained text", "at least one act that is trained")
    elif found.tokens is not None and max_length is not None and found.tokens > max_length:
        assert found.trained is not None and found.kept is not None
        if not found.kept:
            yield Fault("R705", "/steps", f"no trained token among the first {max_length}", "at least one")
        else:
            lost = found.trained - found.kept
            cut = f"{found.tokens} tokens, {lost} of {found.trained} trained ones are cut"
            yield Fault("R706", "/steps", cut, f"at most {max_length} tokens")


def render(trace: Trace, template: Template, max_length: int | None = None) -> Trained:
    """``trace`` as text with its loss spans, and counted where there is a tokenizer."""
    messages, tools = to_messages(trace)
    rendered = template.render(messages, tools)
    if template.tokenizer is None:
        return Trained(rendered)
    return Trained(rendered, *template.count(rendered, max_length))


def _dropped(trace: Trace, template: Template) -> Iterator[Fault]:
    marked, places = _mark(trace)
    if not places:
        return
    messages, tools = to_messages(marked)
    text = template.text(messages, tools)
    missing: dict[str, list[str]] = {}
    total: dict[str, int] = {}
    for word, place in places.items():
        kind = word[3]
        total[kind] = total.get(kind, 0) + 1
        if word not in text:
            missing.setdefault(kind, []).append(place)
    for kind, at in missing.items():
        code, name = _DROPPED[kind]
        yield Fault(
            code,
            at[0],
            f"{template.name} drops {name} at {len(at)} of {total[kind]} places",
            f"all {name} in the text",
            tuple(at[1:9]),
        )


def _mark(trace: Trace) -> tuple[Trace, dict[str, str]]:
    """``trace`` with words instead of texts, and the place of each word."""
    places: dict[str, str] = {}
    steps: list[Step] = []
    for i, step in enumerate(trace.steps):
        if isinstance(step, Reflect) and step.text and step.form != "encrypted":
            word = f"sxlr{i}x"
            places[word] = f"/steps/{i}"
            step = msgspec.structs.replace(step, text=word)
        elif isinstance(step, Act) and step.calls:
            calls: list[Call] = []
            for k, call in enumerate(step.calls):
                word = f"sxlc{i}y{k}x"
                places[word] = f"/steps/{i}/calls/{k}"
                calls.append(
                    msgspec.structs.replace(
                        call, arguments_json=f'{{"{word}":"{word}"}}', arguments_form="object", kind="function"
                    )
                )
            step = msgspec.structs.replace(step, calls=tuple(calls))
        elif isinstance(step, Iterate):
            results = []
            for k, result in enumerate(step.results):
                if result.status != "missing":
                    word = f"sxlo{i}y{k}x"
                    places[word] = f"/steps/{i}/results/{k}"
                    result = msgspec.structs.replace(result, content=(Part(text=word),))
                results.append(result)
            step = msgspec.structs.replace(step, results=tuple(results))
        steps.append(step)
    return msgspec.structs.replace(trace, steps=tuple(steps)), places
