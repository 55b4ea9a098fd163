"""Names of users, where their place says that they are some: home folders, prompts, owners in `ls -l`.

In: bytes and the match of a pattern in a window of them. Out: hits. Routes and URLs are no homes.
"""

from __future__ import annotations

from sxl_data.contract.patterns import Match, compile
from sxl_data.secrets.hits import Hit, starts
from sxl_data.secrets.nobody import is_nobody, known
from sxl_data.secrets.windows import in_window

USER, HOST = "user", "host"


_SEP = rb"(?:\\{1,4}|/)"


_HOME = compile(
    rb"(?:/(?:home|Users|export/(?:home|users)|u/home|var/home|usr/home|nfs/home|mnt/[a-z]/Users)/|[A-Za-z]:"
    + _SEP
    + rb"Users"
    + _SEP
    + rb")"
    rb"(?P<name>[^\s/\\\"'`<>|:*?(){}\[\],;$%&=+~#!@]{2,64}"
    rb"(?:(?:\\{0,2} [A-Z][^\s/\\\"'`<>|:*?(){}\[\],;$%&=+~#!@]{0,30}){1,3}[/\\])?)"
)


_ENCODED = compile(rb"-(?:home|Users)-(?P<name>[A-Za-z0-9_.]{2,64})")


_TILDE = compile(
    rb"[\s\"'=:(]~(?P<name>[a-z_][a-z0-9_-]{2,31})/[A-Za-z.]|(?:cd|ls|cat|du|finger) ~(?P<bare>[a-z_][a-z0-9_-]{2,31})"
)


_OWNER = compile(
    rb"[-dlbcps](?:[r-][w-][xsS-]){2}[r-][w-][xtT-][+@.]? +\d+"
    rb" +(?P<name>[A-Za-z_][\w.$-]{1,40}) +(?P<group>[A-Za-z_][\w.$-]{1,40}) +\d"
)


_PROMPT = compile(
    rb"(?P<name>[a-z_][a-z0-9_.-]{1,31})@(?P<host>[A-Za-z0-9][\w.-]{0,63})"
    rb"(?::[~/][^\s$#]{0,100} ?[$#](?:\s|\z)| [~/\w.-]{1,60}\]?[$#%](?:\s|\z))"
)


_AFTER_BACKSLASH = compile(rb"u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrtab]")


_ROUTE = compile(
    rb"(?s)(?i:.*(?:(?:href|action|to|routerlink|redirect_to|location)\\*[\"']?\s*[=:]\s*[\"'{`\\]*"
    rb"|(?:route|get|post|put"
    rb"|patch|delete|navigate|push|redirect|link|goto|visit|fetch|request|startswith|reverse)"
    rb"\(\s*[\"'`\\]*|(?:get|post|put|patch|delete|head|options) \\*[\"']?))\z"
)


def home(data: bytes, at: int) -> list[Hit]:
    """The name behind the home folder ``at``."""
    return in_window(data, at - 14, at + 160, at, _HOME, _home)


def encoded(data: bytes, at: int) -> list[Hit]:
    """The name behind ``-Users-`` at ``at``: agents write a folder so."""
    return in_window(data, at, at + 80, at, _ENCODED, _encoded)


def tilde(data: bytes, at: int) -> list[Hit]:
    """The name behind the ~ at ``at``."""
    return in_window(data, at - 8, at + 60, at, _TILDE, _tilde)


def owner(data: bytes, at: int) -> list[Hit]:
    """Owner and group behind the permissions at ``at``."""
    return in_window(data, at, at + 140, at, _OWNER, _owner)


def prompt(data: bytes, at: int) -> list[Hit]:
    """User and host around the @ ``at`` of a shell prompt."""
    return in_window(data, at - 34, at + 180, at, _PROMPT, _prompt)


def _home(data: bytes, match: Match[bytes], shift: int) -> list[Hit]:
    at = shift + match.start()
    before = data[max(0, at - 40) : at]
    if not _begins_path(data, at, before) or _ROUTE.match(before):
        return []
    start, end = match.span("name")
    return _user(data, shift + start, shift + end, in_route=True)


def _encoded(data: bytes, match: Match[bytes], shift: int) -> list[Hit]:
    at = shift + match.start()
    if data[at - 1 : at].isalnum() and not starts(data, at):
        return []  # words of a title in an address
    start, end = match.span("name")
    return _user(data, shift + start, shift + end)


def _tilde(data: bytes, match: Match[bytes], shift: int) -> list[Hit]:
    start, end = match.span("name" if match.start("name") >= 0 else "bare")
    return _user(data, shift + start, shift + end)


def _owner(data: bytes, match: Match[bytes], shift: int) -> list[Hit]:
    hits = []
    for group in ("name", "group"):
        start, end = match.span(group)
        hits += _user(data, shift + start, shift + end)
    return hits


def _prompt(data: bytes, match: Match[bytes], shift: int) -> list[Hit]:
    start, end = match.span("name")
    if data[shift + start - 1 : shift + start] == b"\\":
        escape = _AFTER_BACKSLASH.match(data[shift + start : shift + start + 5])
        start += escape.end() if escape else 0
    user = _user(data, shift + start, shift + end)
    host, stop = match.span("host")
    return [*user, Hit(shift + host, shift + stop, HOST, 5, match["host"])] if user else []


def _user(data: bytes, start: int, end: int, in_route: bool = False) -> list[Hit]:
    name = data[start:end]
    if name[-1:] in b"/\\" and b" " in name:
        name, end = name[:-1], end - 1
    name = name.rstrip(b".-")
    end = start + len(name)
    _, dot, suffix = name.lower().rpartition(b".")
    if (
        is_nobody(name)
        or (not name[:1].isalnum() and name[:1] < b"\x80")
        or (in_route and name.lower() in known().pages)
    ):
        return []
    if dot and suffix in (
        b"html",
        b"htm",
        b"php",
        b"jsp",
        b"js",
        b"ts",
        b"tsx",
        b"jsx",
        b"css",
        b"json",
        b"py",
        b"md",
        b"vue",
    ):
        return []
    return [Hit(start, end, USER, 5, name)]


def _begins_path(data: bytes, at: int, before: bytes) -> bool:
    last = before[-1:]
    if data[at : at + 1] != b"/":
        return not last.isalnum() or starts(data, at)
    if last == b"/":
        return before.endswith(b"file://")
    if last in (b".", b"-", b"_", b"}", b")", b"]", b"~", b"*", b">"):
        return before.endswith((b"->", b"=>", b" >", b">>"))
    return not last.isalnum() or starts(data, at)
