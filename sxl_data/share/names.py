"""Names of persons and machines, wherever they stand: a folder is shared as a whole, so a name that one place gives
away is taken out of all others.

In: what `secrets` found to be names, and who runs this program on which machine. Out: the text with placeholders, and
how often a name was left because it is a word too. `secrets` itself takes a name out only where its place says that it
is one, since a dataset of others' texts must not lose words; here a person looks at each change.
"""

from __future__ import annotations

import contextlib
import getpass
import platform
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sxl_data.secrets import persons
from sxl_data.secrets.nobody import is_nobody

SHORTEST = 3
"""Letters of a name below which it stays, and is counted."""
INSIDE = 7
"""Letters from which a name is taken out of the middle of other words too."""
_WORDS = frozenset(
    b"art bill carol chase chip christian dawn dean dev drew earl faith fern frank gene grace grant guy harmony hope "
    b"hunter iris ivy jack jade jay jean john jordan june king lance lane major mark marina mason max may melody mercy "
    b"mike miles miller neo norm olive page paris pat patience pearl penny peter pierce ray reed rich rob robin rod "
    b"rose ruby sage sky stone sue summer tab tom victor violet ward wade will woody young localhost server desktop "
    b"laptop macbook linux windows debian docker build main local machine host home office data test alpha beta".split()
)
"""Names that are words of prose or code."""
_ALNUM = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_LONGEST_ESCAPE = 24
"""Bytes of a terminal's escape for a colour."""
_ASSIGNED = (b"USER", b"LOGNAME", b"USERNAME", b"HOSTNAME", b"COMPUTERNAME", b"USERDOMAIN", b"SUDO_USER")


class Names:
    """Names with what stands for them; ``left`` counts, by length, those that stay as the words that they are too."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}
        self.left: Counter[bytes] = Counter()
        self._words: set[bytes] = set()

    def add(self, name: bytes, word: bytes) -> None:
        """Take ``name`` out from now on; ``word`` stands for it."""
        low = name.strip().lower()
        if len(low) < 2 or is_nobody(low) or low.startswith((b"user", b"host", b"secret_")):
            return
        if len(low) < SHORTEST or low in _WORDS:
            self._words.add(low)
        else:
            for form in _forms(low):
                self._known.setdefault(form, word)

    @property
    def words(self) -> set[bytes]:
        """What stands for the names."""
        return set(self._known.values())

    def learn(self, known: Mapping[tuple[str, bytes], bytes]) -> None:
        """Add what `secrets` found, as its placeholders have it: (kind, value) → word."""
        for (kind, value), word in known.items():
            if kind == persons.USER:
                name = value.removeprefix(b"@")
                for part in {name, name.partition(b".")[0] if value.startswith(b"@") else name}:
                    self.add(part, word)
            elif kind == persons.NAME:
                self.add(value, word)
                for part in value.split():
                    if len(part) > SHORTEST:
                        self.add(part, b"User")
            elif kind == persons.MAIL and (local := value.partition(b"@")[0]):
                self.add(local, b"user")

    def replace(self, data: bytes) -> bytes:
        """``data`` without the names."""
        if not self._known:
            return data
        low = data.lower()
        spans = sorted(
            ((start, end, word) for name, word in self._known.items() for start, end in _places(low, data, name)),
            key=lambda span: (span[0], -span[1]),
        )
        if not spans:
            return data
        out, at = [], 0
        for start, end, word in spans:
            if start >= at:
                out += [data[at:start], word.title() if data[start : start + 1].isupper() else word]
                at = end
        return b"".join([*out, data[at:]])

    def count(self, data: bytes) -> None:
        """Count the names that stay in ``data``."""
        low = data.lower()
        for name in self._words:
            if number := sum(1 for _ in _places(low, data, name)):
                self.left[name] += number


def _places(low: bytes, data: bytes, name: bytes) -> Iterator[tuple[int, int]]:
    """Where ``name`` stands as a word of its own, or anywhere if it is long."""
    at = low.find(name)
    while at >= 0:
        end = at + len(name)
        after = data[end : end + 1]
        if len(name) >= INSIDE or (_opens(data, at) and (not after or after[0] not in _ALNUM or after in b"sS")):
            yield at, end
        at = low.find(name, end)


def _opens(data: bytes, at: int) -> bool:
    """Whether a word may begin at ``at``: behind no letter or digit, or behind an escape such as a line break's, a
    colour's of a terminal or one of an address."""
    if not at or data[at - 1] not in _ALNUM:
        return True
    before = data[max(0, at - _LONGEST_ESCAPE) : at]
    if before.endswith((b"\\n", b"\\t", b"\\r")):
        return True
    if before[-1:] in b"mK" and before[:-1].rstrip(b"0123456789;").endswith(b"["):
        return True
    return before[-3:-2] == b"%" and all(byte in b"0123456789abcdefABCDEF" for byte in before[-2:])


def _forms(low: bytes) -> set[bytes]:
    """``low`` as it may be written: beyond ASCII in small and capital letters, accents as one sign with their letter
    or as two (macOS names files so). ASCII is small in all of them."""
    if low.isascii():
        return {low}
    try:
        text = low.decode("utf-8")
    except UnicodeDecodeError:
        return {low}
    written = {low}
    for form in ("NFC", "NFD"):
        for said in (text.lower(), text.upper(), text.title()):
            written.add(unicodedata.normalize(form, said).encode().lower())
    return written


def assigned(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names that an environment says: of users and of machines, each with its placeholder."""
    for key in _ASSIGNED:
        at = text.find(key + b"=")
        while at >= 0:
            end = at + len(key) + 1
            value = text[end : end + 80].split(b"\\n")[0].split(b"\n")[0].strip(b"\"'\\ \r;")
            if (not at or (text[at - 1] not in _ALNUM and text[at - 1] != 95)) and _is_name(value):
                yield value, b"host" if key in _ASSIGNED[3:6] else b"user"
            at = text.find(key + b"=", end)


def _is_name(value: bytes) -> bool:
    return 2 < len(value) < 64 and all(byte in _ALNUM or byte in b"._-" for byte in value) and not value.isdigit()


def own() -> Iterator[tuple[bytes, bytes]]:
    """Who runs this program and on which machine, with the placeholders."""
    said: list[tuple[str, bytes]] = [(Path.home().name, b"user"), (platform.node(), b"host")]
    said.append((platform.node().partition(".")[0], b"host"))
    with contextlib.suppress(OSError, KeyError, ImportError):
        said.append((getpass.getuser(), b"user"))
    for key, word in (("user.name", b"User"), ("user.email", b"user@example.com"), ("github.user", b"user")):
        said.append((_git(key), word))
    for name, word in said:
        yield name.encode("utf-8", "surrogateescape"), word
        if word == b"User":
            yield from (
                (part.encode("utf-8", "surrogateescape"), word) for part in name.split() if len(part) > SHORTEST
            )


def _git(key: str) -> str:
    try:
        done = subprocess.run(["git", "config", "--global", "--get", key], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout.strip()


def everyone(known: Mapping[tuple[str, bytes], bytes], texts: Iterable[bytes]) -> Names:
    """The names of ``known``, of whoever runs this, and of the environments in ``texts``."""
    made = Names()
    made.learn(known)
    for text in texts:
        for name, word in assigned(text):
            made.add(name, word)
    for name, word in own():
        made.add(name, word)
    return made
