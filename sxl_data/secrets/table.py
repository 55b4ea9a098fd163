"""The rules of `secrets.toml`, compiled: what is looked for first, and what decides then.

In: the file beside this module. Out: `Table` with two patterns (`anchors` of tokens and forms, `assigns` of values that
a name gives away) whose matches are the only places that are looked at, and the rules by what such a match begins with.
Two, because one of both outgrows the cache of states in which RE2 is fast. Most text costs these two searches. A digest
of the file is part of every task's key: other rules, other results.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import msgspec

from sxl_data.contract.patterns import Pattern, compile, escape
from sxl_data.secrets.scanning import NAMED, NAMED_BEFORE, URL, Start, sequence

LOOKED, LOOKED_SURE = 12, 4
"""Characters behind a prefix that the first search asks for, since the prefix alone is frequent: behind one that is
short or a word, and behind others up to `SHORT`."""
SHORT = 6
_WORDLIKE = compile(
    r"[a-zA-Z0-9]{1,3}|[a-zA-Z0-9]{1,2}[_.-]|(?:key|pat|api|API|live|test|tk|pa|SG|cio|pul|ico)[_.-]?|secret_"
)
_WORDS = ("pwd", "psw", "kennwort", "contrase", "secret", "token", "credential")
_KEYS = (
    "api access auth client app application private encrypt encryption signing master account service"
    " shared license licence storage security cipher write webhook session hmac consumer subscription"
    " deploy bot admin project server rest ingest integration"
).split()
# "passed" and "passing" are no such names, and frequent.
_PASS = r"pass(?:[wpc0-9_.\]-]"
NAMES = "|".join((*_WORDS, rf"(?:{'|'.join(_KEYS)})[_. -]?key"))
"""What the name of an assigned value holds, whatever the rule."""
_ASSIGNS = (
    rf"(?i:(?:(?:{NAMES})[\w.\]-]{{0,30}}|{_PASS}[\w.\]-]{{0,30}})?)(?:\\*[\"'`\])]){{0,3}}"
    r"(?:[ \t]{0,40}(?::=|=>|={1,3}|:)|[ \t]{0,4}\(\\*[\"']|[ \t]{0,2},[ \t]{0,2}\\*[\"']|>| is:? )"
    rf"|--?[\w-]{{0,30}}(?:(?:{NAMES})[\w-]{{0,12}}|{_PASS}[\w-]{{0,12}})?) +)"
)
"""Where a value begins that something with such a name is set to."""
Judge = Literal["password", "token", "url", "basic"]


class Rule(NamedTuple):
    """One kind of secret. ``pattern`` decides from ``before`` bytes before the anchor on; of ``secret`` (group 0 where
    it has none) the place is taken. ``reach`` bytes behind the anchor are looked at."""

    kind: str
    pattern: Pattern[bytes]
    rank: int
    before: int = 0
    reach: int = 1500
    entropy: float = 0.0
    checksum: str = ""
    judge: str = ""
    prefix: int = 0
    needs: bytes = b""
    inside: Pattern[bytes] | None = None
    is_open: bool = False


class Assigned(NamedTuple):
    """A kind that the name of a value gives away."""

    kind: str
    keyword: Pattern[bytes]
    value: Pattern[bytes] | None
    entropy: float
    judge: str


class Table(NamedTuple):
    """All rules. ``rules`` has (needle, rule) under the first two bytes of the needle, and under one byte where it
    has no more."""

    anchors: Pattern[bytes]
    assigns: Pattern[bytes]
    rules: dict[bytes, list[tuple[bytes, Rule]]]
    assigned: list[Assigned]
    services: Pattern[bytes]
    """A part of every keyword of ``assigned`` that goes with an alphabet."""
    stop_parts: tuple[bytes, ...]
    stop_names: Pattern[bytes]
    begins: tuple[tuple[str, str], ...]
    """How each alternative of ``anchors`` begins, and a needle of it, where that may say more."""
    kinds: tuple[str, ...]
    needles: tuple[bytes, ...]
    digest: str

    @property
    def starts(self) -> tuple[Start, ...]:
        """How a match of ``anchors`` or ``assigns`` begins; few ask, and it takes a while to say."""
        known = {
            look if not needle or len(sequence(Start(look))) >= len(needle) else escape(needle)
            for look, needle in self.begins
        }
        return (*(_start(look) for look in sorted(known)), *_starts_of_names())


class _Token(msgspec.Struct, forbid_unknown_fields=True):
    prefix: list[str]
    alphabet: str
    length: tuple[int, int]
    then: str = ""
    checksum: str = ""
    entropy: float = 0.0


class _Form(msgspec.Struct, forbid_unknown_fields=True):
    needle: list[str]
    pattern: str
    look: str = ""
    needs: str = ""
    before: int = 0
    reach: int = 1500
    entropy: float = 0.0
    judge: Judge | Literal[""] = ""


class _Assigned(msgspec.Struct, forbid_unknown_fields=True):
    keyword: str
    alphabet: str = ""
    length: tuple[int, int] = (0, 0)
    before: str = ""
    then: str = ""
    entropy: float = 0.0
    judge: Judge | Literal[""] = ""


class _Stop(msgspec.Struct, forbid_unknown_fields=True):
    parts: list[str]
    names: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    alphabets: dict[str, str]
    tokens: dict[str, _Token]
    forms: dict[str, _Form]
    assigned: dict[str, _Assigned]
    stop: _Stop


@cache
def table() -> Table:
    """The rules that are shipped."""
    return read(files(__package__).joinpath("secrets.toml").read_bytes())


def read(data: bytes) -> Table:
    """The rules of the TOML text ``data``."""
    said = msgspec.convert(tomllib.loads(data.decode("utf-8")), _File)
    rules: dict[bytes, list[tuple[bytes, Rule]]] = {}
    looks: list[str] = []
    begins: list[tuple[str, str]] = []
    needles: list[bytes] = []

    def add(needle: str, rule: Rule) -> None:
        raw = needle.encode()
        rules.setdefault(raw[:2], []).append((raw, rule))
        needles.append(raw)

    for kind, token in said.tokens.items():
        inside = said.alphabets[token.alphabet]
        for prefix in token.prefix:
            add(prefix, _token_rule(kind, prefix, token, inside))
            many = LOOKED if _WORDLIKE.fullmatch(prefix) else LOOKED_SURE if len(prefix) <= SHORT else 0
            many = min(token.length[0], many)
            looks.append(escape(prefix) + (f"[{inside}]{{{many}}}" if many else ""))
            begins.append((looks[-1], ""))
    for kind, form in said.forms.items():
        rule = Rule(
            kind,
            compile(form.pattern.encode()),
            1,
            form.before,
            form.reach,
            form.entropy,
            judge=form.judge,
            needs=form.needs.encode(),
        )
        for needle in form.needle:
            add(needle, rule)
            looks.append(form.look or escape(needle))
            begins.append((looks[-1], needle))
    assigned = [_assigned(kind, rule, said.alphabets) for kind, rule in said.assigned.items()]
    services = "|".join(f"(?:{rule.keyword})" for rule in said.assigned.values() if rule.alphabet)
    anchors = "|".join(sorted(set(looks), key=lambda look: (-len(look), look)))
    return Table(
        anchors=compile(anchors.encode()),
        assigns=compile(_ASSIGNS.encode()),
        rules=rules,
        assigned=assigned,
        services=compile(services.encode()),
        stop_parts=tuple(part.encode() for part in said.stop.parts),
        stop_names=compile(said.stop.names.strip().encode()),
        begins=tuple(begins),
        kinds=(*said.tokens, *said.forms, *said.assigned),
        needles=tuple(dict.fromkeys(needles)),
        digest=hashlib.sha256(data).hexdigest()[:16],
    )


def _start(look: str) -> Start:
    return Start(look + "[!-~]", URL) if look == escape("://") else Start(look)


def _starts_of_names() -> Iterator[Start]:
    """How a match of ``assigns`` begins, options apart."""
    for after in ("w", "p", "c", "[0-9_.\\]\\\\\"'`) \t:=(,>-]"):
        yield Start(f"pass{after}", NAMED_BEFORE if len(after) > 1 else NAMED, True)
    for word in _WORDS:
        yield Start(word, NAMED, True)
    for word in _KEYS:
        yield Start(f"{word}key", NAMED, True)
        for joint in ("_", r"\.", " ", "-"):
            yield Start(f"{word}{joint}key", NAMED, True)


def _token_rule(kind: str, prefix: str, token: _Token, inside: str) -> Rule:
    least, most = token.length
    count = f"{{{least},{most}}}" if most else f"{{{least},}}"
    more = r"_.+/=~$\-" if token.then else ""
    # What follows a token of a fixed length must not go on as it does.
    end = r"(?:[^\w]|\z)" if most and not token.then else r"(?:[^A-Za-z0-9]|\z)"
    pattern = f"(?P<secret>{escape(prefix)}[{inside}]{count}{token.then}){end}"
    return Rule(
        kind,
        compile(pattern.encode()),
        0,
        0,
        6000,
        token.entropy,
        token.checksum,
        prefix=len(prefix),
        inside=compile(f"[{more}{inside}]+".encode()),
        is_open=not most or most > 2 * least,
    )


def _assigned(kind: str, rule: _Assigned, alphabets: dict[str, str]) -> Assigned:
    value = None
    if rule.alphabet:
        count = f"{{{rule.length[0]},{rule.length[1]}}}"
        value = compile(f"{rule.before}[{alphabets[rule.alphabet]}]{count}{rule.then}".encode())
    return Assigned(kind, compile(rule.keyword.encode()), value, rule.entropy, rule.judge)
