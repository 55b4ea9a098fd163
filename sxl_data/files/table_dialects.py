"""How a table of text is written: its encoding, and what separates its values.

In: the first bytes of a CSV file. Out: a `Dialect`, and the bytes as UTF-8. Spreadsheets write the separator of their
language (``;`` where the comma is decimal), UTF-16 or Windows-1252, and say it nowhere but by a byte order mark. UTF-8
is believed wherever one sign of it is there; bytes beside letters that are no UTF-8 at all are Windows-1252, of which
Latin-1's letters are part. A separator is believed where the first rows have one width by it; the comma goes first.
Source: RFC 4180, https://encoding.spec.whatwg.org/#legacy-single-byte-encodings.
"""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterator

import msgspec

from sxl_data.contract import patterns

SEPARATORS = (",", ";", "\t", "|")
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MANY_BYTES = patterns.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_BESIDE_LETTERS = patterns.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]")
_ROWS = 20  # that are looked at


class Dialect(msgspec.Struct, frozen=True):
    """How a table is written."""

    encoding: str = "UTF-8"
    separator: str = ","

    @property
    def told(self) -> str | None:
        """What of it is not what is expected of CSV, in words; None where nothing is."""
        named = {"\t": "tabs", "|": "'|'", ";": "';'", ",": "commas"}[self.separator]
        odd = [self.encoding] if self.encoding != "UTF-8" else []
        odd += [f"{named} between values"] if self.separator != "," else []
        return ", ".join(odd) or None


def is_table(file: str) -> bool:
    """Whether the name of ``file`` says that it is a table of text."""
    return file.lower().removesuffix(".gz").removesuffix(".zst").endswith((".csv", ".tsv"))


def dialect_of(first: bytes, file: str) -> Dialect:
    """The dialect of the table that begins with ``first``, a piece of it with its first rows."""
    encoding = "UTF-16" if first.startswith(UTF16) else "UTF-8"
    if encoding == "UTF-8" and not _is_utf8(first) and not _MANY_BYTES.search(first) and _BESIDE_LETTERS.search(first):
        encoding = "Windows-1252"
    if file.lower().removesuffix(".gz").removesuffix(".zst").endswith(".tsv"):
        return Dialect(encoding, "\t")
    text = codecs.getincrementaldecoder(encoding)("replace").decode(first)
    return Dialect(encoding, _separator(text))


def as_utf8(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """``pieces`` of a text in ``encoding`` as UTF-8; what has no meaning in it becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for piece in itertools.chain(pieces, (b"",)):
        text = decoder.decode(piece, final=not piece)
        if text:
            yield text.encode("utf-8", "surrogatepass")


def _is_utf8(data: bytes) -> bool:
    """Whether ``data`` is UTF-8 but for a sign that its end cuts."""
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _separator(text: str) -> str:
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    whole = lines if len(lines) < 2 or text.endswith(("\n", "\r")) else lines[:-1]
    widths = {separator: _widths(whole, separator) for separator in SEPARATORS}
    wide = [separator for separator in SEPARATORS if widths[separator][:1] > [1]]
    even = [separator for separator in wide if len(set(widths[separator])) == 1]
    return (even or wide or [","])[0]


def _widths(lines: list[str], separator: str) -> list[int]:
    """How many values the first rows have by ``separator``, as far as they can be read."""
    found: list[int] = []
    try:
        for row in csv.reader(iter(lines), delimiter=separator, strict=True):
            if row:
                found.append(len(row))
            if len(found) == _ROWS:
                break
    except csv.Error:
        pass
    return found
