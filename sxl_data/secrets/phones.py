"""Phone numbers in the form of their country, where a word says that they are ones.

In: bytes and a place where `CALLED` matches. Out: hits. Digits with gaps are a sum, a date or a column as often as a
number, so without a country's + only the word before them counts: behind what names a telephone any number of its
length, behind an invitation to call one that begins with the 0 of its own country.
"""

from __future__ import annotations

from sxl_data.contract.patterns import compile
from sxl_data.secrets.hits import Hit, starts

PHONE = "phone"

_GAP = r"[ .:=/\"'#>|,*\\]"
_EMOJI = "\N{VARIATION SELECTOR-16}"
_SIGNS = ("☎", "✆", "📞", "📱")
_NAMED = (
    rf"(?i:phone|telefon|mobile?|handy|whatsapp|tel|fon|fax)(?i:\.?[ _-]?(?:number|nummer|num|nr|no))?{_GAP}{{1,7}}"
    r"(?:(?i:is|ist|at|on|unter) )?"
)
_ASKED = r"(?i:call|dial)(?i: me| us)?(?i: at| on| under)?[ :]{1,2}"
CALLED = compile((rf"(?:{_NAMED}|(?:{'|'.join(_SIGNS)})(?:{_EMOJI})?[ :]{{0,2}}|{_ASKED})\(?\d").encode())
"""What says that a number follows, to its first digit."""

WORDS = (
    *("phone", "telefon", "mobil", "handy", "whatsapp"),
    *(word + _GAP for word in ("tel", "fon", "fax")),
    *(word + end for word in ("tel", "fon", "fax") for end in ("[ _-]n", "n")),
    *(
        word + end
        for word in ("call", "dial")
        for end in ("[ :][0-9(]", "[ :]{2}[0-9(]", " me[ :]", " us[ :]", " [aou][tn]")
    ),
)
"""How a match of `CALLED` begins, whatever its case."""
SIGNS = tuple(sign.encode() for sign in _SIGNS)

_NATIONAL = compile(rb"(?:\(0\d{1,5}\)|0\d{1,5})[ /.-]{0,3}\d(?:[ /.-]{0,2}\d){4,10}")
_GROUPED = compile(rb"\d{2,4}(?:[ .-]\d{2,4}){2,4}")
_DATE = compile(rb"\d{1,2}[./-]\d{1,2}[./-]\d{4}\b|\d{4}-\d\d-\d\d|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b")


def called(data: bytes, start: int, end: int) -> list[Hit]:
    """The number whose first digit is the last byte of data[start:end], which `CALLED` matches."""
    at = end - 2 if data[end - 2 : end - 1] == b"(" else end - 1
    text = data[at : at + 40]
    if _DATE.match(text) or (data[start - 1 : start].isalnum() and not starts(data, start)):
        return []
    found = _NATIONAL.match(text)
    if found is None and data[start : start + 4].lower() not in (b"call", b"dial"):
        found = _GROUPED.match(text)
    if found is None:
        return []
    after = text[found.end() : found.end() + 2]
    digits = bytes(byte for byte in found[0] if 48 <= byte <= 57)
    goes_on = (
        after[:1].isalnum()
        or after[:1] in (b"_", b"%", b":")
        or (after[:1] in (b".", b"-", b",") and after[1:].isdigit())
    )
    if goes_on or not 9 <= len(digits) <= 13 or len(set(digits)) < 3:
        return []
    if digits[-7:].startswith(b"55501") or b"123456789" in digits:
        return []
    return [Hit(at, at + found.end(), PHONE, 5, digits)]
