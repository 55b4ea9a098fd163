"""One JSON text → its value, with everything said that a parser would do silently.

In: bytes. Out: the value and findings. The usual text is decoded by msgspec alone, and three searches in
C decide whether anything may be wrong: a key may occur twice (fewer keys come out of an encoder than went
in), NUL is escaped, a number has 19 digits. Only then the text is walked token by token, which finds the
place of each fault without recursion, so that no depth of nesting can crash it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.errors import Finding, finding
from sxl_data.files.json_text import MAX_DEPTH, is_deep
from sxl_data.files.numbers import DECODER, ENCODER

INT64 = range(-(2**63), 2**63)

_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_SPACES = b" \t\r\n"
_LONG_NUMBER = patterns.compile(rb"[\[:,\s]-?\d{19,}\s*[,\]}\s]")
# Escapes that the encoder writes otherwise would upset the count of keys.
_ODD_ESCAPE = patterns.compile(rb"\\u00(?:09|0[aAdD]|20|22|3[aA])")
_BYTE = patterns.compile(r"\(byte (\d+)\)")
_TOKEN = patterns.compile(
    r'[ \t\r\n]*(?:(?P<string>"(?:[^"\\\x00-\x1f]|\\.)*")|(?P<punct>[{}\[\]:,])'
    r"|(?P<number>-?(?:0|[1-9]\d*)(?P<frac>(?:\.\d+)?(?:[eE][+-]?\d+)?))|(?P<word>-?[A-Za-z]+))"
)
_KINDS = ("string", "punct", "number", "word")
_SHOWN, _LONGEST = 200, 1_000
_LONE = patterns.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<bad>u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000))|.)"
)


class Decoded(msgspec.Struct, frozen=True):
    """``value`` is None where the text is refused; ``salvaged`` is then what can still be looked at."""

    value: Any
    findings: tuple[Finding, ...] = ()
    salvaged: Any = None


def decode(raw: bytes) -> Decoded:
    """The value of ``raw``. Half surrogates and NUL are repaired and said; what is no JSON is refused."""
    try:
        value = DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        return _examine(raw, problem)
    if may_hide(raw, value) or (raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and is_deep(value)):
        return _examine(raw, None)
    return Decoded(value) if value is not None else _null()


def may_hide(raw: bytes, value: Any) -> bool:
    """Whether ``raw``, which decodes to ``value``, may hold a repeated key, a NUL or a long integer."""
    if b"\\u0000" in raw or (b"0" * 19 in raw.translate(_ZEROS) and _LONG_NUMBER.search(raw)):
        return True
    if b"\\u00" in raw and _ODD_ESCAPE.search(raw):
        return True
    # A text without objects has no keys, and a number beyond 64 bits was found above.
    written = ENCODER.encode(value)
    if raw.count(b'":') == written.count(b'":'):
        # Spelled out: asked of every record, a loop takes longer than the searches.
        if not (b" :" in raw or b"\t:" in raw or b"\n:" in raw or b"\r:" in raw):
            return False
    return _keys(raw) != _keys(written)


def _keys(text: bytes) -> int:
    """Ends of strings that are followed by a colon, white space left out."""
    return text.translate(None, _SPACES).count(b'":')


def _null() -> Decoded:
    return Decoded(None, (finding("S211", found="null", expected="an object"),))


def _examine(raw: bytes, problem: Exception | None) -> Decoded:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as bad:
        place = locate(raw[: bad.start].decode("utf-8", "replace"))
        salvaged = _examine(raw.decode("utf-8", "replace").encode(), None)
        found = finding(
            "S102", pointer=place, found=f"byte 0x{raw[bad.start]:02x} at position {bad.start}", expected="UTF-8"
        )
        return Decoded(None, (found, *salvaged.findings), salvaged.value or salvaged.salvaged)
    return _walk(text, problem)


def _walk(text: str, problem: Exception | None) -> Decoded:
    findings: list[Finding] = []
    pieces: list[str] = []
    at = 0
    refused = False

    def repair(match: patterns.Match[str], pointer: str, found: list[str]) -> str:
        bad = match.group("bad")
        if bad is None:
            return match.group()
        found.append("\\" + bad)
        return "\\ufffd"

    for kind, match, pointer in tokens(text):
        if kind == "deep":
            found = finding(
                "S103", pointer=None, found=f"more than {MAX_DEPTH} levels", expected=f"at most {MAX_DEPTH}"
            )
            return Decoded(None, (*findings, found))
        if kind == "twice":
            refused = True
            findings.append(
                finding("S104", pointer=pointer, found=f"{match.group('string')} again", expected="each key once")
            )
        elif kind == "string" or kind == "key":
            start, end = match.span("string")
            if "\\u" in text[start:end]:
                bad: list[str] = []
                fixed = _LONE.sub(lambda m: repair(m, pointer, bad), text[start:end])  # noqa: B023
                if bad:
                    findings.append(
                        finding(
                            "S105",
                            pointer=pointer,
                            found=", ".join(sorted(set(bad))),
                            expected="text that UTF-8 can hold",
                        )
                    )
                    pieces += [text[at:start], fixed]
                    at = end
        elif kind == "number" and not match.group("frac") and int_outside(match.group("number")):
            findings.append(
                finding("S107", pointer=pointer, found=match.group("number")[:60], expected="at most 64 bits")
            )
        elif kind == "word" and match.group("word") in ("NaN", "Infinity", "-Infinity"):
            refused = True
            findings.append(finding("S106", pointer=pointer, found=match.group("word"), expected="a JSON value"))
            pieces += [text[at : match.start("word")], "null"]
            at = match.end()
    fixed_text = "".join([*pieces, text[at:]])
    try:
        value = DECODER.decode(fixed_text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as cause:
        return Decoded(None, (*findings, _syntax(fixed_text, cause)))
    if value is None:
        return _null()
    return Decoded(None, tuple(findings), value) if refused else Decoded(value, tuple(findings))


def int_outside(literal: str) -> bool:
    """Whether an integer literal does not fit 64 bits, without building a huge number."""
    return len(literal) > 20 or (len(literal) > 18 and int(literal) not in INT64)


def _syntax(text: str, cause: Exception) -> Finding:
    message = str(cause)
    position = _BYTE.search(message)
    at = int(position.group(1)) if position else len(text.encode())
    before = text.encode()[:at].decode("utf-8", "ignore")
    if isinstance(cause, RecursionError):
        return finding("S103", found="more levels than can be read", expected=f"at most {MAX_DEPTH}")
    reason = message.removeprefix("JSON is malformed: ").split(" (byte")[0]
    if position is None and "truncated" in message:
        reason = "the text ends in the middle of a value"
    near = text[len(before) : len(before) + 40] or text[-40:]
    return finding(
        "S101", pointer=locate(before), found=f"{reason} at character {len(before) + 1}, near {near!r}", expected="JSON"
    )


def locate(before: str) -> str:
    """The pointer of the place at which the JSON text ``before`` stops."""
    pointer = ""
    for kind, _, place in tokens(before):
        if kind in ("string", "number", "word", "key", "open"):
            pointer = place
    return pointer


def tokens(text: str) -> Any:
    """(kind, match, pointer) of each token: string, number, word, key, ``twice`` for a key that the
    object has already, ``open``, and ``deep`` where nesting passes `MAX_DEPTH`. Stops at what is no token."""
    stack: list[list[Any]] = []  # [keys seen or None for an array, current key or position]
    position, key_next = 0, False
    previous = ""
    for match in _TOKEN.finditer(text):
        if match.start() > position:
            return
        position = match.end()
        kind = _kind(match)
        if kind == "punct":
            char = match.group("punct")
            if char in "{[":
                pointer = _pointer(stack)
                stack.append([set() if char == "{" else None, 0])
                key_next = char == "{"
                yield "open", match, pointer
                if len(stack) > MAX_DEPTH:
                    yield "deep", match, pointer
                    return
            elif char in "}]":
                if not stack:
                    return
                stack.pop()
                key_next = False
            elif char == "," and stack:
                if stack[-1][0] is None:
                    stack[-1][1] += 1
                else:
                    key_next = True
            previous = char
            continue
        if kind == "string" and key_next and stack and previous in "{,":
            name = match.group("string")[1:-1]
            seen = stack[-1][0]
            plain = _plain(name)
            stack[-1][1] = plain
            key_next = False
            if plain in seen:
                yield "twice", match, _pointer(stack)
            seen.add(plain)
            yield "key", match, _pointer(stack)
        else:
            yield kind, match, _pointer(stack)
        previous = '"'


def _kind(match: patterns.Match[str]) -> str:
    return next(kind for kind in _KINDS if match.start(kind) >= 0)


def _plain(name: str) -> str:
    if "\\" not in name:
        return name
    try:
        return str(DECODER.decode(f'"{name}"'))
    except (msgspec.MsgspecError, UnicodeError):
        return name


def _pointer(stack: list[list[Any]]) -> str:
    """The place that ``stack`` says. Every token has one, so that long keys above many values would cost the square
    of a text: a key of more than `_SHOWN` characters is cut, and so is a pointer."""
    parts = (_shown(str(entry[1])).replace("~", "~0").replace("/", "~1") for entry in stack[:_LONGEST])
    return _shown("".join("/" + part for part in parts), _LONGEST)


def _shown(text: str, most: int = _SHOWN) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
