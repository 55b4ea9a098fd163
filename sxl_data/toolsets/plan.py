"""What a plan says to the planner: generators yield these and get back what really came of it.

    def plan():
        found = yield call("search", words="budget")         # the tool's own result
        yield think("{n} notes match; the later one is meant.", n=len(found))
        yield [call("pin", note=1), call("pin", note=2)]      # side by side
        when = yield ask()                                    # what the person answers
        return {"note": 2}                                    # for the words of the last message

A plan that looks at no result is a list of such items; its results are the slots ``r0``, ``r1``, … of the last message.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple


class Call(NamedTuple):
    """A call to make. Its value in the plan is the result as Python values."""

    name: str
    arguments: dict[str, Any]


class Refusable(NamedTuple):
    """A call that may be refused, which the plan handles: then its value is a `Refusal`. Any other refusal is a fault
    of the plan."""

    call: Call


class Refusal(NamedTuple):
    """A tool said no."""

    kind: str
    message: str


class Think(NamedTuple):
    """A reason that is true, stated from what the plan has seen. Becomes a Reflect step."""

    patterns: tuple[str, ...]
    slots: dict[str, Any]


class Ask(NamedTuple):
    """A question to the person. Its value in the plan is the answer."""

    patterns: tuple[str, ...]
    slots: dict[str, Any]


Plan = Generator[Any, Any, dict[str, Any] | None]
"""Yields calls (a list of them at once), refusable calls, thoughts and questions; returns slots of the last message
beside those of the job."""


def call(name: str, /, **arguments: Any) -> Call:
    """A call of the tool ``name``."""
    return Call(name, arguments)


def may_fail(name: str, /, **arguments: Any) -> Refusable:
    """A call of the tool ``name``, of which the plan handles a refusal."""
    return Refusable(Call(name, arguments))


def think(*patterns: str, **slots: Any) -> Think:
    """A reason in the words of one of ``patterns``, or of the pattern's own ``~`` lines."""
    return Think(patterns, slots)


def ask(*patterns: str, **slots: Any) -> Ask:
    """A question in the words of one of ``patterns``, or of the pattern's own ``?`` lines."""
    return Ask(patterns, slots)


def begun(plan: Callable[[], Plan] | list[Any]) -> Plan:
    """The generator of ``plan``, which may be a list of items."""
    return _fixed(plan) if isinstance(plan, list) else plan()


def _fixed(items: list[Any]) -> Plan:
    values: list[Any] = []
    for item in items:
        got = yield item
        if isinstance(item, list):
            values += got
        elif isinstance(item, Call | Refusable):
            values.append(got)
    return {f"r{n}": value for n, value in enumerate(values)}
