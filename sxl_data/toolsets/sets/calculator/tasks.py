"""A calculator with units and a memory.: patterns of tasks that training may see."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.sets.calculator.tools import UNITS, number, show
from sxl_data.toolsets.sets.calculator.world import SET, Memory
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import DAYS, THINGS, TOPICS, spoken

NAMES = {"m": "metres", "km": "kilometres", "cm": "centimetres", "mm": "millimetres", "mi": "miles", "ft": "feet"}


NAMES |= {"in": "inches", "kg": "kilograms", "g": "grams", "t": "tonnes", "lb": "pounds", "l": "litres"}


NAMES |= {"ml": "millilitres", "gal_us": "US gallons", "gal_imp": "imperial gallons", "s": "seconds"}


NAMES |= {"min": "minutes", "h": "hours", "d": "days", "oz": "ounces (weight)", "floz_us": "US fluid ounces"}


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
    wrong = name[:-2] + pick.any([ending for ending in ("s", "ing", "es") if name[:-2] + ending not in state.saved])

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
