"""One trace as blocks of a page: Observe, Reflect, Act and Iterate with calls, diffs, terminal output and images.

In: a trace. Out: HTML. What a text is decides how it is shown: what a program printed as a screen with its colours, a
change of a file as removed and added lines, the values of a call by their names, a picture that the trace holds as a
picture, and one that lies elsewhere as its name. With `Bounds`, texts and steps beyond it are left out with a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from sxl_data.contract.alignment import unified
from sxl_data.contract.console import format_count
from sxl_data.contract.printable import as_json
from sxl_data.trace.types import Act, Call, Observe, Part, Reflect, Result, Step, Trace
from sxl_data.view.markup import Raw, folded, line, text
from sxl_data.view.media import picture
from sxl_data.view.screen import diff, is_diff, screen

FOLDED = 20
"""Lines beyond which a text is folded."""
OLD_AND_NEW = (("old_string", "new_string"), ("old_str", "new_str"), ("old_text", "new_text"), ("search", "replace"))
"""Arguments by which tools that edit files name what goes and what comes."""
FENCE = "```"
COMMANDS = ("command", "cmd", "script", "keystrokes")


class Bounds(NamedTuple):
    """How much of a trace is shown."""

    characters: int = 10_000_000
    """Of one text."""
    steps: int = 1_000_000
    image_bytes: int = 4_000_000


WHOLE = Bounds()


def blocks(trace: Trace, bounds: Bounds = WHOLE) -> Iterator[str]:
    """``trace`` as HTML, in order."""
    outcome = trace.outcome
    about = [
        trace.trace_id,
        trace.kind,
        trace.agent.name,
        trace.agent.model,
        trace.provenance.licence or "no licence",
        f"outcome {outcome.status}" + ("" if outcome.reward is None else f", reward {outcome.reward:g}"),
    ]
    yield f'<p class="soft">{line(" · ".join(part for part in about if part))}</p>'
    if trace.tools:
        listed = "\n".join(f"{tool.name}: {tool.description}" for tool in trace.tools)
        yield folded(f"{len(trace.tools)} tools", _plain(listed, bounds))
    for step in trace.steps[: bounds.steps]:
        yield from _step(step, bounds)
    if len(trace.steps) > bounds.steps:
        yield f'<p class="soft">… {format_count(len(trace.steps) - bounds.steps)} more steps</p>'
    for inner in trace.subtraces:
        yield folded(f"subtrace {inner.agent.name or inner.trace_id}", *blocks(inner, bounds))


def _step(step: Step, bounds: Bounds) -> Iterator[str]:
    name = type(step).__name__
    yield f'<div class="step {name.lower()}"><p class="head"><b>{name}</b> {line(_about(step))}</p>'
    if isinstance(step, Observe):
        quiet = step.origin in ("system", "developer")
        yield from _parts(step.content, bounds, "said", folded_from=0 if quiet else FOLDED)
    elif isinstance(step, Reflect):
        yield _fold(step.text, bounds, "said") if step.text else '<p class="soft">not readable here</p>'
    elif isinstance(step, Act):
        yield from _parts(step.content, bounds, "said")
        for call in step.calls:
            yield from _call(call, bounds)
    else:
        for result in step.results:
            yield from _result(result, bounds)
    yield "</div>"


def _about(step: Step) -> str:
    note: str
    if isinstance(step, Observe):
        note = step.origin
    elif isinstance(step, Reflect):
        note = "" if step.form == "field" else step.form
    elif isinstance(step, Act):
        note = ("final" if step.final else step.kind) + ("" if step.train else ", not trained on")
    else:
        note = f"{step.decision} ({step.decision_origin})"
    parts = [f"step {step.index}", note, f"turn {step.turn}", f"loop {step.iteration}", step.timestamp or ""]
    return " · ".join(part for part in parts if part)


def _call(call: Call, bounds: Bounds) -> Iterator[str]:
    kind = "" if call.kind == "function" else f" · {call.kind}"
    yield f'<div class="call"><p>→ <b>{line(call.name)}</b> <span class="soft">{line(call.call_id + kind)}</span></p>'
    values = _arguments(call)
    if values is None:
        yield _fold(call.arguments_json, bounds, "screen")
    else:
        edits = next((pair for pair in OLD_AND_NEW if all(isinstance(values.get(name), str) for name in pair)), None)
        if edits:
            old, new = (values.pop(name) for name in edits)
            before, after = ([f"{row}\n" for row in side.split("\n")] for side in (old, new))
            changed = "".join(unified(before, after, edits[0], edits[1]))
            yield _fold(changed, bounds, "diff")
        if values:
            yield f'<dl class="keys">{"".join(_value(key, value, bounds) for key, value in values.items())}</dl>'
    yield "</div>"


def _arguments(call: Call) -> dict[str, Any] | None:
    """The arguments by name; None where they are no object, and are shown as they are."""
    try:
        found = msgspec.json.decode(call.arguments_json)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        return None
    return found if isinstance(found, dict) else None


def _value(key: str, value: Any, bounds: Bounds) -> str:
    if not isinstance(value, str):
        return f"<dt>{line(key)}</dt><dd>{_fold(as_json(value), bounds, '')}</dd>"
    kind = "diff" if is_diff(value) else "screen" if key in COMMANDS or "\n" in value else ""
    shown = "\n".join(f"$ {row}" if not n else f"  {row}" for n, row in enumerate(value.split("\n")))
    return f"<dt>{line(key)}</dt><dd>{_fold(shown if key in COMMANDS else value, bounds, kind)}</dd>"


def _result(result: Result, bounds: Bounds) -> Iterator[str]:
    failed = result.status not in ("ok", "unknown", "missing")
    notes = [f"exit {result.exit_code}"] if result.exit_code is not None else []
    notes += [f"{result.duration_ms:g} ms"] if result.duration_ms is not None else []
    notes += [result.error_type] if result.error_type else []
    status = f'<b class="{"bad" if failed else "good" if result.status == "ok" else "soft"}">{result.status}</b>'
    about = line(" · ".join([result.call_id, *notes]))
    yield f'<div class="result"><p>← {status} <span class="soft">{about}</span></p>'
    if result.error_message:
        yield _fold(result.error_message, bounds, "screen")
    yield from _parts(result.content, bounds, "screen")
    yield "</div>"


def _parts(content: Sequence[Part], bounds: Bounds, kind: str, folded_from: int = FOLDED) -> Iterator[str]:
    for part in content:
        if part.text is not None:
            yield _fold(part.text, bounds, kind, folded_from)
        elif part.data_json is not None:
            yield _fold(part.data_json, bounds, "screen", folded_from)
        else:
            yield picture(part, bounds.image_bytes)


def _fold(value: str, bounds: Bounds, kind: str, folded_from: int = FOLDED) -> str:
    """A text in its form; what is beyond ``folded_from`` lines is folded, so that the page's own search finds it."""
    lines = value[: bounds.characters].split("\n")
    kind = "diff" if is_diff(value) else kind
    opened = sum(row.startswith(FENCE) for row in lines[:folded_from]) % 2 == 1
    cut = len(value) - bounds.characters
    more = f'<p class="soft">… {format_count(cut)} more characters</p>' if cut > 0 else ""
    if len(lines) <= folded_from + 3 and folded_from:
        return _form("\n".join(lines), kind) + more
    shown = _form("\n".join(lines[:folded_from]), kind) if folded_from else ""
    rest = lines[folded_from:]
    return shown + folded(f"{format_count(len(rest))} lines", _form("\n".join(rest), kind, opened), more)


def _plain(value: str, bounds: Bounds) -> str:
    return _form(value[: bounds.characters], "")


def _form(value: str, kind: str, in_code: bool = False) -> Raw:
    if kind == "said" and (in_code or FENCE in value):
        return Raw("".join(_fenced(value, in_code)))
    inner = diff(value) if kind == "diff" else screen(value) if kind == "screen" else text(value)
    return Raw(f"<pre{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{inner}</pre>")


def _fenced(value: str, in_code: bool) -> Iterator[str]:
    """A text with fenced code, which may begin inside of it: the code as a screen, its fences left as they are."""
    rows: list[str] = []
    for row in value.split("\n"):
        if row.startswith(FENCE):
            if in_code:
                rows.append(row)
            if any(rows):
                yield str(_form("\n".join(rows), "screen" if in_code else "plain said"))
            rows = [] if in_code else [row]
            in_code = not in_code
        else:
            rows.append(row)
    if any(rows):
        yield str(_form("\n".join(rows), "screen" if in_code else "plain said"))
