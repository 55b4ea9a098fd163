"""The elements of a JSON array, or values one after the other, from a stream of any length.

In: pieces of bytes. Out: the bytes of each element with its line. The standard decoder finds where an
element ends; when it fails near the end of what was read, more is read and it tries again. The bytes
are handed out unchanged, so the strict decoder judges them later.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sxl_data.contract.errors import finding
from sxl_data.files.record import Raw, Record
from sxl_data.files.streams import MAX_RECORD, CutOff

_SPACE = " \t\r\n"


def elements(pieces: Iterator[bytes], file: str, line: int = 1, cut: Record | None = None) -> Iterator[Raw | Record]:
    """The elements in ``pieces``, the first of which begins on ``line``; then ``cut``, or a finding where the text
    breaks off or is no JSON.

    After a broken element the rest is given up: where the next begins cannot be known.
    """
    decoder = json.JSONDecoder()
    text, in_array, expect_value, ended = "", None, True, False
    carry = b""
    position = count = 0

    def at() -> str:
        return f"/{count}" if in_array else ""

    while True:
        # White space and separators.
        while position < len(text) and text[position] in _SPACE:
            line += text[position] == "\n"
            position += 1
        if position < len(text):
            char = text[position]
            if in_array is None:
                in_array = char == "["
                if in_array:
                    position += 1
                    continue
            if in_array and char == "," and not expect_value:
                expect_value, position = True, position + 1
                continue
            if in_array and char == "]":
                rest = text[position + 1 :].strip(_SPACE)
                if rest or any(piece.strip() for piece in pieces):
                    yield _broken(file, line, "text after the end of the array")
                return
            if in_array and not expect_value:
                yield _broken(file, line, f"{text[position : position + 40]!r} after an element")
                return
            try:
                _, end = decoder.raw_decode(text, position)
                whole = end < len(text) or ended
            except RecursionError:
                # Too deep to find its end; the strict decoder says so of the whole.
                yield Raw(line, text[position:].encode("utf-8", "surrogateescape"), at=at())
                return
            except json.JSONDecodeError:
                whole = False
            if whole:
                data = text[position:end].encode("utf-8", "surrogateescape")
                yield Raw(line, data, at=at())
                count += 1
                line += data.count(b"\n")
                position, expect_value = end, not in_array
                continue
        if ended:
            if position < len(text) and cut is None:
                yield Raw(line, text[position:].encode("utf-8", "surrogateescape"), at=at())
            elif cut is not None:
                yield Record(line, None, findings=cut.findings)
            elif in_array:
                yield _broken(file, line, "the end of the file inside the array")
            return
        # Read at least as much as is pending, so that a long element is not parsed again and again.
        text, position = text[position:], 0
        wanted = max(len(text), 1 << 20)
        new: list[bytes] = [carry]
        size = 0
        while size < wanted:
            try:
                piece = next(pieces, None)
            except CutOff as broken:
                cut = Record(
                    line,
                    None,
                    findings=(
                        finding("S110", file=file, line=line, found=str(broken), expected="the rest of the file"),
                    ),
                )
                piece = None
            if piece is None:
                ended = True
                break
            new.append(piece)
            size += len(piece)
        data = b"".join(new)
        # A character may be cut by the border between two pieces.
        keep = 0 if ended else _partial(data)
        carry = data[len(data) - keep :]
        text += data[: len(data) - keep].decode("utf-8", "surrogateescape")
        if len(text) > MAX_RECORD:
            yield Record(
                line,
                None,
                findings=(
                    finding("S109", file=file, line=line, found=f"over {MAX_RECORD} bytes", expected="smaller records"),
                ),
            )
            return


def _partial(data: bytes) -> int:
    """How many bytes at the end of ``data`` begin a character that is not whole."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            return back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
        if byte < 0x80:
            return 0
    return 0


def _broken(file: str, line: int, found: str) -> Record:
    return Record(line, None, findings=(finding("S101", file=file, line=line, found=found, expected="JSON"),))
