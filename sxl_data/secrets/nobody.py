"""Names, domains, mailboxes and machines that say of nobody who he is, and the top-level domains that there are.

In: `persons.toml` and IANA's list (`tlds.txt`) beside this module. Out: sets.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Known(NamedTuple):
    nobody: frozenset[bytes]
    pages: frozenset[bytes]
    suffixes: frozenset[bytes]
    domains: tuple[bytes, ...]
    mailboxes: frozenset[bytes]
    servers: frozenset[bytes]
    tlds: frozenset[bytes]


@cache
def known() -> Known:
    here = files(__package__)
    said = tomllib.loads(here.joinpath("persons.toml").read_text("utf-8"))
    words = {name: [word.encode() for word in text.split()] for name, text in said.items()}
    lines = here.joinpath("tlds.txt").read_bytes().splitlines()
    tlds = frozenset(word for line in lines if not line.startswith(b"#") for word in line.split())
    return Known(
        frozenset(words["nobody"]),
        frozenset(words["pages"]),
        frozenset(words["suffixes"]),
        tuple(words["domains"]),
        frozenset(words["mailboxes"]),
        frozenset(words["servers"]),
        tlds,
    )


def is_nobody(name: bytes) -> bool:
    """Whether an account of that name is no person's."""
    stem = name.lower().rstrip(b"0123456789")
    return name.lower() in known().nobody or stem in (b"", b"user", b"host") or len(name) < 2
