"""One small JSON file of ours that came back from elsewhere, as the struct it should be: a round, votes, decisions.

Such files pass through other hands, so any of them may be large, half written, nested without end or something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import msgspec

from sxl_data.contract.errors import error

T = TypeVar("T")


def read_document(
    path: Path, kind: type[T], code: str, expected: str, at_most: int, absent: tuple[str, str] | None = None
) -> T:
    """The file ``path`` as ``kind``. Raises `UserError` ``code``, which names what was ``expected``, for any other
    and for one of more than ``at_most`` bytes; ``absent`` is the code and what is expected where there is no file."""
    if not path.is_file():
        missing, wanted = absent or (code, expected)
        raise error(missing, file=str(path), found="no such file", expected=wanted)
    if (size := path.stat().st_size) > at_most:
        raise error(code, file=str(path), found=f"{size} bytes", expected=f"at most {at_most}")
    try:  # not msgspec's own parser, which has no error for a lone surrogate
        return msgspec.convert(json.loads(path.read_bytes()), kind, str_keys=True)
    except (ValueError, RecursionError) as problem:  # msgspec's and Unicode's errors are ValueErrors
        raise error(code, file=str(path), found=problem, expected=expected) from None
