"""Checks the `options:` of a source: keys that its format does not know change nothing, so they are refused.

In: the options and the format that the source is read with. Out: nothing, or all that is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sxl_data.contract.errors import Finding, UserError, finding
from sxl_data.contract.nearest import meant
from sxl_data.trace.format import Format, Option, options_of


def check_options(values: Mapping[str, Any], format: Format, file: str | None = None, at: str = "/options") -> None:
    """Raises U101 for each key that ``format`` does not know, with the nearest that it does, and U102 for each value
    of another kind; ``at`` is the pointer of the options in ``file``."""
    if problems := list(_problems(values, format, file, at)):
        raise UserError(*problems)


def _problems(values: Mapping[str, Any], format: Format, file: str | None, at: str) -> Iterator[Finding]:
    known = options_of(format)
    for key, value in values.items():
        if key not in known:
            yield finding("U101", file=file, pointer=f"{at}/{key}", found=key, expected=_expected(key, format, known))
            continue
        try:
            msgspec.convert(value, known[key].kind)
        except msgspec.ValidationError as problem:
            yield finding("U102", file=file, pointer=f"{at}/{key}", found=value, expected=problem)


def _expected(key: str, format: Format, known: Mapping[str, Option]) -> str:
    if not known:
        return f"no options: the format {format.name} has none"
    return meant(key, known, f"an option of {format.name}: ")
