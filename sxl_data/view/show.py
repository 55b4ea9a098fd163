"""One trace for the eye: Observe, Reflect, Act and Iterate blocks in the terminal.

In: a file and which of its rows. Out: text. Control characters are escaped, so that a hostile trace can
neither colour nor move the cursor of whoever looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_data.contract.printable import printable_line
from sxl_data.trace.format import Format
from sxl_data.trace.types import Act, Call, Iterate, Observe, Part, Reflect, Result, Step, Trace
from sxl_data.validate.submission import Submission, opened

WIDTH = 80
_LINES = 40


def show(
    path: str | Path | Submission,
    row: int | str | None = None,
    format: str = "auto",
    *,
    known: dict[str, Format] | None = None,
    max_lines: int = _LINES,
    width: int = WIDTH,
) -> str:
    """Trace ``row`` of the file as text: a number from 0, a trace id, or None for the first.

    At most ``max_lines`` lines of each text are shown (0: all). Raises `UserError` U201 for a row that
    the file does not have.
    """
    return render(pick(path, row, format, known), max_lines, width)


def pick(
    path: str | Path | Submission,
    row: int | str | None = None,
    format: str = "auto",
    known: dict[str, Format] | None = None,
) -> Trace:
    """Trace ``row`` of the file, as in `show`."""
    # Longer than any file has rows, it can only be an id.
    number = isinstance(row, int) or (row is not None and row.isascii() and row.isdigit() and len(row) < 20)
    position = int(row) if row is not None and number else None
    seen = 0
    for item in opened(path, format, known):
        if item.reading is None:
            continue
        trace = item.reading.trace
        if row is None or seen == position or trace.trace_id == row or trace.provenance.source_id == row:
            return trace
        seen += 1
    raise error(
        "U201",
        file=opened(path).file,
        found=f"{seen} traces, none is {row!r}",
        expected="a number from 0, or an id",
        why="there is nothing to show",
        fix="sxl-data stats FILE says how many traces there are",
    )


def render(trace: Trace, max_lines: int = _LINES, width: int = WIDTH) -> str:
    """``trace`` as blocks of text, with heads ``width`` columns wide."""
    about = [trace.kind, trace.agent.name, trace.agent.model, trace.provenance.licence or "no licence"]
    lines = [f"trace {escape(trace.trace_id)}  ·  " + "  ·  ".join(escape(part) for part in about if part)]
    if trace.tools:
        names = [escape(tool.name) for tool in trace.tools]
        more = f" and {len(names) - 12} more" if len(names) > 12 else ""
        lines.append("tools " + ", ".join(names[:12]) + more)
    for step in trace.steps:
        lines += ["", *_step(step, max_lines, width)]
    outcome = trace.outcome
    reward = "" if outcome.reward is None else f", reward {outcome.reward:g}"
    verifier = f", by {escape(outcome.verifier)}" if outcome.verifier else ""
    lines += ["", f"outcome {outcome.status}{reward}{verifier}"]
    for n, inner in enumerate(trace.subtraces):
        lines += ["", f"subtrace {n}", *("  " + line for line in render(inner, max_lines, width - 2).split("\n"))]
    return "\n".join(lines)


def step_blocks(step: Step) -> list[str]:
    """The head of one step and its lines, whole."""
    return list(_step(step, 0, WIDTH))


def escape(text: str) -> str:
    """``text`` with everything that does not print written as an escape; tabs become spaces."""
    return printable_line(text.replace("\t", "    "))


def _step(step: Step, max_lines: int, width: int) -> Iterator[str]:
    if isinstance(step, Observe):
        yield _head(step, step.origin, width)
        yield from _parts(step.content, max_lines)
    elif isinstance(step, Reflect):
        yield _head(step, "" if step.form == "field" else step.form, width)
        yield from _text(step.text, max_lines)
    elif isinstance(step, Act):
        yield _head(step, "final" if step.final else step.kind, width)
        yield from _parts(step.content, max_lines)
        for call in step.calls:
            yield from _call(call, max_lines)
    elif isinstance(step, Iterate):
        yield _head(step, f"{step.decision} ({step.decision_origin})", width)
        for result in step.results:
            yield from _result(result, max_lines)


def _head(step: Step, note: str, width: int) -> str:
    name = type(step).__name__.upper()
    when = f"  {escape(step.timestamp)}" if step.timestamp else ""
    head = f"── {step.index} {name}{'  ' + note if note else ''}  turn {step.turn}, loop {step.iteration}{when} "
    return head + "─" * max(0, width - len(head))


def _call(call: Call, max_lines: int) -> Iterator[str]:
    yield f"  → {escape(call.name)}  [{escape(call.call_id)}]" + ("" if call.kind == "function" else f"  {call.kind}")
    yield from _text(call.arguments_json, max_lines, "      ")


def _result(result: Result, max_lines: int) -> Iterator[str]:
    notes: list[str] = [result.status]
    if result.exit_code is not None:
        notes.append(f"exit {result.exit_code}")
    if result.duration_ms is not None:
        notes.append(f"{result.duration_ms:g} ms")
    if result.error_message:
        notes.append(escape(result.error_message))
    yield f"  ← [{escape(result.call_id)}]  {', '.join(notes)}"
    yield from _parts(result.content, max_lines, "      ")


def _parts(content: Sequence[Part], max_lines: int, indent: str = "  ") -> Iterator[str]:
    for part in content:
        if part.text is not None:
            yield from _text(part.text, max_lines, indent)
        elif part.data_json is not None:
            yield from _text(part.data_json, max_lines, indent)
        else:
            yield f"{indent}<{part.type} {escape((part.uri or part.sha256 or 'missing')[:120])}>"


def _text(text: str, max_lines: int, indent: str = "  ") -> Iterator[str]:
    lines = text.split("\n")
    shown = lines if not max_lines or len(lines) <= max_lines else lines[:max_lines]
    for line in shown:
        yield indent + escape(line)
    if len(shown) < len(lines):
        yield f"{indent}… {len(lines) - len(shown)} more lines"
