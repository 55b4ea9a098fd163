"""Finds what says who somebody is: home folders, user names, names, e-mail, phone and IP addresses.

In: bytes. Out: places with the identity they give away, so that one person gets one placeholder in a trace. A name
counts only where its place says that it is one (behind /home/, in a prompt, as an owner in `ls -l`, before an address):
the same word elsewhere is a word. Routes and URLs are no homes, decorators, matrix products and versions of packages no
addresses. What names nobody lies in `persons.toml`; top-level domains are IANA's (`tlds.txt`).
"""

from __future__ import annotations

from collections.abc import Iterable

from sxl_data.contract.patterns import compile
from sxl_data.secrets import accounts, addresses
from sxl_data.secrets.accounts import HOST, USER
from sxl_data.secrets.addresses import ADDRESS, MAIL, NAME
from sxl_data.secrets.hits import Hit
from sxl_data.secrets.phones import CALLED, PHONE, SIGNS, WORDS
from sxl_data.secrets.scanning import Start

KINDS = (USER, NAME, MAIL, PHONE, ADDRESS, HOST)
"""Kinds of hits that say who somebody is."""


def is_personal(hit: Hit) -> bool:
    """Whether what was found says who somebody is, and is no secret."""
    return hit.kind in KINDS


HINTS = compile(
    rb"[\w.%+-]@[A-Za-z0-9][A-Za-z0-9-]*(?:\.|:[~/]| [~/\w])|/home/|/[Uu]sers/|\\Users\\|:/Users/|-home-|-Users-"
    rb"|[\s\"'=:(]~[a-z]|[-dlbcps](?:r[w-][xsS-]|-w[xsS-]|--[xsS])(?:[r-][w-][xsS-]){2}"
    rb"|GIT_[AC]|user\.name|\d-\d\d-\d\d \d\d:\d\d:\d\d [+-]"
    rb"|\+[1-9]\d{0,2}[ (.-]?\(?\d|\(\d{3}\) ?\d|\d{3}(?:-\d{3}-|\.\d{3}\.)\d{4}|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d"
    rb"|[23][0-9A-Fa-f]{3}:[0-9A-Fa-f]{0,4}:|" + CALLED.pattern
)
"""A part of everything that is found here."""


STARTS = tuple(
    Start(look)
    for look in (
        r"[\w.%+-]@[A-Za-z0-9]",
        "/home/",
        "/[Uu]sers/",
        r"\\Users\\",
        "-home-",
        "-Users-",
        r"[ \t\r\n\f\v\"'=:(]~[a-z]",
        *(rf"[-dlbcps]{first}[r-][w-][xsS-][r-][w-][xsS-]" for first in ("r[w-][xsS-]", "-w[xsS-]", "--[xsS]")),
        "GIT_[AC]",
        r"user\.name",
        r"\d-\d\d-\d\d \d\d:\d\d:\d\d [+-]",
        "[+][1-9][0-9 (.-]",
        r"\(\d\d\d\)[ \d]",
        r"\d\d\d-\d\d\d-\d\d\d\d",
        r"\d\d\d\.\d\d\d\.\d\d\d\d",
        *(rf"\d\.\d{{{a}}}\.\d{{{b}}}\.\d" for a in (1, 2, 3) for b in (1, 2, 3)),
        *(f"[23][0-9A-Fa-f]{{3}}:[0-9A-Fa-f]{{{many}}}:" for many in range(5)),
        *(sign.decode("latin-1") for sign in SIGNS),
    )
) + tuple(Start(word, fold=True) for word in WORDS)
"""How a match of `HINTS` begins."""


def persons_at(data: bytes, spans: Iterable[tuple[int, int]]) -> list[Hit]:
    """What names persons at ``spans``, the matches of `HINTS`."""
    hits: list[Hit] = []
    for start, end in spans:
        text = data[start:end]
        if text[-1:].isdigit() and CALLED.fullmatch(text):
            hits += addresses.behind_word(data, start, end)
        elif b"@" in text:
            at = data.index(b"@", start)
            hits += addresses.mail(data, at) + accounts.prompt(data, at)
        elif b"ome/" in text or b"sers" in text or b"-home-" in text:
            hits += (accounts.encoded if text[:1] == b"-" else accounts.home)(data, start)
        elif text[:1] in b"0123456789+(":
            hits += addresses.number(data, start, end, text)
        elif b"~" in text:
            hits += accounts.tilde(data, start)
        elif text[:1] in b"-dlbcps" and len(text) == 10:
            hits += accounts.owner(data, start)
        else:
            hits += addresses.config(data, start)
    return hits
