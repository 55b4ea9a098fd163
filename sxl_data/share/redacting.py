"""Sessions → drafts without secrets, names and bytes that nobody can look into, and each change where it stands.

In: the bytes of all sessions that are shared together. Out: for each its records as they would be published and its
changes. What one session gives away goes from the others too, so all are read before one is written. A change never
holds what was taken out: it is cut from the text that is left.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from sxl_data.contract.console import Progress
from sxl_data.contract.patterns import Match, compile
from sxl_data.files.json_text import is_deep, load_plain
from sxl_data.secrets.find import LITERAL
from sxl_data.secrets.hits import is_json
from sxl_data.secrets.redact import Placeholders, forget, redact_json
from sxl_data.share.names import Names, everyone
from sxl_data.share.opaque import PICTURE, SIGN, without_bytes

LEFT, RIGHT = 28, 16
"""Characters of a change's surroundings."""
_ESCAPE = compile(rb"\\(?:u([0-9a-fA-F]{4})|.)")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@.+-:")


class Change(msgspec.Struct, frozen=True):
    """What was put in the place of something, and the text around it as it is now."""

    kind: str
    left: str
    word: str
    right: str


class Draft(msgspec.Struct):
    """A session as it would be published. ``lost`` counts lines that are no JSON, which are left out."""

    data: bytes
    changes: Counter[Change]
    lost: int = 0


class Redacted(msgspec.Struct):
    """All drafts, and how often names stay since they are words too, by their length in letters."""

    drafts: list[Draft]
    names_left: dict[int, int]
    words: frozenset[str]
    """Everything that stands for something that was taken out."""


def redact_sessions(sessions: list[bytes], lines: list[bool]) -> Redacted:
    """The drafts of ``sessions``, in order; ``lines`` says of each whether it is JSON Lines."""
    known = Placeholders()
    first: list[list[tuple[bytes, bytes]]] = []
    lost = []
    with Progress("redact", len(sessions), "sessions") as progress:
        for data, by_line in zip(sessions, lines):
            whole = data.removeprefix(b"\xef\xbb\xbf")
            records = [record for record in (whole.splitlines() if by_line else [whole]) if record.strip()]
            sound = [_plain(record) for record in records if _is_sound(record)]
            lost.append(len(records) - len(sound))
            first.append([(record, redact_json(without_bytes(record)[0], known).data) for record in sound])
            progress.advance()
    names = everyone(known.known, (after for records in first for _, after in records))
    kinds = _kinds(known, names)
    drafts = [_draft(pairs, missing, known, names, kinds) for pairs, missing in zip(first, lost)]
    left: Counter[int] = Counter()
    for name, number in names.left.items():
        left[len(name)] += number
    return Redacted(drafts, dict(left), frozenset(kinds))


def _draft(
    pairs: list[tuple[bytes, bytes]], missing: int, known: Placeholders, names: Names, kinds: dict[str, str]
) -> Draft:
    """The draft of one session, of whose records ``pairs`` are each as it was and as it is without what it says
    itself."""
    kept: list[bytes] = []
    changes: Counter[Change] = Counter()
    for before, after in pairs:
        final = _edited(after, lambda text: names.replace(forget(text, known)))
        if not is_json(final):  # nothing known makes it so; if anything does, the record does not go out
            missing += 1
            continue
        names.count(final)
        kept.append(final)
        if final != before:
            changes.update(_changes(before, final, kinds))
    return Draft(b"".join(record.strip() + b"\n" for record in kept), changes, missing)


def take_out(data: bytes, words: Iterable[str]) -> bytes:
    """``data``, lines of JSON, without ``words`` that a person named."""
    bare = [
        (word.encode("utf-8", "surrogatepass"), b"TAKEN_OUT_%d" % number)
        for number, word in enumerate(_longest(words), 1)
    ]

    def edit(text: bytes) -> bytes:
        for word, put in bare:
            text = _without(text, word, put)
        return text

    return b"\n".join(_edited(record, edit) for record in data.split(b"\n"))


def _longest(words: Iterable[str]) -> list[str]:
    return sorted(set(words), key=lambda word: (-len(word), word))


def strings(value: Any) -> Iterator[str]:
    """Every string below ``value``, keys too."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from map(str, item)
            todo += reversed(item.values())
        elif isinstance(item, list):
            todo += reversed(item)


def said(value: Any, depth: int = 3) -> Iterator[tuple[str, str]]:
    """Key and text of every string below ``value``, what JSON within a string says in its place; the key is empty
    where there is none."""
    todo = [("", value)]
    while todo:
        key, item = todo.pop()
        if isinstance(item, str):
            inner = _inner(item) if depth else None
            if inner is None:
                yield key, item
            else:
                yield from said(inner, depth - 1)
        elif isinstance(item, dict):
            yield from (("", str(name)) for name in item)
            todo += reversed([(str(name), inner) for name, inner in item.items()])
        elif isinstance(item, list):
            todo += reversed([(key, inner) for inner in item])


def _inner(text: str) -> dict[str, Any] | list[Any] | None:
    """The object or list that ``text`` is, as JSON."""
    if text[:1] not in ("{", "["):
        return None
    try:
        value = load_plain(text)
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def _without(text: bytes, bare: bytes, put: bytes) -> bytes:
    low, small, out, at = text.lower(), bare.lower(), [], 0
    if len(low) != len(text):
        low, small = text, bare
    found = low.find(small) if small else -1
    while found >= 0:
        out += [text[at:found], put]
        at = found + len(small)
        found = low.find(small, at)
    return b"".join([*out, text[at:]])


def _plain(record: bytes) -> bytes:
    """``record``, sound JSON, with letters and signs as themselves where it writes them as escapes: a name with an
    accent would else end at the accent."""

    def letter(found: Match[bytes]) -> bytes:
        code = int(found[1], 16) if found[1] else 0
        if 0xD800 <= code <= 0xDFFF or not (code > 0x9F or chr(code).isalnum()):
            return found[0]
        return chr(code).encode()

    return _ESCAPE.sub(letter, record) if b"\\u" in record else record


def _is_sound(record: bytes) -> bool:
    try:
        value = msgspec.json.decode(record)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return isinstance(value, dict | list) and not is_deep(value)


def _edited(record: bytes, edit: Callable[[bytes], bytes], depth: int = 3) -> bytes:
    """``record`` with ``edit`` applied to what is written, and to what its strings say where that is another text;
    so too in JSON within a string, ``depth`` times."""
    out = edit(record)
    if b"\\" not in out:
        return out

    def clean(found) -> bytes:  # type: ignore[no-untyped-def]
        literal: bytes = found[0]
        if b"\\" not in literal:
            return literal
        try:
            said = json.loads(literal).encode("utf-8", "surrogatepass")
        except ValueError:  # within a string, what looks like a literal need not be one
            return literal
        after = _edited(said, edit, depth - 1) if depth and b"\\u" in said else edit(said)
        if after == said:
            return literal
        text = after.decode("utf-8", "surrogatepass")
        return json.dumps(text, ensure_ascii=literal.isascii()).encode("utf-8", "surrogatepass")

    return LITERAL.sub(clean, out)


def _kinds(known: Placeholders, names: Names) -> dict[str, str]:
    """Placeholder → what it stands for."""
    made = {word.decode(): kind for (kind, _), word in known.known.items()}
    for word in ("user", "User", "host", "Host", *(word.decode() for word in names.words)):
        made.setdefault(word, "name")
    for word in [word for word in made if not word.startswith("SECRET_")]:
        for other in (word.capitalize(), word.title()):
            made.setdefault(other, made[word])
    return made | {SIGN.decode(): "bytes", PICTURE.decode(): "picture"}


def _changes(before: bytes, after: bytes, kinds: dict[str, str]) -> Iterator[Change]:
    """The changes from one record to the other, which have the same form."""
    olds, news = strings(msgspec.json.decode(before)), strings(msgspec.json.decode(after))
    words = sorted(kinds, key=len, reverse=True)
    for old, new in zip(olds, news):
        if old != new:
            yield from _within(old, new, kinds, words)


def _within(old: str, new: str, kinds: dict[str, str], words: list[str]) -> Iterator[Change]:
    """Walk along both texts; where they part, a placeholder stands in the new one."""
    i = j = 0
    while j < len(new):
        step = _equal(old, new, i, j)
        i, j = i + step, j + step
        if j >= len(new):
            return
        back = 0
        while back < min(i, j, 40) and new[j - back - 1] in _WORD:
            back += 1
        starts = range(j - back, j + 1)
        found = next(
            ((at, word) for at in starts for word in words if new.startswith(word, at) and at + len(word) >= j), None
        )
        at, word = found or (j, new[j : j + 1])
        end = at + len(word)
        yield Change(kinds.get(word, "other"), new[max(0, at - LEFT) : at], word, new[end : end + RIGHT])
        following = new[end : end + RIGHT]
        met = old.find(following, i - (j - at)) if following else len(old)
        if met < 0:
            met = old.find(following[:3], i)
        if met < 0:
            return
        i, j = met, end


def _equal(old: str, new: str, i: int, j: int) -> int:
    """How many characters are the same from ``i`` and ``j`` on."""
    step, size = 0, 64
    most = min(len(old) - i, len(new) - j)
    while step < most:
        size = min(size, most - step)
        if old[i + step : i + step + size] == new[j + step : j + step + size]:
            step += size
            size *= 2
        elif size == 1:
            return step
        else:
            size //= 2
    return step
