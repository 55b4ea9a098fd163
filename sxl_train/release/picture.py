"""A real trace → a picture of its loop, as SVG and PNG: who says what, which tool is called, what came back.

Nothing is drawn that is not in the trace; what is too long ends in an ellipsis. The SVG needs no script and no font of
its own. The PNG is drawn from it by resvg (extra `release`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from sxl_data.contract.printable import printable
from sxl_data.trace.types import Act, Iterate, Observe, Reflect, Step, Trace

COLOURS = {"Observe": "#2f66a8", "Reflect": "#7b4f96", "Act": "#22704a", "Iterate": "#8a5a14"}
WIDTH, LINE, PADDING, LEFT = 960, 22, 14, 150
COLUMNS = 82
LINES = 3
"""Lines of one step at most."""
STEPS = 9
"""Steps at most: with more, those in the middle are counted in one line."""
Box = tuple[str, str, list[str]]


def draw(trace: Trace, title: str) -> str:
    """The SVG of ``trace`` under ``title``."""
    boxes = _shorten(list(_boxes(trace)))
    parts, top = [], 56
    for phase, about, lines in boxes:
        height = max(PADDING * 2 + LINE * max(1, len(lines)) - 6, 58 if about else 0)
        colour = COLOURS.get(phase, "#5a616b")
        parts.append(f'<rect x="24" y="{top}" width="{WIDTH - 48}" height="{height}" rx="8" fill="#f5f6f8"/>')
        parts.append(f'<rect x="24" y="{top}" width="6" height="{height}" rx="3" fill="{colour}"/>')
        parts.append(_text(44, top + 28, phase, colour, "600 16px sans-serif"))
        if about:
            parts.append(_text(44, top + 46, about, "#5a616b", "12px sans-serif"))
        for place, line in enumerate(lines):
            parts.append(_text(LEFT, top + 28 + LINE * place, line, "#1c1e21", "15px monospace"))
        top += height + 10
    head = _text(24, 36, title, "#1c1e21", "600 20px sans-serif")
    said = escape(f"{title}: " + "; ".join(phase for phase, _, _ in boxes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 14}" width="{WIDTH}" height="{top + 14}" '
        f'role="img"><title>{said}</title><rect width="100%" height="100%" fill="#fff"/>{head}{"".join(parts)}</svg>\n'
    )


def to_png(svg: str, width: int = 1920) -> bytes | None:
    """The picture as PNG, or None without resvg."""
    try:
        import resvg_py
    except ImportError:
        return None
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width))


def write(trace: Trace, title: str, folder: Path) -> list[Path]:
    """`loop.svg`, and `loop.png` where resvg is installed."""
    svg = draw(trace, title)
    (folder / "loop.svg").write_text(svg, encoding="utf-8", newline="\n")
    png = to_png(svg)
    if png is None:
        return [folder / "loop.svg"]
    (folder / "loop.png").write_bytes(png)
    return [folder / "loop.svg", folder / "loop.png"]


def _boxes(trace: Trace) -> Iterator[Box]:
    for step in trace.steps:
        if isinstance(step, Observe) and step.origin in ("system", "developer"):
            continue
        phase = type(step).__name__
        about, text = _say(step)
        yield phase, about, _wrap(text)


def _say(step: Step) -> tuple[str, str]:
    if isinstance(step, Observe):
        return step.origin, _plain(step.content)
    if isinstance(step, Reflect):
        return "", step.text
    if isinstance(step, Act):
        calls = [f"{call.name}({call.arguments_json})" for call in step.calls]
        return "the answer" if step.final else "calls" if calls else "", "\n".join(
            [_plain(step.content), *calls]
        ).strip()
    assert isinstance(step, Iterate)
    return step.decision if step.decision != "unknown" else "", "\n".join(_plain(r.content) for r in step.results)


def _plain(content: object) -> str:
    parts = content if isinstance(content, tuple) else ()
    return "\n".join(str(getattr(part, "text", "…")) for part in parts)


def _wrap(text: str) -> list[str]:
    lines = [wrapped for line in text.splitlines() for wrapped in textwrap.wrap(line, COLUMNS) or [""]]
    return lines if len(lines) <= LINES else [*lines[: LINES - 1], lines[LINES - 1][: COLUMNS - 2] + " …"]


def _shorten(boxes: list[Box]) -> list[Box]:
    if len(boxes) <= STEPS:
        return boxes
    gone = len(boxes) - STEPS + 1
    return [*boxes[: STEPS - 3], ("…", "", [f"{gone} steps more"]), *boxes[-2:]]


def _text(x: int, y: int, words: str, colour: str, font: str) -> str:
    shown = escape(printable(words))
    return f'<text x="{x}" y="{y}" fill="{colour}" style="font:{font}" xml:space="preserve">{shown}</text>'
