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
from sxl_data.secrets.addresses import ADDRESS, MAIL, NAME, PHONE
from sxl_data.secrets.hits import Hit

KINDS = (USER, NAME, MAIL, PHONE, ADDRESS, HOST)
"""Kinds of hits that say who somebody is."""
HINTS = compile(
    rb"[\w.%+-]@[A-Za-z0-9][A-Za-z0-9-]*(?:\.|:[~/]| [~/\w])|/home/|/[Uu]sers/|\\Users\\|:/Users/|-home-|-Users-"
    rb"|[\s\"'=:(]~[a-z]|[-dlbcps](?:[r-][w-][xsS-]){3}|GIT_[AC]|user\.name|\d-\d\d-\d\d \d\d:\d\d:\d\d [+-]"
    rb"|\+\d{1,3}[ (.-]?\(?\d|\(\d{3}\) ?\d|\d{3}[-.]\d{3}[-.]\d{4}|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d"
    rb"|[23][0-9A-Fa-f]{3}:[0-9A-Fa-f]{0,4}:"
)
"""A part of everything that is found here."""


def persons_at(data: bytes, spans: Iterable[tuple[int, int]]) -> list[Hit]:
    """What names persons at ``spans``, the matches of `HINTS`."""
    hits: list[Hit] = []
    for start, end in spans:
        text = data[start:end]
        if b"@" in text:
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
