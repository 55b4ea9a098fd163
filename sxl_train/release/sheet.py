"""Numbers of a card, each with where it comes from.

A card is written through a `Sheet`: every number is read from a file of the package at the moment it is shown, and the
sheet remembers the file, the place in it and the words. `trace.json` of the package is that list, so that anybody can
walk from a number to its file, and a test does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from sxl_data.contract.console import format_bytes, format_count, format_seconds
from sxl_train.run.objects import Value

Form = Literal["count", "bytes", "megabytes", "percent", "decimals", "seconds", "rate", "text"]
FORMS: dict[Form, Callable[[Value], str]] = {
    "count": format_count,
    "bytes": format_bytes,
    "megabytes": lambda value: f"{value / 1e6:.1f} MB",
    "percent": lambda value: f"{100 * value:.0f} %",
    "decimals": lambda value: f"{value:.4f}",
    "seconds": format_seconds,
    "rate": lambda value: f"{value:.0f}" if value >= 10 else f"{value:.1f}",
    "text": lambda value: " ".join(str(value).split()),
}
"""How a value is shown."""
Json: TypeAlias = Value


class Number(msgspec.Struct, frozen=True):
    """One shown number and its place."""

    shown: str
    file: str
    pointer: str
    form: Form


class Sheet:
    """Reads values of the JSON files below ``folder`` and remembers which were shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers: list[Number] = []
        self._read: dict[str, Json] = {}

    def value(self, file: str, pointer: str) -> Json:
        """What stands at ``pointer`` (RFC 6901) of ``file``; KeyError where nothing does."""
        if file not in self._read:
            self._read[file] = msgspec.json.decode((self.folder / file).read_bytes())
        found = self._read[file]
        for part in pointer.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(key)] if isinstance(found, list) else found[key]
            except (IndexError, TypeError, ValueError):
                raise KeyError(pointer) from None
        return found

    def show(self, file: str, pointer: str, form: Form = "text") -> str:
        """The value in words, remembered."""
        shown = FORMS[form](self.value(file, pointer))
        self.numbers.append(Number(shown, file, pointer, form))
        return shown

    def has(self, file: str, pointer: str = "") -> bool:
        """Whether something other than null stands there."""
        try:
            return (self.folder / file).is_file() and self.value(file, pointer) is not None
        except KeyError:
            return False


def escape(key: str) -> str:
    """A key as a part of a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def check(folder: Path, numbers: list[Number], text: str) -> list[str]:
    """What of ``text`` is not as ``numbers`` say: numbers that are not what stands in their file, and digits of the
    text that no number accounts for. Code, link targets and the front matter are not looked at."""
    again, wrong = Sheet(folder), []
    for number in numbers:
        try:
            shown = again.show(number.file, number.pointer, number.form)
        except (KeyError, OSError, msgspec.DecodeError):
            shown = "nothing"
        if shown != number.shown:
            wrong.append(f"{number.file}#{number.pointer}: {number.shown} on the card, {shown} in the file")
    for paragraph in bare(text).splitlines():
        left = paragraph
        for shown in sorted({number.shown for number in numbers}, key=len, reverse=True):
            left = left.replace(shown, " ")
        if any(character.isdecimal() for character in left):
            wrong.append(f"no file has the number in: {paragraph.strip()}")
    return wrong


WORDS = ("95 %",)
"""Of the method, not of a measurement."""


def bare(text: str) -> str:
    """``text`` without front matter, code, link targets and words of method."""
    body = text.partition("\n---\n")[2] if text.startswith("---\n") else text
    kept = [part for place, part in enumerate(body.split("```")) if place % 2 == 0]
    lines = []
    for line in "\n".join(kept).splitlines():
        pieces = line.split("`")
        line = " ".join(piece for place, piece in enumerate(pieces) if place % 2 == 0) if len(pieces) > 1 else line
        while "](" in line:
            head, _, tail = line.partition("](")
            line = head + "] " + tail.partition(")")[2]
        line = " ".join(word for word in line.split(" ") if not word.startswith("https://"))
        for word in WORDS:
            line = line.replace(word, "")
        lines.append(line)
    return "\n".join(lines)
