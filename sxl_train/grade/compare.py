"""Whether an answer is the expected one, by a rule that is named. Runs inside boxes: standard library only.

The rules are those that EvalPlus states for HumanEval+ and MBPP+ (arXiv 2305.01210): equal, or for numbers within an
absolute tolerance and a relative one of 1e-07; sets where order is not asked for; truth where only it is asked for.
"""

from __future__ import annotations

import math
from typing import Any

RELATIVE = 1e-07
FLOATS = 1e-06
"""Absolute tolerance of numbers with a point where a problem states none."""


def agree(answer: Any, expected: Any, arguments: list[Any], rule: dict[str, Any]) -> bool:
    """Whether ``answer`` to ``arguments`` is right. Raises what comparing raises."""
    kind, tolerance = rule.get("kind", "equal"), float(rule.get("tolerance", 0))
    if kind == "set":
        return set(answer) == set(expected)
    if kind == "any":
        return True
    if kind == "truth":
        wanted = expected if isinstance(expected, bool) else expected is not None
        return bool(answer == wanted) if isinstance(answer, bool) else wanted is (answer is not None)
    if kind == "root":
        return abs(sum(c * math.pow(answer, i) for i, c in enumerate(arguments[0]))) <= tolerance
    if answer == expected:
        return True
    for other in rule.get("also", ()):
        if other == "zero" and answer == 0:
            return True
        if other == "digits" and answer == _digits(*arguments):
            return True
        if other == "pyramid" and abs(answer - _pyramid(*arguments)) <= tolerance:
            return True
    if tolerance == 0 and _has_floats(expected):
        tolerance = FLOATS
    return tolerance != 0 and type(answer) is type(expected) and _close(answer, expected, tolerance)


def _has_floats(value: Any) -> bool:
    if isinstance(value, list | tuple) and value:
        return all(isinstance(inner, float) for inner in value)
    return isinstance(value, float)


def _close(answer: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, list | tuple):
        return len(answer) == len(expected) and all(_close(a, e, tolerance) for a, e in zip(answer, expected))
    if not isinstance(answer, int | float | complex) or not isinstance(expected, int | float | complex):
        return False
    return answer == expected or abs(answer - expected) <= tolerance + RELATIVE * abs(expected)


def _digits(first: Any, second: Any) -> int:
    """Distance of two numbers digit by digit, the shorter one filled up with zeros."""
    texts = (str(first), str(second))
    longest = max(map(len, texts))
    return sum(abs(int(a) - int(b)) for a, b in zip(*(text.zfill(longest) for text in texts)))


def _pyramid(base: float, height: float) -> int:
    """Surface of a square pyramid whose height is the one from its base."""
    return round(base**2 + 2 * base * math.hypot(base / 2, height))
