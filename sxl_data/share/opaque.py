"""Bytes that nobody can look into, in JSON: pictures, archives, encrypted reasoning, signatures.

In: bytes of JSON. Out: the same with a sign, or for a picture an empty one, in the place of every long run of base64
or hexadecimal digits that stands for no text. What is in such a run no scan sees: a screenshot shows a password, and
encrypted reasoning may quote one. Runs that stand for text are looked into by `secrets`.
"""

from __future__ import annotations

import base64
import binascii

from sxl_data.contract.patterns import Match, compile

SIGN = b"BYTES_left_out"
PICTURE = b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one transparent pixel."""
_LONGEST_TEXT = 100_000
"""Bytes of base64 up to which `secrets` looks into it."""
_RUN = compile(
    rb"(?:[A-Za-z0-9+/]|\\/){200,}={0,2}|[A-Za-z0-9_-]{200,}={0,2}"
    rb"|[A-Za-z0-9+/]{60,}(?:(?:\\r)?\\n[A-Za-z0-9+/]{60,}){2,}(?:(?:\\r)?\\n[A-Za-z0-9+/]{1,76})?={0,2}"
)
_PRINTED = bytes([9, 10, 13, *range(32, 127), *range(128, 256)])
_PICTURES = (b"iVBORw0KGg", b"/9j/", b"R0lGOD", b"UklGR", b"Qk0")


def without_bytes(data: bytes) -> tuple[bytes, int]:
    """``data`` without such runs, and how many there were."""
    count = 0

    def clean(found: Match[bytes]) -> bytes:
        nonlocal count
        run: bytes = found[0]
        plain = run.replace(b"\\/", b"/").replace(b"\\r", b"").replace(b"\\n", b"")
        if not _is_opaque(plain):
            return run
        count += 1
        return PICTURE if plain.startswith(_PICTURES) else SIGN

    out = _RUN.sub(clean, data)
    return (out if count else data), count


def _is_opaque(run: bytes) -> bool:
    if run == PICTURE or len(set(run)) < 12:
        return False
    kinds = (any(b in run for b in b"0123456789"), run != run.lower(), run != run.upper())
    if not kinds[0] or (not (kinds[1] and kinds[2]) and not _is_hex(run)):
        return False
    if _is_hex(run):
        return True
    try:
        text = run.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        plain = base64.b64decode(text[: len(text) // 4 * 4])
    except (ValueError, binascii.Error):
        return True
    return len(run) > _LONGEST_TEXT or bool(plain.translate(None, _PRINTED)) or not _is_utf8(plain)


def _is_hex(run: bytes) -> bool:
    return not run.translate(None, b"0123456789abcdefABCDEF")


def _is_utf8(data: bytes) -> bool:
    cut = data[: len(data) - 3]
    try:
        cut.decode("utf-8")
    except UnicodeDecodeError as problem:
        return problem.start > len(cut) - 4
    return True
