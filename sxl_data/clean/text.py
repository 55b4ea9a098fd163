"""Repairs damaged text: NUL, byte order marks, carriage returns, UTF-8 that was read as Windows-1252.

In: an Arrow string array. Out: the repaired array. Only texts that show the damage are touched, and no
normalisation form is imposed: it would change string literals in code. What was misread, and that it was, is for
`ftfy.fix_encoding` to say, which changes nothing else.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

# One class and one repetition, so RE2 runs it in linear time over every text.
_SIGN = "[\u00c3\u00c2\u00e2][\u0080-\u00bf\u20ac\u2122\u0153\u201c\u201d\u2030\u0160]"

LONGEST_LINE = 20_000
"""Characters of a line that is looked at as a whole; a longer one is data."""
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
    """``text`` with each of its lines decoded as it was meant, where `ftfy` is sure: a text may quote damage in one
    line and be sound in the next."""
    return "\n".join(
        _line(line) if not line.isascii() and len(line) <= LONGEST_LINE else line for line in text.split("\n")
    )


def _line(line: str) -> str:
    from ftfy import fix_encoding

    fixed = fix_encoding(line).replace("\ufeff", "")
    return line if any(character < " " and character != "\t" for character in fixed) else fixed
