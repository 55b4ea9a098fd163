"""Texts that are JSON, and the texts inside them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sxl_data.files.json_text import load
from sxl_data.trace.leaves import texts
from sxl_data.trace.searched import Searched


def load_or_none(text: str) -> Any:
    """The value that ``text`` writes as JSON; None where it is none."""
    try:
        return load(text)
    except ValueError:
        return None


def opened(text: str, depth: int = 0) -> dict[str, None] | None:
    """The strings inside a text that is JSON; None where it is none. JSON in JSON is opened too."""
    start = text.lstrip()[:1]
    if start not in ("{", "[", '"') or depth > 4:
        return None
    try:
        value = load(text)
    except ValueError:
        return None
    inner = texts(value)
    for item in list(inner):
        if (more := opened(item, depth + 1)) is not None:
            inner.update(more)
    return inner


declaration = lru_cache(256)(opened)
"""As `opened`, remembered: rows declare the same tools again and again."""


def stands(text: str, whole: Searched) -> bool:
    """Whether each line of ``text`` stands in ``whole``; white space at its ends does not count. JSON stands there
    where its strings do."""
    if text in whole or all(line.strip() in whole for line in text.split("\n")):
        return True
    value = load_or_none(text)
    if not isinstance(value, (dict, list)):
        return False
    inner = texts(value, shortest=1)
    return bool(inner) and all(item in whole for item in inner)
