"""A calculator with units and a memory."""

from __future__ import annotations

import ast
import operator
from datetime import date
from fractions import Fraction
from math import gcd
from typing import Any, Literal

import msgspec

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import Job, State, Toolset
from sxl_data.toolsets.values import DAYS, THINGS, TOPICS, spoken

# Factor to the first unit of each group, as text so that it is exact.
UNITS: dict[str, dict[str, str]] = {
    "length": {"m": "1", "km": "1000", "cm": "0.01", "mm": "0.001", "mi": "1609.344", "ft": "0.3048", "in": "0.0254"},
    "mass": {"kg": "1", "g": "0.001", "t": "1000", "lb": "0.45359237", "oz": "0.028349523125"},
    "volume": {"l": "1", "ml": "0.001", "gal_us": "3.785411784", "gal_imp": "4.54609", "floz_us": "0.0295735295625"},
    "time": {"s": "1", "min": "60", "h": "3600", "d": "86400"},
}
NAMES = {"m": "metres", "km": "kilometres", "cm": "centimetres", "mm": "millimetres", "mi": "miles", "ft": "feet"}
NAMES |= {"in": "inches", "kg": "kilograms", "g": "grams", "t": "tonnes", "lb": "pounds", "l": "litres"}
NAMES |= {"ml": "millilitres", "gal_us": "US gallons", "gal_imp": "imperial gallons", "s": "seconds"}
NAMES |= {"min": "minutes", "h": "hours", "d": "days", "oz": "ounces (weight)", "floz_us": "US fluid ounces"}
_OPERATORS: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_LONGEST = 200


class Memory(State):
    """Name → saved number."""

    saved: dict[str, float] = msgspec.field(default_factory=dict)


def start(pick: Pick) -> Memory:
    """Two or three saved numbers."""
    return Memory({name: float(pick.number(11, 999)) for name in pick.several(TOPICS, pick.any((2, 3)))})


SET = Toolset("calculator", "calculator and units", start, covers="calculations, units and saved numbers")


def number(value: Fraction | float) -> float:
    """Six digits behind the point at most, none for whole numbers; refuses what a float cannot hold."""
    try:
        found = round(float(value), 6)
    except OverflowError:
        raise ToolError("too_large", "the number is too large") from None
    return int(found) if found == int(found) else found


def show(value: float) -> str:
    """As JSON writes it, without ``.0``."""
    return str(int(value)) if value == int(value) else str(value)


def evaluate(expression: str) -> Fraction:
    """The value of an expression of numbers, + - * / and parentheses; nothing is executed."""
    if len(expression) > _LONGEST:
        raise ToolError("bad_expression", f"more than {_LONGEST} characters")
    try:
        return _value(ast.parse(expression.strip(), mode="eval").body)
    except ZeroDivisionError:
        raise ToolError("division_by_zero", f"{expression} divides by zero") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ToolError("bad_expression", f"{expression!r}: numbers, + - * / and parentheses only") from None


def _value(node: ast.AST) -> Fraction:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return Fraction(str(node.value))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        found: Fraction = _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
        return found
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        found = _OPERATORS[type(node.op)](_value(node.operand))
        return found
    raise ValueError


Unit = Literal[
    "m",
    "km",
    "cm",
    "mm",
    "mi",
    "ft",
    "in",
    "kg",
    "g",
    "t",
    "lb",
    "oz",
    "l",
    "ml",
    "gal_us",
    "gal_imp",
    "floz_us",
    "s",
    "min",
    "h",
    "d",
]


@SET.tool
def calculate(state: Memory, expression: str) -> float:
    """Work out an expression of numbers, + - * / and parentheses; six digits behind the point.

    expression: such as (3 + 4.5) * 2
    """
    return number(evaluate(expression))


@SET.tool
def convert(state: Memory, value: float, unit: Unit, to: Unit) -> float:
    """Convert a length, mass, volume or time into another unit; refuses units of different kinds.

    value: the number to convert
    unit: its unit
    to: the unit wanted
    """
    for group in UNITS.values():
        if unit in group and to in group:
            return number(Fraction(str(value)) * Fraction(group[unit]) / Fraction(group[to]))
    raise ToolError("other_kind", f"{unit} and {to} do not measure the same")


@SET.tool
def temperature(state: Memory, degrees: float, unit: Literal["celsius", "fahrenheit"]) -> float:
    """Give a temperature in the other of the two units.

    degrees: the temperature
    unit: the unit that it is in
    """
    given = Fraction(str(degrees))
    return number(given * 9 / 5 + 32 if unit == "celsius" else (given - 32) * 5 / 9)


@SET.tool
def save(state: Memory, name: str, value: float) -> str:
    """Save a number under a name; replaces what was there.

    name: the name
    value: the number
    """
    state.saved[name] = value
    return f"{name} = {show(value)}"


@SET.tool
def recall(state: Memory, name: str) -> float:
    """Give a saved number.

    name: the name that it was saved under
    """
    if name not in state.saved:
        raise ToolError("not_found", f"nothing is saved as {name!r}")
    return number(state.saved[name])


@SET.tool
def list_saved(state: Memory) -> list[str]:
    """List the names of all saved numbers."""
    return sorted(state.saved)


@SET.tool
def forget(state: Memory, name: str) -> str:
    """Delete a saved number.

    name: the name that it was saved under
    """
    recall(state, name)
    del state.saved[name]
    return f"{name} is forgotten"


@SET.tool
def days_between(state: Memory, first: str, last: str) -> int:
    """Count the days from one date to another.

    first: the first day as YYYY-MM-DD
    last: the other day as YYYY-MM-DD
    """
    try:
        return (date.fromisoformat(last) - date.fromisoformat(first)).days
    except ValueError as problem:
        raise ToolError("bad_date", str(problem)) from None


@SET.tool
def share(state: Memory, total: float, people: int) -> float:
    """Divide a sum of money among people, rounded to cents.

    total: the sum
    people: how many share it
    """
    if people < 1:
        raise ToolError("bad_number", "at least one person")
    return number(round(total / people, 2))


@SET.held_out_tool
def mean(state: Memory, numbers: list[float]) -> float:
    """Give the mean of some numbers.

    numbers: the numbers
    """
    if not numbers:
        raise ToolError("bad_number", "at least one number")
    return number(sum(Fraction(str(value)) for value in numbers) / len(numbers))


@SET.held_out_tool
def common_divisor(state: Memory, first: int, second: int) -> int:
    """Give the greatest whole number that divides two others.

    first: a whole number
    second: another
    """
    return gcd(first, second)


def saving(name: str, value: float) -> Any:
    """A wanted end in which ``value`` is saved as ``name``."""

    def want(end: Any) -> None:
        end["saved"][name] = value

    return want


def new_name(pick: Pick, state: Memory) -> str:
    """A name under which nothing is saved."""
    return pick.new([topic for topic in TOPICS if topic not in state.saved])


def units(pick: Pick) -> tuple[str, str]:
    """Two units of one kind, not so far apart that the number behind the point would be all zeros."""
    kind = UNITS[pick.any(("length", "mass", "volume", "time"))]
    mine = [unit for unit in kind if unit[:4] not in ("gal_", "floz")]
    pairs = [(a, b) for a in mine for b in mine if a != b and Fraction(kind[a]) / Fraction(kind[b]) > Fraction("0.001")]
    return pick.any(pairs)


@SET.pattern("single")
def sum_up(pick: Pick, state: Memory) -> Job:
    """{What is|Work out|How much is} {a} {sign} {b}?
    {a} {sign} {b}{ makes what| is how much|, please}?
    I {paid|counted} {a} {times} {b}. {What's the result|What does that make}?
    > {a} {sign} {b} is {r0}.
    > {That makes|The result is} {r0}.
    """
    sign, spelt = pick.any((("+", "plus"), ("-", "minus"), ("*", "times")))
    a, b = pick.number(120, 980), pick.number(11, 119)
    value = {"+": a + b, "-": a - b, "*": a * b}[sign]
    steps = [call("calculate", expression=f"{a} {sign} {b}")]
    return Job({"a": a, "b": b, "sign": spelt, "times": spelt}, steps, found=(str(value),), answer=(str(value),))


@SET.pattern("single")
def in_other_unit(pick: Pick, state: Memory) -> Job:
    """{How many {to} are {n} {unit}|What are {n} {unit} in {to}}?
    {Convert|Turn} {n} {unit} {into|to} {to}.
    {The label says|It's marked with|The plan says} {n} {unit}; I {need|want} that in {to}.
    A {thing} {of|measured at} {n} {unit}: what is that in {to}?
    > {n} {unit} {are|make} {r0} {to}.
    """
    unit, to = units(pick)
    n = pick.number(11, 990)
    kind = next(group for group in UNITS.values() if unit in group)
    value = show(number(Fraction(n) * Fraction(kind[unit]) / Fraction(kind[to])))
    slots = {"n": n, "unit": NAMES[unit], "to": NAMES[to], "thing": pick.new(THINGS)}
    return Job(slots, [call("convert", value=n, unit=unit, to=to)], found=(value,), answer=(value,))


@SET.pattern("single")
def keep_number(pick: Pick, state: Memory) -> Job:
    """{Save|Keep|Store} {n} {as|under} “{name}”.
    The {name} is {n}; {remember that|keep that number under its name}.
    “{name}” {should|shall} {stand for|hold} {n}.
    > {Saved|Kept}: {name} is {n}.
    """
    name, n = new_name(pick, state), pick.number(100, 9999)
    return Job({"name": name, "n": n}, [call("save", name=name, value=n)], saving(name, n))


@SET.pattern("single")
def how_long(pick: Pick, state: Memory) -> Job:
    """How many days {are there|lie} {from {a} to {b}|between {a} and {b}}?
    {Count|Tell me} the days from {a} {until|to} {b}.
    > {It's|There are} {r0} days.
    """
    first, last = sorted(pick.several(DAYS, 2))
    value = str((date.fromisoformat(last) - date.fromisoformat(first)).days)
    steps = [call("days_between", first=first, last=last)]
    return Job({"a": spoken(first), "b": spoken(last)}, steps, found=(value,), answer=(value,))


@SET.pattern("ordered")
def forget_and_keep(pick: Pick, state: Memory) -> Job:
    """{Forget|Delete} “{old}” and {save|keep} {n} as “{name}” instead.
    “{old}” is {out of date|wrong}: {remove|drop} it, then {save|store} “{name}” = {n}.
    > {old} is {gone|forgotten}, and {name} is {n}.
    """
    old, name, n = pick.any(sorted(state.saved)), new_name(pick, state), pick.number(100, 9999)

    def want(end: Any) -> None:
        del end["saved"][old]
        end["saved"][name] = n

    steps = [call("forget", name=old), call("save", name=name, value=n)]
    return Job({"old": old, "name": name, "n": n}, steps, want)


@SET.pattern("parallel")
def two_units(pick: Pick, state: Memory) -> Job:
    """{Convert|I need} {a} {unit} {to|in} {to}, and {b} {other} {to|in} {too}.
    {What are|How much are} {a} {unit} in {to} and {b} {other} in {too}?
    > {a} {unit} are {r0} {to}; {b} {other} are {r1} {too}.
    """
    (unit, to), (other, too) = units(pick), units(pick)
    a, b = pick.number(11, 990), pick.number(11, 990)
    steps = [[call("convert", value=a, unit=unit, to=to), call("convert", value=b, unit=other, to=too)]]
    values = []
    for n, one, two in ((a, unit, to), (b, other, too)):
        kind = next(group for group in UNITS.values() if one in group)
        values.append(show(number(Fraction(n) * Fraction(kind[one]) / Fraction(kind[two]))))
    slots = {"a": a, "b": b, "unit": NAMES[unit], "to": NAMES[to], "other": NAMES[other], "too": NAMES[too]}
    return Job(slots, steps, found=tuple(values), answer=tuple(values))


@SET.pattern("dependent")
def saved_plus(pick: Pick, state: Memory) -> Job:
    """{Add|Put} {n} to {the saved {name}|“{name}”} and {save|keep} the {sum|result} under the same name.
    “{name}” {has grown|went up} by {n}; {bring it up to date|save the new value}.
    {Raise|Increase} the saved “{name}” by {n}.
    ~ {name} is {old} so far.
    > {name} {was|used to be} {old} and is {new} now.
    """
    name, n = pick.any(sorted(state.saved)), pick.number(11, 400)

    def plan() -> Plan:
        old = yield call("recall", name=name)
        yield think(old=show(old))
        new = yield call("calculate", expression=f"{show(old)} + {n}")
        yield call("save", name=name, value=new)
        return {"old": show(old), "new": show(new)}

    value = state.saved[name] + n
    return Job({"name": name, "n": n}, plan, saving(name, value), answer=(show(value),))


@SET.pattern("dependent")
def convert_then_share(pick: Pick, state: Memory) -> Job:
    """{A {thing}|One {thing}} costs {n}, we {buy|take} {m} of them {among|for} {p} people. What does each {pay|owe}?
    {m} {thing}s at {n} each, {split|shared} {among|between} {p} of us: how much {each|per head}?
    ~ Together that is {total}, to be shared by {p}.
    > {Each pays|That's|Everyone owes} {each}.
    """
    n, m, p = pick.number(12, 99), pick.number(3, 30), pick.number(3, 14)

    def plan() -> Plan:
        total = yield call("calculate", expression=f"{n} * {m}")
        yield think(total=show(total))
        each = yield call("share", total=total, people=p)
        return {"each": show(each)}

    value = show(round(n * m / p, 2))
    slots = {"n": n, "m": m, "p": p, "thing": pick.new([t for t in THINGS if t[-1] not in "sfhy"])}
    return Job(slots, plan, found=(value,), answer=(value,))


@SET.pattern("ask")
def which_gallon(pick: Pick, state: Memory) -> Job:
    """{How many litres are {n} gallons?|What are {n} gallons in litres?|Convert {n} gallons into litres, please.}
    {The tank|My barrel} holds {n} gallons. {What's that|How much is it} in litres?
    ? {US or imperial|Do you mean US or imperial} gallons?
    < {{said}|{said} ones|{said} gallons}{.|, please.}
    > {n} {said} gallons are {r0} litres.
    """
    n, said, unit = pick.number(3, 180), *pick.any((("US", "gal_us"), ("imperial", "gal_imp")))
    value = show(number(Fraction(n) * Fraction(UNITS["volume"][unit])))
    steps = [ask(), call("convert", value=n, unit=unit, to="l")]
    return Job({"n": n, "said": said}, steps, found=(value,), answer=(value,))


@SET.pattern("ask")
def which_degrees(pick: Pick, state: Memory) -> Job:
    """{The recipe|The label|The manual} says {n} degrees. What is that in the other unit?
    {n} degrees{: give me the other scale|, converted to the other scale}{.|, please.}
    ? Is that {Celsius or Fahrenheit|in Celsius or in Fahrenheit}?
    < {It's {said}|{said}}{.|, I think.}
    > {n} degrees {said} are {r0} degrees {other}.
    """
    n = pick.number(35, 230)
    said, other = pick.any((("Celsius", "Fahrenheit"), ("Fahrenheit", "Celsius")))
    value = show(number(Fraction(n) * 9 / 5 + 32 if said == "Celsius" else (Fraction(n) - 32) * 5 / 9))
    steps = [ask(), call("temperature", degrees=n, unit=said.lower())]
    return Job({"n": n, "said": said, "other": other}, steps, found=(value,), answer=(value,))


@SET.pattern("recover")
def nearly_its_name(pick: Pick, state: Memory) -> Job:
    """{What did I save as|What is the number under} “{wrong}”? {It may have another ending|I may misremember the name}.
    {Recall|Give me} “{wrong}”{ or whatever|, or however} it is {called|spelt} exactly.
    ~ Nothing is saved as {wrong}, but there is a {name}, which begins alike.
    > It is saved as “{name}”: {value}.
    """
    name = pick.any(sorted(state.saved))
    wrong = name[:-2] + pick.any(("s", "ing", "es"))

    def plan() -> Plan:
        got = yield may_fail("recall", name=wrong)
        assert isinstance(got, Refusal)
        found = yield call("list_saved")
        (near,) = [item for item in found if item.startswith(wrong[: len(name) - 2])]
        yield think(name=near)
        value = yield call("recall", name=near)
        return {"name": near, "value": show(value)}

    value = show(state.saved[name])
    return Job({"wrong": wrong}, plan, found=(value,), answer=(value, name))


@SET.pattern("refuse")
def other_kind(pick: Pick, state: Memory) -> Job:
    """{Convert|Turn} {n} {unit} {into|to} {to}.
    {How many {to} are {n} {unit}|What are {n} {unit} in {to}}?
    ~ {unit} and {to} measure different things, so there is no such number.
    > {That can't be done|There's no answer}: {unit} and {to} {measure different things|are of different kinds}.
    """
    one, two = pick.some(sorted(UNITS), 2)
    unit = pick.any([u for u in UNITS[one] if "_" not in u])
    to = pick.any([u for u in UNITS[two] if "_" not in u])

    def plan() -> Plan:
        got = yield may_fail("convert", value=n, unit=unit, to=to)
        assert isinstance(got, Refusal)
        yield think()
        return None

    n = pick.number(11, 990)
    return Job({"n": n, "unit": NAMES[unit], "to": NAMES[to]}, plan)


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
