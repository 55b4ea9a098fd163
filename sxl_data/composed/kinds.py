"""Kinds of values: what a parameter takes, a value of it, and how a person writes that value.

In: a kind, as the families write it (``int 3..60``, ``plain 3..60`` for numbers that are never said in words,
``[open|closed]``, ``city``, ``list:int 1..9 3..5``). Out: its JSON Schema, and values with the words for them. A reader
of the words can tell the value: 0.05 is "5%" only where the parameter is a fraction, and a date is written out only in
ways that name its day, month and year.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from sxl_data.composed.mapped import MAPPED
from sxl_data.composed.pools import POOLS

Value = str | int | float | bool | list["Value"] | dict[str, "Value"]
Schema = dict[str, object]
_SMALL = "zero one two three four five six seven eight nine ten eleven twelve".split()
_MONTHS = "January February March April May June July August September October November December".split()
_TYPES = {
    "int": "integer",
    "plain": "integer",
    "year": "integer",
    "money": "integer",
    "pct": "integer",
    "percent": "number",
    "num": "number",
    "float": "number",
    "float2": "number",
    "flag": "boolean",
    "frequency": "integer",
}


class Drawn(NamedTuple):
    """A value and the words for it."""

    value: Value
    said: str


class Kind(msgspec.Struct, frozen=True):
    """``form`` says how a value is made; numbers lie between ``low`` and ``high``, texts are of ``pool``."""

    form: str
    low: float = 1
    high: float = 100
    pool: tuple[str, ...] = ()
    inner: Kind | None = None
    """Of the items of a list, which has ``low`` to ``high`` of them."""

    def schema(self) -> Schema:
        """Its JSON Schema, without a description."""
        if self.form == "list":
            assert self.inner is not None
            return {"type": "array", "items": self.inner.schema()}
        if self.form == "enum":
            return {"type": "string", "enum": list(self.pool)}
        return {"type": _TYPES.get(self.form, "string")}

    def draw(self, random: random.Random) -> Drawn:
        """A value and how it is said."""
        if self.form == "list":
            return _list(self, random)
        if self.form in ("enum", "words", "pool", "quoted"):
            text = random.choice(self.pool)
            if self.form == "quoted":
                return Drawn(text, f'"{text}"')
            plain = text.replace("_", " ") if self.form == "enum" and not text.isupper() else text
            return Drawn(text, plain)
        if self.form in MAPPED:
            value, said = random.choice(list(MAPPED[self.form].values.items()))
            return Drawn(value, random.choice(said))
        if self.form == "date":
            return _date(random)
        if self.form == "time":
            hour, minute = random.randrange(6, 23), random.choice((0, 0, 15, 30, 45))
            return Drawn(f"{hour:02}:{minute:02}", f"{hour:02}:{minute:02}")
        if self.form == "flag":
            return Drawn(random.random() < 0.7, "")
        if self.form == "id":
            return _id(self, random)
        return _number(self, random)


def parse_kind(text: str) -> Kind:
    """The kind that ``text`` names. Raises ValueError where it names none."""
    text = text.strip()
    if text.startswith("list:"):
        rest, _, sizes = text[5:].rpartition(" ")
        low, high = sizes.split("..")
        return Kind("list", int(low), int(high), inner=parse_kind(rest))
    if text[:1] == "[" and text[-1] == "]":
        return Kind("enum", pool=tuple(text[1:-1].split("|")))
    if text[:1] == "(" and text[-1] == ")":
        return Kind("words", pool=tuple(text[1:-1].split("|")))
    form, _, rest = text.partition(" ")
    if form == "id":
        return Kind("id", pool=tuple(rest.split("|")) if rest else ("",))
    if form in _TYPES:
        low, _, high = rest.partition("..")
        default = {"year": (1950, 2024), "percent": (1, 20), "pct": (1, 40)}.get(form, (1, 100))
        return Kind(form, float(low or default[0]), float(high or default[1]))
    if form in ("date", "time") or (form in MAPPED and not rest):
        return Kind(form)
    if form in POOLS and not rest:
        return Kind("pool", pool=POOLS[form])
    raise ValueError(f"no kind of values: {text!r}")


def _number(kind: Kind, random: random.Random) -> Drawn:
    low, high = kind.low, kind.high
    if kind.form in ("int", "plain", "year"):
        number = random.randint(int(low), int(high))
        if kind.form == "int" and 0 <= number <= 12 and random.random() < 0.12:
            return Drawn(number, _SMALL[number])
        if kind.form == "int" and high >= 1_000_000 and random.random() < 0.5:
            number = max(1, number // 1_000_000) * 1_000_000
            return Drawn(number, f"{number // 1_000_000} million")
        grouped = kind.form == "int" and number >= 10_000 and random.random() < 0.4
        return Drawn(number, f"{number:,}" if grouped else str(number))
    if kind.form == "money":
        step = 10 ** max(0, len(str(int(high))) - 2)
        number = max(int(low), random.randint(int(low), int(high)) // step * step)
        if number >= 1_000_000 and number % 100_000 == 0 and random.random() < 0.6:
            return Drawn(number, random.choice((f"${number / 1e6:g} million", f"{number / 1e6:g} million dollars")))
        return Drawn(number, random.choice((f"${number:,}", f"${number}", f"${number:,}", f"{number} dollars")))
    if kind.form in ("percent", "pct"):
        return _percent(kind, random)
    if kind.form == "num" and random.random() < 0.6:
        whole = random.randint(int(low), int(high))
        return Drawn(whole, str(whole))
    real = round(random.uniform(low, high), 2 if kind.form == "float2" else 1)
    return Drawn(real, repr(real))


def _percent(kind: Kind, random: random.Random) -> Drawn:
    """A share: 0.05 for "5%" where the parameter is a fraction, 5 where it is in percent."""
    low, high = int(kind.low), int(kind.high)
    whole = kind.form == "pct" or random.random() < 0.5
    percent = random.randint(low, high) if whole else random.randint(low * 4, high * 4) / 4
    percent = int(percent) if percent == int(percent) else percent
    value = round(percent / 100, 6) if kind.form == "percent" else percent
    if kind.form == "percent" and random.random() < 0.25:
        return Drawn(value, repr(value))
    return Drawn(value, random.choice((f"{percent}%", f"{percent}%", f"{percent} percent")))


def _date(random: random.Random) -> Drawn:
    day = date(2022, 1, 1) + timedelta(days=random.randrange(1400))
    month = _MONTHS[day.month - 1]
    nth = f"{day.day}{'th' if 10 < day.day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day.day % 10, 'th')}"
    written = (
        f"{month} {day.day}, {day.year}",
        f"{day.day} {month} {day.year}",
        f"{month} {nth}, {day.year}",
        f"{nth} {month} {day.year}",
        f"{month[:3]} {day.day}, {day.year}",
        f"the {nth} of {month} {day.year}",
    )
    return Drawn(day.isoformat(), day.isoformat() if random.random() < 0.45 else random.choice(written))


def _id(kind: Kind, random: random.Random) -> Drawn:
    prefix = random.choice(kind.pool)
    number = "".join(random.choice("0123456789") for _ in range(random.choice((3, 4, 5, 6))))
    text = f"{prefix}{number}" if prefix else number.replace("0", "7", 1)
    return Drawn(text, text)


def _list(kind: Kind, random: random.Random) -> Drawn:
    assert kind.inner is not None
    count = random.randint(int(kind.low), int(kind.high))
    found: dict[str, Drawn] = {}
    for _ in range(6 * count):
        drawn = kind.inner.draw(random)
        if kind.inner.form in ("int", "num", "float", "float2"):
            drawn = Drawn(drawn.value, f"{drawn.value}")
        found.setdefault(f"{drawn.value}" if kind.inner.form not in ("int", "num") else str(len(found)), drawn)
        if len(found) >= count:
            break
    items = list(found.values())[:count]
    values: list[Value] = [item.value for item in items]
    if kind.inner.form == "list":
        return Drawn(values, bracketed(values))
    numbers = kind.inner.schema()["type"] in ("integer", "number")
    style = random.random()
    if style < (0.5 if numbers else 0.2):
        return Drawn(values, bracketed(values))
    return Drawn(values, joined([item.said for item in items], random))


def bracketed(value: Value) -> str:
    """A list as programs write it, and as people who know them do."""
    return str(value)


def joined(items: list[str], random: random.Random) -> str:
    """``items`` as a person lists them."""
    if len(items) < 2:
        return "".join(items)
    comma = "," if len(items) > 2 and random.random() < 0.4 else ""
    return f"{', '.join(items[:-1])}{comma} and {items[-1]}"
