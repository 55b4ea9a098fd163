"""Takes secrets and persons out of a text and puts placeholders in their place.

In: a text and the placeholders of its trace. Out: the text. A placeholder is a word (`SECRET_github_token`,
`user2@example.com`, `192.0.2.3`), so that code, JSON, YAML and shell lines parse as before; equal values get equal
placeholders within a trace, so that it still reads as one story. What has been redacted is not found again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from sxl_data.secrets import persons
from sxl_data.secrets.find import LITERAL, find
from sxl_data.secrets.hits import Hit, is_json
from sxl_data.secrets.persons import is_personal

_LONGEST = 8_000
"""Characters behind a cut in which what is cut there may end."""
_PIECE = 6
_REMEMBERED = 8
"""Bytes from which a secret is looked for in the rest of its trace, where nothing but its value gives it away."""


class Placeholders:
    """What stands for whom in one trace."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], bytes] = {}
        self._counts: dict[str, int] = {}
        self.secrets: dict[bytes, bytes] = {}
        """Values that may be taken out wherever they stand, with their placeholders."""

    def of(self, hit: Hit) -> bytes:
        """The placeholder of what was found."""
        kind = persons.USER if hit.kind == persons.HOST else hit.kind
        key = (kind, b"@" + hit.value if hit.kind == persons.HOST else hit.value)
        if key not in self._known:
            scope = hit.kind if hit.kind != persons.ADDRESS else hit.kind + "46"[b":" in hit.value]
            number = self._counts[scope] = self._counts.get(scope, 0) + 1
            self._known[key] = _word(hit, number)
            if hit.kind not in persons.KINDS and len(hit.value) >= _REMEMBERED and b"\n" not in hit.value:
                if len(hit.value) >= 16 or any(48 <= byte <= 57 for byte in hit.value):
                    self.secrets[hit.value] = self._known[key]
        return self._known[key]

    @property
    def known(self) -> dict[tuple[str, bytes], bytes]:
        """What was taken out so far: (kind, value) → placeholder."""
        return self._known


class Redacted(NamedTuple):
    """The text, and how many secrets and persons were taken out of it."""

    data: bytes
    secrets: int
    persons: int


def code_of(hit: Hit) -> str:
    """The code of the finding that says ``hit``."""
    if not is_personal(hit):
        return "C411"
    return "C412" if hit.kind == persons.USER else "C413"


def shown(hit: Hit) -> str:
    """What a report may say of what was found: not the secret itself."""
    text = hit.value.decode("utf-8", "replace")
    if not is_personal(hit):
        return f"{hit.kind}, {text[: min(4, len(text) // 4)]}…"
    return f"{hit.kind} {text}" if hit.kind == persons.USER else f"{hit.kind}, {text[:2]}…"


def redact(
    data: bytes, names: Placeholders, secrets: bool = True, people: bool = True, hits: list[Hit] | None = None
) -> Redacted:
    """``data`` without secrets and, where ``people`` is set, without persons; ``hits`` are what `find` finds in it, if
    that is known."""
    if hits is None:
        hits = find(data, secrets, people)
    if not hits:
        return Redacted(data, 0, 0)
    personal = sum(map(is_personal, hits))
    return Redacted(_splice(data, hits, names), len(hits) - personal, personal)


def redact_json(
    data: bytes, names: Placeholders, secrets: bool = True, people: bool = True, hits: list[Hit] | None = None
) -> Redacted:
    """``data`` as `redact` leaves it, where it is JSON: what its strings say is looked at, not how they are written,
    and it stays JSON with its order, its numbers and its white space. Other text is taken as it is."""
    was_json = is_json(data)
    raw = redact(data, names, secrets, people, hits)
    if not was_json:
        return raw
    if raw.data is not data and not is_json(raw.data):
        raw = Redacted(data, 0, 0)
    counts = [raw.secrets, raw.persons]

    def clean(found) -> bytes:  # type: ignore[no-untyped-def]
        literal: bytes = found[0]
        if b"\\" not in literal and raw.data is not data:
            return literal
        said = json.loads(literal)
        inner = redact(said.encode("utf-8", "surrogatepass"), names, secrets, people)
        if not inner.secrets + inner.persons:
            return literal
        counts[0] += inner.secrets
        counts[1] += inner.persons
        text = inner.data.decode("utf-8", "surrogatepass")
        return json.dumps(text, ensure_ascii=literal.isascii()).encode("utf-8", "surrogatepass")

    return Redacted(LITERAL.sub(clean, raw.data), *counts)


def forget(data: bytes, names: Placeholders) -> bytes:
    """``data`` without the secrets that were found elsewhere in its trace."""
    for value in sorted(names.secrets, key=len, reverse=True):
        if value in data:
            data = data.replace(value, names.secrets[value])
    return data


def without_pieces(text: bytes, values: Iterable[bytes]) -> bytes:
    """``text``, a short quotation, without what it cut out of ``values``: a piece of a token is no token any more, so
    nothing but the whole gives it away."""
    gone = bytearray(len(text))
    for value in values:
        for at in range(len(text) - _PIECE + 1):
            if text[at : at + _PIECE] in value:
                gone[at : at + _PIECE] = b"\1" * _PIECE
    if not any(gone):
        return text
    out = bytearray()
    for at, is_gone in enumerate(gone):
        if not is_gone:
            out.append(text[at])
        elif not at or not gone[at - 1]:
            out += b"SECRET_piece"
    return bytes(out)


def shortened(text: str, most: int) -> str:
    """At most ``most`` characters of ``text``, cut before a secret or a person rather than in the middle."""
    head = text[:most].encode("utf-8", "surrogatepass")
    end = len(head)
    for hit in find(text[: most + _LONGEST].encode("utf-8", "surrogatepass"), people=True):
        if hit.start < end < hit.end:
            return head[: hit.start].decode("utf-8", "replace")
    return text[:most]


def _splice(data: bytes, hits: list[Hit], names: Placeholders) -> bytes:
    out, at = [], 0
    for hit in hits:
        word = names.of(hit)
        if word[:1] == b"u" and _is_escaped(data, hit.start):
            word = word.capitalize()  # "C:\Users\ann" is a string of JavaScript, "\u" begins an escape in it
        out += [data[at : hit.start], word]
        at = hit.end
    return b"".join([*out, data[at:]])


def _is_escaped(data: bytes, at: int) -> bool:
    """Whether a lone backslash stands before ``at``, in a line that opens a string before it."""
    line = data[max(0, at - 200) : at].rpartition(b"\n")[2]
    return (len(line) - len(line.rstrip(b"\\"))) % 2 == 1 and any(quote in line for quote in (b'"', b"'", b"`"))


def _word(hit: Hit, number: int) -> bytes:
    again = str(number) if number > 1 else ""
    if hit.kind == persons.ADDRESS:
        net, host = divmod(number - 1, 254)
        if b":" in hit.value:
            return f"2001:db8::{number:x}".encode()
        return f"{('192.0.2', '198.51.100', '203.0.113')[net % 3]}.{host + 1}".encode()
    word = {
        persons.USER: f"user{again}",
        persons.NAME: f"User{again}",
        persons.MAIL: f"user{again}@example.com",
        persons.HOST: f"host{again}",
        persons.PHONE: f"+1-202-555-{100 + (number - 1) % 100:04d}",
    }.get(hit.kind)
    if word is None:
        word = f"SECRET_{hit.kind.replace('-', '_')}" + (f"_{number}" if number > 1 else "")
    return word.encode()
