"""What may still be private in texts from which everything known was taken out: a second opinion, and things to know.

In: the strings of drafts. Out: doubts, each with its value. Those of the second scan (detect-secrets, an engine and
rules of its own) have to be answered before anything is written; the others (repositories, machines of a network,
environments, e-mail domains) are for the eye. Every line is looked at once, however often it stands somewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

import msgspec

from sxl_data.contract.patterns import compile
from sxl_data.secrets.second_scan import detections
from sxl_data.share.opaque import PICTURE, SIGN
from sxl_data.share.redacting import said

_REMOTE = compile(
    r"(?:git@|ssh://git@|https?://(?:[^\s/@\"']+@)?)(?:github|gitlab|bitbucket|codeberg)[\w.-]*\.(?:com|org)[:/]"
    r"(?P<repository>[\w.-]+/[\w.-]*[\w-])"
)
_HOST = compile(r"(?i)\b(?P<host>(?:[a-z0-9-]+\.)+(?:internal|corp|intranet|lan|local|localdomain|home\.arpa))\b")
_ASSIGNMENT = compile(r"(?m)^(?:declare -x |export )?[A-Z][A-Z0-9_]{2,}=\S")
_DUMP = 8
"""Assignments to variables in one text from which it is an environment."""
_API_ID = compile(r"(?:toolu|msg|call|req|chatcmpl|resp|rs|fc|prt|ses)_[A-Za-z0-9_-]+")
_SHORT = 300
_OURS = ("SECRET_", "TAKEN_OUT_", SIGN.decode(), "user@example.com")


class Doubt(msgspec.Struct, frozen=True):
    """Something that may be private. ``must`` be answered, or is to be known; ``key`` names it in decisions."""

    kind: str
    value: str
    must: bool

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.kind}\0{self.value}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Seen:
    """Every line that was said, once, and every short value with its key, each with where it was met first."""

    def __init__(self) -> None:
        self.lines: dict[str, tuple[str, int]] = {}
        self.pairs: dict[str, tuple[str, int]] = {}

    def add(self, value: object, file: str, line: int) -> None:
        """All that is said below ``value``."""
        for key, text in said(value):
            self.add_text(text, file, line)
            if key and len(text) < _SHORT and "\n" not in text and '"' not in text:
                self.pairs.setdefault(f'{key} = "{text}"', (file, line))

    def add_text(self, text: str, file: str, line: int) -> None:
        """The lines of ``text``."""
        for one in text.splitlines():
            self.lines.setdefault(one, (file, line))


def doubts(seen: Seen, texts: Iterable[str], words: frozenset[str] = frozenset()) -> list[Doubt]:
    """The doubts about what was ``seen``, which is ``texts``, in order of kind and value. ``words`` stand for what was
    taken out and are none. Raises `UserError` U401 where detect-secrets is not installed."""
    found: dict[Doubt, None] = {}
    for text in texts:
        found.update(dict.fromkeys(_to_know(text)))
    found.update(dict.fromkeys(doubt for doubt, _ in second_opinion(seen, words)))
    return sorted(found, key=lambda doubt: (not doubt.must, doubt.kind, doubt.value))


def second_opinion(seen: Seen, words: frozenset[str] = frozenset()) -> Iterator[tuple[Doubt, tuple[str, int]]]:
    """What detect-secrets finds in what was ``seen``, with the first place, but for what its own filters call no secret
    and for the ids that APIs give to their messages and calls. Values are shown to it bare, as texts say them; with
    their keys it is asked for passwords alone, since in JSON every id stands in quotes."""
    from detect_secrets.filters import heuristic

    filters: tuple[Callable[[str], bool], ...] = (
        heuristic.is_sequential_string,
        heuristic.is_potential_uuid,
        heuristic.is_templated_secret,
        heuristic.is_not_alphanumeric_string,
    )
    done: set[tuple[str, str]] = set()
    for held, kinds in ((seen.lines, None), (seen.pairs, ("Secret Keyword",))):
        lines = list(held)
        for number, kind, value in detections("\n".join(lines).encode("utf-8", "replace")):
            if (kind, value) in done or (kinds and kind not in kinds):
                continue
            done.add((kind, value))
            ours = value in words or value in PICTURE.decode() or any(word in value for word in _OURS)
            if not ours and not _API_ID.fullmatch(value) and not any(says_no(value) for says_no in filters):
                yield Doubt(kind, value, True), held[lines[number - 1]]


def _to_know(text: str) -> Iterator[Doubt]:
    for found in _REMOTE.finditer(text):
        yield Doubt("repository", found["repository"].removesuffix(".git"), False)
    for found in _HOST.finditer(text):
        if not found["host"].lower().endswith(("this.local", "self.local")):
            yield Doubt("machine", found["host"], False)
    if len(_ASSIGNMENT.findall(text)) >= _DUMP:
        yield Doubt("environment", next(line for line in text.splitlines() if _ASSIGNMENT.match(line))[:80], False)
