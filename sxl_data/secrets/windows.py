"""The match of a pattern that a place lies in, in a window of bounded length around it.

In: bytes, the window, the place and the pattern. Out: what a function makes of the match. What the first search of a
text stops at is somewhere within what has to be found; bounded windows keep the whole linear.
"""

from __future__ import annotations

from collections.abc import Callable

from sxl_data.contract.patterns import Match, Pattern
from sxl_data.secrets.hits import Hit


def in_window(
    data: bytes,
    begin: int,
    end: int,
    at: int,
    pattern: Pattern[bytes],
    found: Callable[[bytes, Match[bytes], int], list[Hit]],
) -> list[Hit]:
    """What ``found`` makes of the match of ``pattern`` that holds ``at``: it gets the text, the match, and the place
    where the match's window begins."""
    begin = max(0, begin)
    window = data[begin:end]
    match = pattern.search(window)
    while match is not None and begin + match.end() <= at:
        begin += max(1, match.end())
        match = pattern.search(data[begin:end])
    return [] if match is None or begin + match.start() > at else found(data, match, begin)
