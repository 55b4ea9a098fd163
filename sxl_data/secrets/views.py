"""What a text says beneath its escapes: without colours, NUL and what has no width, with %41, \\u0041, &#65; decoded.

In: bytes. Out: for each stretch that holds such escapes, the bytes they stand for and where each of these bytes came
from, so that what is found there can be taken out of the text itself. Only stretches without white space around an
escape are decoded, each of bounded length, so the work stays linear in the text.
"""

from __future__ import annotations

import base64
import binascii
import codecs
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sxl_data.contract.patterns import Match, compile
from sxl_data.secrets.scanning import Start

ESCAPES = compile(
    rb"\x1b|%[2-7][0-9A-Fa-f]|\\u00[2-7]|\\x[2-7][0-9A-Fa-f]|&#x?[0-9A-Fa-f]{2,3};|\\(?:033|e|x1b|u001b)\[|\\/|\x00|\xe2\x80\x8b|\xc2\xad"
)
"""A part of every escape that is decoded here."""
STARTS = tuple(
    Start(look)
    for look in (
        "\x1b",
        r"%[2-7][0-9A-Fa-f]",
        r"\\u00[2-7]",
        r"\\x[2-7][0-9A-Fa-f]",
        r"&#[x0-9][0-9A-Fa-f]",
        r"\\033\[",
        r"\\e\[[0-9;?A-Za-z]",
        r"\\x1b\[",
        r"\\u001b",
        r"\\/",
        "\0",
        "\xe2\x80\x8b",
        "\xc2\xad",
    )
)
"""How a match of `ESCAPES` begins."""
_COLOUR = compile(rb"(?:\x1b|\\(?:033|e|x1[bB]|u001[bB]))\[[0-9;?]*[A-Za-z]")
_ESCAPE = compile(
    rb"%(?P<percent>[2-7][0-9A-Fa-f])|\\+u00(?P<unicode>[2-7][0-9A-Fa-f])|\\+x(?P<hex>[2-7][0-9A-Fa-f])"
    rb"|(?P<slash>\\+/)|(?P<none>\x00|\xe2\x80\x8b|\xc2\xad)|&#x(?P<entity>[2-7][0-9A-Fa-f]);|&#(?P<decimal>\d{2,3});"
)
_STRETCH = compile(rb"[^\s]+")
_BASE64 = compile(rb"[A-Za-z0-9+/]{32,}={0,2}(?:(?:\r?\n|\\n)[A-Za-z0-9+/]{4,}={0,2})*")
_PRINTED = bytes([9, 10, 13, *range(32, 127), *range(128, 256)])
_MOST = 100_000
"""Bytes of a stretch that are looked at."""


class View(NamedTuple):
    """``data`` decoded; byte k of it came from ``starts[k]`` up to ``ends[k]`` of the text. ``whole`` is the stretch
    that goes as one where anything in it is found (base64)."""

    data: bytes
    starts: list[int]
    ends: list[int]
    whole: tuple[int, int] | None = None


def is_escape(text: bytes) -> bool:
    """Whether ``text``, where a search stopped, is a match of `ESCAPES`."""
    first = text[:1]
    if first == b"\\":
        return text[1:2] in b"/uxe0" and not text.startswith(b"\\Users")
    return (
        first in (b"\x1b", b"\x00", b"\xc2")
        or text[:3] == b"\xe2\x80\x8b"
        or (first == b"%" and len(text) == 3)
        or (first == b"&" and text[-1:] == b";")
    )


def views(data: bytes, escapes: Iterable[tuple[int, int]], runs: list[int] | None) -> Iterator[View]:
    """Every other reading of ``data``; ``escapes`` are the matches of `ESCAPES`, ``runs`` where base64 begins, if that
    is known."""
    end = 0
    for at, stop in escapes:
        if at < end:
            continue
        if data[at:stop].endswith((b"\x1b", b"[")):
            begin, end = _line(data, max(end, at - _MOST), at)
            piece = data[begin:end]
            yield assemble(piece, begin, [(*cut.spans[0], b"") for cut in _COLOUR.finditer(piece)])
        else:
            begin = max(end, _start_of_stretch(data, at))
            stretch = _STRETCH.match(data[begin : at + _MOST])
            end = begin + (stretch.spans[0][1] if stretch else 1)
            piece = data[begin:end]
            yield assemble(piece, begin, [_decoded(escape) for escape in _ESCAPE.finditer(piece)])
    yield from _from_base64(data, runs)


def _line(data: bytes, first: int, at: int) -> tuple[int, int]:
    """Where the line that holds ``at`` begins, not before ``first``, and ends."""
    stop = data.find(b"\n", at, at + _MOST)
    return max(first, data.rfind(b"\n", first, at) + 1), stop if stop >= 0 else min(len(data), at + _MOST)


def _start_of_stretch(data: bytes, at: int) -> int:
    window = data[max(0, at - 4000) : at]
    return at - len(window) + max(window.rfind(mark) for mark in (b" ", b"\n", b"\t", b"\r")) + 1


def _decoded(found: Match[bytes]) -> tuple[int, int, bytes]:
    start, end = found.span()
    if found["slash"] or found["none"]:
        return start, end, b"/" if found["slash"] else b""
    digits = found["percent"] or found["unicode"] or found["hex"] or found["entity"]
    number = int(digits, 16) if digits else int(found["decimal"])
    return start, end, bytes([number]) if number < 128 else found[0]


def assemble(piece: bytes, offset: int, edits: list[tuple[int, int, bytes]]) -> View:
    """``piece``, which begins at ``offset``, with each [start, end) of ``edits`` exchanged."""
    out = bytearray()
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for start, end, put in [*edits, (len(piece), len(piece), b"")]:
        out += piece[at:start] + put
        starts += range(offset + at, offset + start)
        ends += range(offset + at + 1, offset + start + 1)
        starts += [offset + start] * len(put)
        ends += [offset + end] * len(put)
        at = end
    return View(bytes(out), starts, ends)


def _from_base64(data: bytes, runs: list[int] | None) -> Iterator[View]:
    for start, end in _runs_of_base64(data, runs):
        if end - start > _MOST or not _may_be_text(data[start : start + 32]):
            continue
        text = data[start:end].replace(b"\\n", b"").translate(None, b"\r\n=")
        try:
            plain = base64.b64decode(text[: len(text) // 4 * 4 + 3] + b"=" * (-len(text) % 4))
        except (ValueError, binascii.Error):
            continue
        if not plain.translate(None, _PRINTED) and _is_utf8(plain):
            yield View(plain, [start] * len(plain), [end] * len(plain), (start, end))


def _runs_of_base64(data: bytes, runs: list[int] | None) -> Iterator[tuple[int, int]]:
    if runs is None:
        yield from (found.spans[0] for found in _BASE64.finditer(data))
        return
    end = 0
    for start in runs:
        if start >= end:
            found = _BASE64.match(data[start : start + _MOST + 1])
            end = start + (found.spans[0][1] if found else 1)
            yield start, end


def _may_be_text(head: bytes) -> bool:
    """Whether 32 characters of base64 stand for text: most digests, names and paths do not."""
    plain = binascii.a2b_base64(head)
    return not plain.translate(None, _PRINTED) and _is_utf8(plain, whole=False)


def _is_utf8(data: bytes, whole: bool = True) -> bool:
    """Whether ``data`` is; not ``whole``: its last character may be cut."""
    try:
        codecs.utf_8_decode(data, "strict", whole)
    except UnicodeDecodeError:
        return False
    return True
