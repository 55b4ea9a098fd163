"""Sizes as people write them: ``300MB`` ↔ bytes."""

from __future__ import annotations

from sxl_data.contract import patterns

_SIZE = patterns.compile(r"\s*([0-9]*\.?[0-9]+)\s*([kKMGT]?B)\s*")
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def parse_size(text: str) -> int:
    """``"300MB"`` → 300 000 000. Decimal units, because download pages and disks use them. ValueError for no size."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"a size such as 300MB, not {text!r}")
    return round(float(match[1]) * UNITS[match[2].upper()])


def is_size(text: str) -> bool:
    """Whether ``text`` says a size above nothing."""
    try:
        return parse_size(text) > 0
    except ValueError:
        return False
