"""Patterns of tasks kept for evaluation: new ones over the tools of training, and those that held-out tools solve."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, call
from sxl_data.toolsets.sets.calculator.tasks import NAMES, new_name, saving, units
from sxl_data.toolsets.sets.calculator.tools import UNITS, number, show
from sxl_data.toolsets.sets.calculator.world import SET, Memory
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import TOPICS


@SET.pattern("ordered", "patterns")
def keep_two(pick: Pick, state: Memory) -> Job:
    """Two numbers to remember: {a} for {name}, then {b} for {other}.
    For later: {name} stands at {a}, {other} at {b}. {Hold on to both|Keep the two}.
    > Both are kept: {name} {a}, {other} {b}.
    """
    name, other = pick.several([t for t in TOPICS if t not in state.saved], 2)
    a, b = pick.number(100, 9999), pick.number(100, 9999)

    def want(end: Any) -> None:
        end["saved"] |= {name: a, other: b}

    steps = [call("save", name=name, value=a), call("save", name=other, value=b)]
    return Job({"name": name, "other": other, "a": a, "b": b}, steps, want)


@SET.pattern("dependent", "patterns")
def keep_converted(pick: Pick, state: Memory) -> Job:
    """My {name} measures {n} {unit}. Put it away in {to}, under that name.
    Under “{name}” I want {n} {unit}, but as {to}.
    > {name} is kept as {value} {to}.
    """
    (unit, to), name, n = units(pick), new_name(pick, state), pick.number(11, 990)
    kind = next(group for group in UNITS.values() if unit in group)
    value = number(Fraction(n) * Fraction(kind[unit]) / Fraction(kind[to]))

    def plan() -> Plan:
        found = yield call("convert", value=n, unit=unit, to=to)
        yield call("save", name=name, value=found)
        return {"value": show(found)}

    return Job({"name": name, "n": n, "unit": NAMES[unit], "to": NAMES[to]}, plan, saving(name, value))


@SET.pattern("single", "tools")
def average(pick: Pick, state: Memory) -> Job:
    """{What's|Tell me} the average of {listed}, please.
    On average, how much is {listed}?
    > The average is {r0}.
    """
    numbers = [pick.number(10, 900) for _ in range(pick.any((3, 4, 5)))]
    value = show(number(Fraction(sum(numbers), len(numbers))))
    listed = ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"
    return Job({"listed": listed}, [call("mean", numbers=numbers)], found=(value,), answer=(value,))


@SET.pattern("single", "tools")
def divisor(pick: Pick, state: Memory) -> Job:
    """What is the largest number that divides both {a} and {b}?
    Greatest common divisor of {a} and {b}?
    > That is {r0}.
    """
    a, b = pick.number(60, 990), pick.number(60, 990)
    value = str(gcd(a, b))
    return Job({"a": a, "b": b}, [call("common_divisor", first=a, second=b)], found=(value,), answer=(value,))
