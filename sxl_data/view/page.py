"""One trace as a page: the blocks of `show` for a browser, to be read at length or sent to somebody.

In: a trace. Out: one HTML document without scripts, fonts or anything else from elsewhere, so that opening a stranger's
trace loads nothing. All text is escaped; what is long is folded, and the browser's own search still finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape as quoted

from sxl_data.trace.types import Observe, Step, Trace
from sxl_data.view.show import escape, step_blocks

_FOLDED = 20  # lines, beyond which a text is folded
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --observe: #4a7dbd; --reflect: #9a6fb0;
  --act: #3c8d5f; --iterate: #b5803a; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { border-left: 4px solid var(--line); padding: 0 0 0 .9rem; margin: 1.2rem 0; }
.observe { border-color: var(--observe); } .reflect { border-color: var(--reflect); }
.act { border-color: var(--act); } .iterate { border-color: var(--iterate); }
h2 { font-size: .85rem; margin: 0; opacity: .75; font-weight: 600; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; font-size: .85rem; }
summary { cursor: pointer; opacity: .75; font-size: .85rem; }
"""


def page(trace: Trace) -> str:
    """``trace`` as an HTML document."""
    title = quoted(escape(trace.task.split("\n")[0][:80] or trace.trace_id))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n" + "\n".join(_trace(trace)) + "\n</body></html>\n"
    )


def _trace(trace: Trace) -> Iterator[str]:
    about = [
        trace.trace_id,
        trace.kind,
        trace.agent.name,
        trace.agent.model,
        trace.provenance.licence or "no licence",
        f"outcome {trace.outcome.status}",
    ]
    yield f"<p>{quoted(escape(' · '.join(part for part in about if part)))}</p>"
    if trace.tools:
        names = [escape(f"{tool.name}: {tool.description}") for tool in trace.tools]
        yield f"<details><summary>{len(names)} tools</summary>{_lines(names)}</details>"
    for step in trace.steps:
        yield from _section(step)
    for inner in trace.subtraces:
        yield f"<details><summary>subtrace {quoted(escape(inner.agent.name or inner.trace_id))}</summary>"
        yield from _trace(inner)
        yield "</details>"


def _section(step: Step) -> Iterator[str]:
    head, *lines = step_blocks(step)
    yield f'<section class="{type(step).__name__.lower()}"><h2>{quoted(head.strip("─ "))}</h2>'
    system = isinstance(step, Observe) and step.origin in ("system", "developer")
    shown = 0 if system else _FOLDED if len(lines) > _FOLDED else len(lines)
    if shown:
        yield _lines(lines[:shown])
    if shown < len(lines):
        yield f"<details><summary>{len(lines) - shown} lines</summary>{_lines(lines[shown:])}</details>"
    yield "</section>"


def _lines(lines: list[str]) -> str:
    """``lines``, which hold nothing that does not print."""
    return f"<pre>{quoted(chr(10).join(lines))}</pre>"
