"""The ways in which calls are scored, and how each is asked: as generated, after stated repairs, held to a grammar.

What a score or a count is called ends with its way, so that those of one run stand beside each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sxl_train.answers.markup import Call, Schemas
from sxl_train.answers.tool_calls import Read, read, repaired
from sxl_train.generate.types import Message, Request, Tool
from sxl_train.suites.types import Options

REPAIRED, HELD = ", repaired", ", constrained"
READERS: dict[str, Callable[[str, Schemas], Read]] = {"": read, REPAIRED: repaired, HELD: read}
"""Way → what reads an answer."""


def wanted(options: Options) -> list[str]:
    """The ways of a run."""
    return ["", REPAIRED, *([HELD] if options.constrained else [])]


def request(id: str, messages: Sequence[Message], tools: Sequence[Tool], options: Options, way: str) -> Request:
    """One answer to ``messages``."""
    return Request(
        id=id,
        messages=tuple(messages),
        tools=tuple(tools),
        max_tokens=options.max_tokens,
        temperature=options.temperature,
        top_p=options.top_p if options.temperature else 1.0,
        seed=options.seed,
        constrained=way == HELD,
    )


def count(way: str, calls: Sequence[Call | None], valid: int) -> dict[str, tuple[int, int]]:
    """How many of ``calls`` parse, and how many satisfy their schemas."""
    parsed = sum(call is not None for call in calls)
    return {"calls parse" + way: (parsed, len(calls)), "calls valid" + way: (valid, len(calls))}
