"""What the cells of a notebook printed, showed and raised, as results.

In: a code cell. Out: its outputs in order. An output comes in several forms of one thing: the plain text is kept, or,
where there is none or only the name of a Python object, the richest text (Markdown, LaTeX, HTML, JSON). Images, sounds
and other bytes keep their media type. A line that was written over (a progress bar) is what stood there last.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Literal

from sxl_data.contract import patterns
from sxl_data.files.json_text import dump
from sxl_data.trace.media import inline_part
from sxl_data.trace.types import Part, Result

# Longest output kept, in characters: tables printed in full teach nothing.
MAX_OUTPUT = 8_000

_PLAIN = "text/plain"
_RICH = ("text/markdown", "text/latex", "text/html", "application/json")
_OBJECT = patterns.compile(r"\A\s*<[\w.]{1,200}(?: object)?(?: at 0x[0-9A-Fa-f]{1,16})?>\s*\z")
_ESCAPES = patterns.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def result_of(call_id: str, cell: Mapping[str, Any]) -> Result:
    """The outputs of a cell in order; an output of type error makes the result one."""
    content: list[Part] = []
    error: Mapping[str, Any] | None = None
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        kind = output.get("output_type") if isinstance(output, dict) else None
        if kind == "stream":
            content.append(_text(joined(output.get("text"))))
        elif kind == "error":
            error = output
            lines = output.get("traceback")
            content.append(_text("\n".join(map(str, lines)) if isinstance(lines, list) else joined(lines)))
        elif kind in ("execute_result", "display_data") and isinstance(output.get("data"), dict):
            content += shown(output["data"])
    content = [part for part in content if part.text or part.type != "text"]
    cut = any(part.text is not None and len(part.text) >= MAX_OUTPUT for part in content)
    if error is None:
        return Result(call_id=call_id, content=tuple(content), status="ok", truncated=True if cut else None)
    return Result(
        call_id=call_id,
        content=tuple(content),
        status="error",
        error_type=str(error.get("ename") or ""),
        error_message=str(error.get("evalue") or ""),
        truncated=True if cut else None,
    )


def shown(data: Mapping[str, Any]) -> list[Part]:
    """The parts of one thing that is shown, of which ``data`` holds a form by media type."""
    parts = []
    if _PLAIN in data:
        parts.append(_text(joined(data[_PLAIN])))
    media = next((name for name in data if name.startswith(("image/", "audio/"))), None)
    if media is not None:
        return [*parts, media_part(media, joined(data[media]))]
    if not parts or _OBJECT.match((parts[0].text or "")[:300]):
        rich = next((name for name in _RICH if name in data), None)
        rich = rich or next((name for name in data if name != _PLAIN and _is_text(name)), None)
        if rich is not None:
            value = data[rich]
            lines = isinstance(value, str) or (isinstance(value, list) and not rich.endswith("json"))
            return [*parts, _text(joined(value) if lines else dump(value))]
    if not parts:
        parts = [media_part(name, joined(held)) for name, held in data.items() if isinstance(held, (str, list))][:1]
    return parts


def joined(value: Any) -> str:
    """A text of a notebook, which is a string or a list of lines; its line ends are those of Unix."""
    text = "".join(map(str, value)) if isinstance(value, list) else value if isinstance(value, str) else ""
    return text.replace("\r\n", "\n")


def media_part(name: str, held: str) -> Part:
    """An image, sound or file of media type ``name``, which notebooks hold as base64 (SVG as text)."""
    try:
        data = held.encode("utf-8") if name.endswith("+xml") else base64.b64decode(held)
    except ValueError:
        data = held.encode("utf-8", "surrogatepass")
    kind: Literal["image", "audio", "file"] = "file"
    if name.startswith("image/"):
        kind = "image"
    elif name.startswith("audio/"):
        kind = "audio"
    return inline_part(kind, data, name)


def _is_text(name: str) -> bool:
    """Whether what is held under media type ``name`` says something by itself; a widget is an id alone."""
    return "widget" not in name and (name.startswith("text/") or name.endswith(("json", "javascript", "xml")))


def _text(text: str) -> Part:
    text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return Part(text=text.rstrip("\n")[:MAX_OUTPUT])
