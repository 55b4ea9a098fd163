"""What is said of a record, and what is kept of one that cannot be read, without secrets and persons.

In: the bytes of a record and what the recipe says about secrets. Out: findings that quote no piece of what has to go,
and the bytes that the quarantine keeps. A finding quotes the first characters of a text or a place in it, and a token
that is cut there is found by nobody afterwards, so it is looked for in the record itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import msgspec

from sxl_data.contract.errors import Finding
from sxl_data.files.numbers import encode_json
from sxl_data.secrets.find import find
from sxl_data.secrets.hits import Hit
from sxl_data.secrets.redact import Placeholders, forget, without_pieces
from sxl_data.secrets.rows import Redaction
from sxl_data.trace.format import Document

# Bytes of a record that the quarantine keeps; the file, line and digest find the rest.
RAW_LIMIT = 64_000


class Quoted:
    """One record of ``source`` of which something is said; it is searched once, when that is so."""

    def __init__(self, raw: Callable[[], bytes], source: str, redaction: Redaction | None) -> None:
        self._make, self.source, self.redaction = raw, source, redaction

    @cached_property
    def raw(self) -> bytes:
        """The record."""
        return self._make()

    @cached_property
    def hits(self) -> list[Hit]:
        """What has to go from it. What cannot be read has no kind, so persons are taken out of it wherever the source
        is not exempt."""
        if self.redaction is None:
            return []
        people = not {"*", self.source} & set(self.redaction.keep_private)
        return find(self.raw, self.redaction.secrets, people)

    def cut(self, item: Finding) -> Finding:
        """``item`` without the pieces of what was taken out of the record, which it quotes."""
        if self.redaction is None or not (item.found or item.expected):
            return item
        values = [value for hit in self.hits for value in {self.raw[hit.start : hit.end], hit.value}]
        if not values:
            return item
        said = {
            name: without_pieces(text.encode("utf-8", "surrogatepass"), values).decode("utf-8", "replace")
            for name, text in (("found", item.found), ("expected", item.expected))
            if text
        }
        return msgspec.structs.replace(item, **said)

    def kept(self) -> tuple[bytes, list[dict[str, object]]]:
        """The bytes that the quarantine keeps, and where it holds placeholders in the place of others."""
        raw = self.raw
        hits = [hit for hit in self.hits if hit.start < RAW_LIMIT]
        names = Placeholders()
        out, at = [], 0
        for hit in hits:
            out += [raw[at : hit.start], names.of(hit)]
            at = hit.end
        said: list[dict[str, object]] = [{"start": hit.start, "end": hit.end, "kind": hit.kind} for hit in hits]
        return forget(b"".join([*out, raw[at : max(at, RAW_LIMIT)]]), names), said


def raw_of(document: Document) -> bytes:
    """A document as bytes, as near to its source as its value tells."""
    if document.text is not None:
        return document.text.encode("utf-8", "surrogatepass")
    try:
        return encode_json(document.value)
    except (TypeError, UnicodeEncodeError, msgspec.MsgspecError):
        return repr(document.value).encode("utf-8", "backslashreplace")
