"""What a person decided on the page: sessions and turns to leave out, doubts that are none, words to take out.

``{"format": "sxl-share-decisions-1", "share": HASH, "leave_out": ["s0002"], "drop": {"s0001": [3, 4]},
"fine": ["0123456789abcdef"], "take_out": ["zebra-app"]}``
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data.contract.documents import read_document
from sxl_data.contract.errors import error
from sxl_data.share.draft import Share

FORMAT = "sxl-share-decisions-1"
MAX_BYTES = 16_000_000
SHORTEST = 3


class Decisions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    format: str
    share: str
    leave_out: tuple[str, ...] = ()
    drop: dict[str, tuple[int, ...]] = {}
    fine: tuple[str, ...] = ()
    take_out: tuple[str, ...] = ()


def read_decisions(path: Path, share: Share) -> Decisions:
    """The decisions in ``path``. Raises `UserError`: U201, H724 for what is no such file or about nothing, H725 for
    those about another share."""
    found = read_document(path, Decisions, "H724", FORMAT, MAX_BYTES, absent=("U201", "what the page saved"))
    if found.format != FORMAT:
        raise error("H724", file=str(path), found=f"format {found.format[:60]!r}", expected=FORMAT)
    if found.share != share.hash:
        raise error("H725", file=str(path), found=found.share[:64], expected=share.hash)
    known, keys = {entry.id for entry in share.sessions}, {doubt.key for doubt in share.doubts}
    for pointer, given, all_of in (
        ("/leave_out", found.leave_out, known),
        ("/drop", found.drop, known),
        ("/fine", found.fine, keys),
    ):
        if strange := [item for item in given if item not in all_of]:
            raise error("H724", file=str(path), pointer=pointer, found=strange[0], expected="one that the page shows")
    if short := [word for word in found.take_out if len(word.strip()) < SHORTEST]:
        expected = f"at least {SHORTEST} characters"
        raise error("H724", file=str(path), pointer="/take_out", found=f"{len(short[0])} characters", expected=expected)
    return found
