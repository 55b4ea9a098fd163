"""What an anchor of the table says: a token with its prefix, whole or cut by line breaks, or a form with its pattern.

In: bytes and the place where a search stopped. Out: hits. The rules that begin so decide, on a window of bounded
length.
"""

from __future__ import annotations

from typing import NamedTuple

from sxl_data.contract.patterns import Match, compile
from sxl_data.secrets import values
from sxl_data.secrets.hits import Hit, starts
from sxl_data.secrets.table import Rule, Table
from sxl_data.secrets.views import assemble

_BREAK = compile(rb"(?:\\*[\"'])?[ \t]*[+\\]?[ \t]*(?:\r?\n|\\r\\n|\\n)[ \t>|#*+]*(?:\\*[\"'])?")
_GAP = compile(rb"[A-Za-z0-9_.:/+=~-]((?:\r?\n|\\n)[ \t>|]*)[A-Za-z0-9_.:/+=~-]")
_BLOB = 40
_IN_BLOB = compile(rb"[A-Za-z0-9+/]{42,}")
_LEAST_LINE = 6


def tokens_at(data: bytes, at: int, rules: Table) -> list[Hit]:
    """The secrets whose anchor is at ``at``."""
    found = (_try(data, at, rule) for rule in _rules_at(rules, data, at))
    return [hit for hit in found if hit is not None]


def _rules_at(rules: Table, data: bytes, at: int) -> list[Rule]:
    known = rules.rules.get(data[at : at + 2], []) + rules.rules.get(data[at : at + 1], [])
    return [rule for needle, rule in known if data.startswith(needle, at)]


def _try(data: bytes, at: int, rule: Rule) -> Hit | None:
    if rule.prefix:
        return _token(data, at, rule)
    if rule.needs and data.find(rule.needs, at, at + 300) < 0:
        return None
    begin = max(0, at - rule.before)
    found = _around(data, begin, at, rule)
    if found is None:
        return _across(data, at, rule) if rule.before > 1 else None
    window, begin = found.string, begin + found.shift
    group: int | str = "secret" if "secret" in rule.pattern.names else 0
    start, end = found.match.span(group)
    value = window[start:end]
    if rule.before and group == 0 and not starts(data, begin + start, rule.before > 8):
        return None
    if rule.entropy and values.entropy(value) < rule.entropy:
        return None
    if not _judge(rule.judge, value, data[max(0, begin + start - 200) : begin + start]):
        return None
    return Hit(begin + start, begin + end, rule.kind, 1 if group == 0 else 2, value)


class _Around(NamedTuple):
    string: bytes
    shift: int
    match: Match[bytes]


def _around(data: bytes, begin: int, at: int, rule: Rule) -> _Around | None:
    """The match of ``rule`` from ``begin`` on that the anchor ``at`` lies in; what ends before it is passed over."""
    window, shift = data[begin : at + rule.reach], 0
    for _ in range(3):
        match = rule.pattern.search(window)
        if match is None or begin + shift + match.start() > at:
            return None
        if begin + shift + match.end() > at:
            return _Around(window, shift, match)
        shift += max(1, match.end())
        window = window[max(1, match.end()) :]
    return None


def _across(data: bytes, at: int, rule: Rule) -> Hit | None:
    """A form that line breaks cut: it is looked for where they are left out."""
    begin = max(0, at - rule.before - 40)
    window = data[begin : at + 400]
    gaps = [gap.span(1) for gap in _GAP.finditer(window)]
    if not gaps:
        return None
    view = assemble(window, begin, [(a, b, b"") for a, b in gaps[:20]])
    match = rule.pattern.search(view.data)
    if match is None or values.is_stop(match[0]) or values.entropy(match[0]) < rule.entropy:
        return None
    start, end = view.starts[match.start()], view.ends[match.end() - 1]
    return Hit(start, end, rule.kind, 1, match[0]) if starts(view.data, match.start(), True) else None


def _judge(judge: str, value: bytes, before: bytes) -> bool:
    if judge == "password":
        return values.is_password(value, quoted=False, least=3)
    if judge == "token":
        return values.is_token(value, 8)
    if judge == "basic":
        return values.is_basic(value)
    if judge == "url":
        return values.is_url_password(value, before.split()[-1] if before.split() else b"")
    return not values.is_stop(value)


def _token(data: bytes, at: int, rule: Rule) -> Hit | None:
    """A token with a prefix, whole or cut by line breaks."""
    if not starts(data, at):
        return None
    if _IN_BLOB.fullmatch(data[max(0, at - _BLOB) : at + rule.prefix]):
        return None
    window = data[at : at + rule.reach]
    found = rule.pattern.match(window)
    end = found.end("secret") if found else 0
    if found is None or rule.is_open:
        joined = _joined(window, rule, end)
        if joined is not None:
            end = joined
    if not end:
        return None
    value = window[:end]
    if not (rule.checksum and values.proves(rule.checksum, value)):
        if values.is_stop(value[rule.prefix :]) or values.entropy(value[rule.prefix :]) < rule.entropy:
            return None
    return Hit(at, at + end, rule.kind, 0, value)


def _joined(window: bytes, rule: Rule, known: int) -> int | None:
    """The end of a token that goes on in the next lines, or None. ``known`` is where it ends without them, 0 where it
    does not match without them."""
    assert rule.inside is not None
    run = rule.inside.match(window[rule.prefix :])
    end = rule.prefix + (run.end() if run else 0)
    if (known and known != end) or not run:
        return None
    text, ends = window[:end], list(range(1, end + 1))
    for _ in range(40):
        gap = _BREAK.match(window[end : end + 80])
        if gap is None:
            break
        begin = end + gap.end()
        run = rule.inside.match(window[begin : begin + 2000])
        if run is None:
            break
        after = window[begin + run.end() : begin + run.end() + 1]
        # Where a token already ends, only a line that is nothing but more of it belongs to it.
        if known and (
            end < 24
            or len(run[0]) < _LEAST_LINE
            or after not in (b"", b"\n", b"\r", b'"', b"'", b"\\")
            or not any(48 <= byte <= 57 for byte in run[0])
        ):
            break
        text += run[0]
        ends += range(begin + 1, begin + run.end() + 1)
        end = begin + run.end()
    else:
        return None
    if len(text) == len(window[:end]):
        return None
    found = rule.pattern.match(text + window[end : end + 80])
    if found is None:
        return None
    stop = found.end("secret")
    return ends[stop - 1] if stop <= len(ends) else end + stop - len(ends)
