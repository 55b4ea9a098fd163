"""E-mail addresses and the names before them, phone numbers, addresses of machines.

In: bytes and a place where one may stand. Out: hits. Decorators, matrix products, versions of packages, private and
documentation networks are none.
"""

from __future__ import annotations

import ipaddress

from sxl_data.contract.patterns import Match, Pattern, compile
from sxl_data.secrets.hits import Hit, starts
from sxl_data.secrets.nobody import Known, is_nobody, known
from sxl_data.secrets.phones import PHONE, called
from sxl_data.secrets.windows import in_window

NAME, MAIL, ADDRESS = "name", "e-mail", "ip"


_SIGNED = compile(
    rb"(?:(?i:author|committer|commit|signed-off-by|co-authored-by|co-developed-by|reviewed-by|reported-by|tested-by|acked-by"
    rb"|suggested-by|from|to|cc|maintainer|tagger)\\*[\"']?[:=]?[ \t]+\\*[\"']?(?P<name>[^<>\n\\\"'@:={}\[\]()]{2,60}?)"
    rb"|(?P<plain>\p{Lu}[^\s<>\\\"'@:;,={}\[\]()|/&]{1,24}(?: \p{Lu}[^\s<>\\\"'@:;,={}\[\]()|/&]{0,24}){1,3})) ?\z"
)


_CONFIG = compile(
    rb"(?:GIT_(?:AUTHOR|COMMITTER)_NAME=|user\.name[ =])\\*[\"']?(?P<config>\p{L}[^\n\\\"'=;&|<>$]{1,50})"
)


_BLAME = compile(
    rb"[0-9a-f^]{7,40} (?:[\w./-]{1,80} +)?\((?P<blame>\p{Lu}[^\n\\\"'()<>]{1,40}?) +\d{4}-\d\d-\d\d \d\d:"
)


_COUNTRIES = frozenset((b"at", b"in", b"it", b"pl"))
"""Ends of files that are ends of addresses more often where first and last name stand before the @."""
_PERSON = compile(rb"[A-Za-z]{2,}\.[A-Za-z]{2,}")
_DOMAIN = compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,5}([A-Za-z]{2,24})")


_LOCAL = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-")


_ESCAPE = compile(rb"x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|f[IBPR]|[nrtbfv0]")


_USER_OF_URL = compile(rb"(?s).*://[^\s/\"'<>]*\z")


_PHONE = compile(
    rb"\+[1-9]\d{1,2}(?P<whole>[ -](?:\(0\) ?)?\(?\d{2,4}\)?[ /-]\d{5,8}(?:-\d{1,4})?)"
    rb"|\+[1-9]\d{0,2}(?P<apart>[ .-]?\(?\d{1,4}\)?(?:[ .-]\d{2,4}){1,4})|\+[1-9]\d{9,13}"
    rb"|\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}(?:-\d{3}-|\.\d{3}\.)\d{4}"
)


_IPV4 = compile(rb"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}")


_IPV6 = compile(rb"[23][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{1,4}")


_VERSION = compile(
    rb"(?s).*(?:(?i:version|release|ver|rev|build|firmware|oid|section|chrome|safari|edg)[\"':=\s/]*"
    rb"|-[a-z]+\d+ |[=~^<>v/-])\z"
)


def mail(data: bytes, at: int) -> list[Hit]:
    """The address around the @ at ``at``, and the name before it where it stands in < >."""
    found = _DOMAIN.match(data[at + 1 : at + 260])
    if found is None:
        return []
    start = at
    while start and at - start < 64 and data[start - 1] in _LOCAL:
        start -= 1
    if start and data[start - 1 : start] == b"\\" and (escape := _ESCAPE.match(data[start : start + 8])):
        start += escape.end()
    local = data[start:at].lstrip(b".%+-")
    named = []
    if data[start - 1 : start] == b"<":
        begin = max(0, start - 90)
        if match := _SIGNED.search(data[begin : start - 1]):
            named = _named(data, match, begin)
    if not local or not _is_mail(data, at, local, found[0], known()):
        return named if named and named[0].kind == NAME and not local.endswith(b"[bot]") else []
    return [*named, Hit(at - len(local), at + 1 + found.end(), MAIL, 5, (local + b"@" + found[0]).lower())]


def _named(data: bytes, match: Match[bytes], shift: int) -> list[Hit]:
    for group in match.names:
        start, end = match.span(group)
        name = data[shift + start : shift + end].rstrip()
        if (
            start >= 0
            and name
            and name not in (b"and", b"or", b"is", b"to", b"in", b"as", b"for", b"the", b"with")
            and not is_nobody(name)
            and not name.endswith((b"[bot]", b"bot"))
        ):
            return [Hit(shift + start, shift + start + len(name), NAME, 6, name)]
    return []


def _is_mail(data: bytes, at: int, local: bytes, domain: bytes, known: Known) -> bool:
    name, _, top = domain.lower().rpartition(b".")
    after = data[at + 1 + len(domain) : at + 3 + len(domain)]
    if top not in known.tlds or after[:1] in (b"(", b"_", b"[") or (after[:1] == b"." and after[1:2].isalnum()):
        return False
    if (after[:1] == b"-" and after[1:2].isalnum()) or after[:1].isalnum() or b".." in local or local.endswith(b"."):
        return False
    is_file = top in known.suffixes and b"." not in name and not (top in _COUNTRIES and _PERSON.fullmatch(local))
    if is_file or name[:2] in (b"2x", b"3x") or name.replace(b".", b"").isdigit():
        return False
    if (len(local) == 1 and len(name) == 1) or not any(65 <= byte | 32 <= 122 for byte in local):
        return False
    whole = domain.lower()
    if any(whole == one or whole.endswith(b"." + one) for one in known.domains) or local.lower() in known.mailboxes:
        return False
    lowered = local.lower()
    if lowered.endswith((b"[bot]", b"bot", b"noreply", b"no-reply")):
        return False
    start = at - len(local)
    if _USER_OF_URL.match(data[max(0, start - 80) : start]):
        return False
    return data[start - 1 : start] not in (b"/", b"$", b"{", b"@")


def config(data: bytes, start: int) -> list[Hit]:
    """The name that a git variable or setting at ``start`` gives."""
    return in_window(data, start, start + 90, start, _CONFIG, _named)


def number(data: bytes, start: int, end: int, text: bytes) -> list[Hit]:
    """A phone number, an address of a machine, or whose line `git blame` shows."""
    if b"-" in text and b":" in text:
        line = data.rfind(b"\n", max(0, start - 160), start) + 1
        return in_window(data, max(line, start - 160), end + 2, start, _BLAME, _named)
    if b":" in text:
        return _address(data, start, _IPV6)
    if text[:1] not in b"+(" and text.count(b".") == 3:
        return _address(data, start, _IPV4)
    return _phone(data, start)


def behind_word(data: bytes, start: int, end: int) -> list[Hit]:
    """What stands behind a word that speaks of telephones: its first digit is the last byte of data[start:end]."""
    at = end - 2 if data[end - 2 : end - 1] == b"(" else end - 1
    own = _address(data, at, _IPV4) or _address(data, at, _IPV6) or _phone(data, at)
    return own or called(data, start, end)


def _phone(data: bytes, at: int) -> list[Hit]:
    found = _PHONE.match(data[at : at + 40])
    if found is None:
        return []
    start, end, text = at, at + found.end(), found[0]
    before, after = data[max(0, start - 6) : start], data[end : end + 2]
    digits = bytes(byte for byte in text if 48 <= byte <= 57)
    if after[:1].isalnum() or after[:1] in (b"_", b"%") or (after[:1] in (b".", b"-") and after[1:].isdigit()):
        return []
    if (before[-1:].isalnum() and not starts(data, start)) or before[-1:] in tuple(
        b".-+/_#)]"[i : i + 1] for i in range(8)
    ):
        return []
    if not (9 <= len(digits) <= 15 or (len(digits) == 10 and text[:1] != b"+")) or len(set(digits)) < 3:
        return []
    # At the start of a line columns of a diff look so, a country, an area and the rest in one piece.
    if found.start("whole") >= 0 and before[-1:] in (b"", b"\n"):
        return []
    # Without gaps it is a number of a sum or of a diff as well, unless something says what it is.
    gaps = max(found.start("apart"), found.start("whole"))
    if text[:1] == b"+" and gaps < 0 and (not before or before[-1:] in b"\n "):
        if not before.rstrip().endswith((b":", b"=", b"call", b"phone", b"to")):
            return []
    if digits[-7:].startswith(b"55501") or b"123456789" in digits or digits == b"0123456789":
        return []
    return [Hit(start, end, PHONE, 5, digits)]


def _address(data: bytes, at: int, pattern: Pattern[bytes]) -> list[Hit]:
    found = pattern.match(data[at : at + 48])
    if found is None:
        return []
    start, end = at, at + found.end()
    before, after = data[max(0, start - 16) : start], data[end : end + 2]
    if before[-1:].isalnum() and not starts(data, start):
        return []
    goes_on = after[1:].isalnum() and (after[:1] == b"." or (after[:1] == b":" and pattern is _IPV6))
    if after[:1].isalnum() or after[:1] == b"_" or goes_on or before[-1:] in (b".", b"_"):
        return []
    if pattern is _IPV6 and before[-1:] == b":":
        return []
    if pattern is _IPV4 and (before.endswith(b") (") or (after[:1] == b"/" and found[0].endswith(b".0"))):
        return []  # a version as pip tells it, a network
    if pattern is _IPV4 and _VERSION.match(before) and not before.endswith((b"://", b"->", b"=>")):
        return []
    return [Hit(start, end, ADDRESS, 5, found[0].lower())] if _is_public(found[0]) else []


def _is_public(text: bytes) -> bool:
    try:
        address = ipaddress.ip_address(text.decode("ascii"))
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or text in known().servers:
        return False
    return address.version == 6 or sum(int(part) >= 10 for part in text.split(b".")) >= 2
