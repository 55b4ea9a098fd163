"""Repairs damaged text: NUL, byte order marks, carriage returns, UTF-8 that was read as Windows-1252.

In: an Arrow string array. Out: the repaired array. Only texts that show the damage are touched, and no
normalisation form is imposed: it would change string literals in code. ftfy knows more kinds, and asks made-up text for
a round per character: 13 s for 8 kB of one letter.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import patterns

# A UTF-8 sequence of two to four bytes, each read as one Windows-1252 character.
_LEAD = "[\u00c2-\u00f4]"
_TAIL = "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
_MOJIBAKE = patterns.compile(f"{_LEAD}{_TAIL}{{1,3}}")
# One class and one repetition, so RE2 runs it in linear time over every text.
_SIGN = "[\u00c3\u00c2\u00e2][\u0080-\u00bf\u20ac\u2122\u0153\u201c\u201d\u2030\u0160]"

_ROUNDS = 8
_REPLACED = (("\x00", ""), ("\ufeff", ""), ("\r\n", "\n"))


def repair(texts: pa.Array) -> pa.Array:
    """``texts`` with the damage undone, or ``texts`` itself where there is none; same length, nulls stay null."""
    for damage, repaired in _REPLACED:
        after = pc.replace_substring(texts, damage, repaired)
        # Each replacement is shorter than what it replaces, so an equal size means that there was none.
        texts = texts if _size(after) == _size(texts) else after
    damaged = pc.fill_null(pc.match_substring_regex(texts, _SIGN), False)
    if not pc.any(damaged).as_py():
        return texts
    fixed = [_demojibake(text) for text in texts.filter(damaged).to_pylist()]
    return pc.replace_with_mask(texts, damaged, pa.array(fixed, texts.type))


def _size(texts: pa.Array) -> int:
    return pc.sum(pc.binary_length(texts)).as_py() or 0


def _demojibake(text: str) -> str:
    """Until nothing changes: text that was misread twice needs two rounds, and each doubles what it takes. Made-up
    text can ask for a round per character, so there are `_ROUNDS` at most."""
    for _ in range(_ROUNDS):
        if (fixed := _MOJIBAKE.sub(_decode, text).replace("\ufeff", "")) == text:
            break
        text = fixed
    return text


def _decode(match: patterns.Match[str]) -> str:
    """The character that the sequence stands for, or the sequence itself when it stands for none."""
    raw = bytearray()
    for character in match.group():
        try:
            raw += character.encode("cp1252")
        except UnicodeEncodeError:
            if ord(character) > 0xFF:
                return match.group()
            raw.append(ord(character))  # the five bytes that Windows-1252 leaves undefined
    for end in range(len(raw), 1, -1):
        try:
            character = raw[:end].decode("utf-8")
        except UnicodeDecodeError:
            continue
        # A control character is what nobody wrote.
        return match.group() if character < "\u00a0" else character + match.group()[end:]
    return match.group()
