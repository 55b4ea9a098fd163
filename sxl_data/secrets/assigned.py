"""A secret that the name gives away to which it is set: `password = "…"`, `"api_key": "…"`, `--token …`.

In: bytes and the place of an anchor, a telling name with what follows it up to a value. Out: the value, where the rules
of `[assigned]` take it for a secret.
"""

from __future__ import annotations

import itertools

from sxl_data.contract.patterns import compile
from sxl_data.secrets import values
from sxl_data.secrets.hits import Hit
from sxl_data.secrets.table import Table

_OPENING = compile(rb"[ \t]{0,8}(?:[A-Za-z_][\w.\[\]|]{0,30} ?= ?)?(?:[bfruBFRU]{0,2}(\\*[\"'`]))?")
_BARE = compile(rb"[^\s\"'`,;<>(){}\[\]\\&|]+")
_CONTEXT = 60
_ENDS = b",;)]}\"' \t\r\n"
_NOTHING = (b"true", b"True", b"null", b"None", b"fals", b"Fals", b"nil")


def assigned(data: bytes, at: int, end: int, rules: Table) -> list[Hit]:
    """The secret, if any, that is set where an anchor [at, end) names one."""
    # Counts and flags are most of what has such a name; they are passed over before any pattern is asked.
    after = data[end : end + 16].lstrip(b" \t")
    rest = after.lstrip(b"0123456789")
    if (len(rest) < len(after) and rest[:1] in _ENDS) or after[:1] in b"[{" or after[:4] in _NOTHING:
        return []
    anchor = data[at:end]
    opening = _OPENING.match(data[end : end + 80])
    assert opening is not None
    quote = opening[1] or b""
    begin = end + opening.end()
    if b"," in anchor and anchor[anchor.rfind(b",") - 1 : anchor.rfind(b",")] not in (b'"', b"'"):
        return []  # an argument beside a value, not one beside a name
    if not quote and anchor[-1:] in b"\"'":
        quote = anchor[len(anchor.rstrip(b"\\\"'")) :]
        begin = end
    if quote:
        stop = data.find(quote, begin, begin + 2000)
        value = data[begin:stop] if stop >= 0 else b""
        if b"\n" in value or quote[-1:] in value or value[:1] in b"),]};>":
            return []  # what was taken for the opening quote closes another text
        if b"," in anchor and not any(48 <= byte <= 57 for byte in value):
            return []  # two words of a list
    else:
        bare = _BARE.match(data[begin : begin + 2000])
        value = bare[0].rstrip(b".:!?") if bare else b""
        if data[begin + len(value) : begin + len(value) + 1] in (b"(", b"["):
            return []
    if len(value) < 3 or len(set(value)) < 3 or value[:1] in b":=" or values.is_plain(value):
        return []
    line = data[max(0, at - _CONTEXT) : at]
    line = line[line.rfind(b"\n") + 1 :]
    word = line[len(line) - _word_length(line) :] + anchor.rstrip(b" \t=:>,(\\\"'`)]")
    if line[: len(line) - _word_length(line)].endswith(b"\\") and word[:1] in b"nrt":
        word = word[1:]  # the letter belongs to a line end that is written as an escape
    if b"(" in anchor:
        word = word.rpartition(b".")[2]  # the function that is called
    name = _snake(word).replace(b"-", b"_").replace(b".", b"_").replace(b" ", b"_").removesuffix(b"_is")
    hit = _decide(rules, name, line.lower(), value, bool(quote), begin)
    return [hit] if hit else []


def _decide(rules: Table, name: bytes, line: bytes, value: bytes, quoted: bool, begin: int) -> Hit | None:
    if rules.stop_names.search(name) or values.is_stop(value):
        return None
    around = line.replace(b"-", b"_").replace(b" ", b"_") + name
    of_service = rules.services.search(around) is not None
    for rule in rules.assigned:
        if rule.value is not None:
            if not of_service:
                continue
            found = rule.value.fullmatch(value)
            if found is None or rule.keyword.search(around) is None or values.entropy(value) < rule.entropy:
                continue
            if not any(48 <= byte <= 57 for byte in value) and len(value) < 30:
                continue
        elif rule.keyword.search(name) is None:
            continue
        elif rule.judge == "password":
            if not values.is_password(value, quoted):
                continue
        elif not values.is_token(value, 12 if quoted else 16):
            continue
        return Hit(begin, begin + len(value), rule.kind, 3, value)
    return None


def _snake(word: bytes) -> bytes:
    """``word`` in small letters, with _ where a capital begins another word in it."""
    if word.islower() or word.isupper():
        return word.lower()
    humps = (b"_" if 65 <= b <= 90 and (97 <= a <= 122 or 48 <= a <= 57) else b"" for a, b in itertools.pairwise(word))
    return b"".join(hump + word[k : k + 1] for k, hump in enumerate(itertools.chain((b"",), humps))).lower()


def _word_length(line: bytes) -> int:
    """Length of the word that ``line`` ends with."""
    at = len(line)
    while at and (line[at - 1 : at].isalnum() or line[at - 1 : at] in (b"_", b"-", b".")):
        at -= 1
    return len(line) - at
