"""What one person says of one call: a way to ask, values for its parameters, and the words.

In: a function and a random source. Out: a `Phrase`, whose text says each value that its call has and no other. Several
calls of one function can share a phrase: "the area of a circle with a radius of 3, 5 and 8".
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sxl_data.composed.functions import Ask, Function, Parameter
from sxl_data.composed.kinds import Drawn, Value, bracketed, joined
from sxl_data.composed.pattern import Choice, Part, Piece, Slot, Writing, parse, slots_of
from sxl_data.composed.wording import articles, ask_plainly, label

Values = dict[str, Value]
PLAIN = 0.08
"""Share of the phrases of a function with patterns of its own that are made of its description instead."""


class Phrase(NamedTuple):
    """A piece of a request and the values of the calls it asks for, by the parameters' own names."""

    function: Function
    form: str
    text: str
    calls: tuple[Values, ...]


def phrase(function: Function, rng: random.Random, form: str | None = None) -> Phrase:
    """One call."""
    ask = choose(function, rng, form)
    drawn = draw(function, ask, rng)
    return _phrase(function, ask, rng, [drawn], {})


def shared(function: Function, count: int, rng: random.Random, form: str | None = None) -> Phrase | None:
    """``count`` calls said in one phrase, of which one or two parameters differ; None where none of them can."""
    ask = choose(function, rng, form, plain=not function.asks)
    drawn = draw(function, ask, rng)
    once = [name for name in _can_vary(function, drawn) if _stands_once(name, ask.pattern)]
    if not once:
        return None
    varied = rng.sample(once, min(len(once), 1 if rng.random() < 0.55 else 2))
    columns = {name: several(function.parameters[name], count, rng) for name in varied}
    if any(len(column) < count for column in columns.values()):
        return None
    calls = [drawn | {name: column[n] for name, column in columns.items()} for n in range(count)]
    said = {name: _listed(name, [each.said for each in column], ask.pattern, rng) for name, column in columns.items()}
    found = _phrase(function, ask, rng, calls, said)
    if len(varied) > 1:
        found = found._replace(text=f"{found.text}{rng.choice((' respectively', ', respectively'))}")
    return found


def again(first: Phrase, rng: random.Random) -> tuple[str, Values] | None:
    """The same once more with another value of one parameter: how it is said, and its values."""
    function, values = first.function, first.calls[0]
    can = _can_vary(function, values)
    if not can:
        return None
    name = rng.choice(can)
    parameter = function.parameters[name]
    drawn = parameter.kind.draw(rng)
    if drawn.value == values[name]:
        return None
    noun = label(name)
    if parameter.kind.schema()["type"] == "string":
        with_it = rng.choice((f"for {drawn.said}", f"for {drawn.said}", f"for the {noun} {drawn.said}"))
    else:
        with_it = rng.choice((f"with {article(noun)} of {drawn.said}", f"for {article(noun)} of {drawn.said}"))
    return with_it, values | {name: drawn.value}


def choose(function: Function, rng: random.Random, form: str | None = None, plain: bool = True) -> Ask:
    """A way to ask, of ``form`` where the function has one; ``plain`` lets one be made of the description."""
    if not function.asks or (plain and form is None and rng.random() < PLAIN):
        return ask_plainly(function, rng)
    fitting = [ask for ask in function.asks if form is None or ask.form.rstrip("s") == form]
    return rng.choice(fitting or function.asks)


def draw(function: Function, ask: Ask, rng: random.Random) -> dict[str, Drawn]:
    """Values for the required parameters and for some of the others that ``ask`` can say."""
    parts = parse(ask.pattern)
    without_no = set(_only_yes(parts))
    share = rng.choice((0.0, 0.4, 0.8))
    found: dict[str, Drawn] = {}
    for name, optional in dict(slots_of(parts)).items():
        parameter = function.parameters[name]
        if optional and not parameter.required and rng.random() >= share:
            continue
        drawn = parameter.kind.draw(rng)
        found[name] = Drawn(True, "") if name in without_no else drawn
    lists = [name for name in found if function.parameters[name].kind.form == "list"]
    if len(lists) > 1:  # without brackets nobody can tell where one ends
        found |= {name: Drawn(found[name].value, bracketed(found[name].value)) for name in lists}
    return _apart(function, found, rng)


def several(parameter: Parameter, count: int, rng: random.Random) -> list[Drawn]:
    """``count`` different values, fewer where there are no more."""
    found: dict[str, Drawn] = {}
    for _ in range(12 * count):
        drawn = parameter.kind.draw(rng)
        found.setdefault(str(drawn.value), drawn)
        if len(found) == count:
            break
    return list(found.values())


def _can_vary(function: Function, names: Iterable[str]) -> list[str]:
    """Parameters that may differ between calls of one phrase: what must be said, one value each."""
    dates = sum(parameter.kind.form == "date" for parameter in function.parameters.values())
    return [
        name
        for name in names
        if function.parameters[name].required
        and function.parameters[name].kind.form not in ("flag", "list", *(("date",) if dates > 1 else ()))
        and "." not in name
        and name not in ("unit", "units", "column", "key", "field")
    ]


def _stands_once(name: str, pattern: str) -> bool:
    """Whether ``pattern`` says the parameter once, and not in a way that only one value goes with."""
    slot = f"{{{name}}}"
    bare = "".join(c for c in pattern if c not in "'\"`")
    single = (f"is {slot}", f": {slot}", f"{slot} as the", f"{slot}-", f"and {slot}", f"{slot} and", f", {slot}")
    behind = bare.partition(slot)[2][:1]
    return bare.count(slot) == 1 and not behind.isalpha() and not any(way in bare for way in single)


def _listed(name: str, said: list[str], pattern: str, rng: random.Random) -> str:
    """Values one after the other, each in the quotes that ``pattern`` puts around the slot."""
    around = next((quote for quote in "'\"`" if f"{quote}{{{name}}}{quote}" in pattern), "")
    return joined([f"{around}{each}{around}" for each in said], rng).removeprefix(around).removesuffix(around)


def article(noun: str) -> str:
    """``noun`` with its indefinite article."""
    return f"an {noun}" if noun[:1] in "aeio" else f"a {noun}"


def _apart(function: Function, found: dict[str, Drawn], rng: random.Random) -> dict[str, Drawn]:
    """Values of the same kind differ: nobody flies from Oslo to Oslo."""
    seen: set[tuple[str, str]] = set()
    for name, drawn in found.items():
        kind = function.parameters[name].kind
        if kind.form not in ("pool", "date", "int", "currency", "us_city"):
            continue
        for _ in range(8):
            if (kind.form, str(drawn.value)) not in seen:
                break
            drawn = kind.draw(rng)
        seen.add((kind.form, str(drawn.value)))
        found[name] = drawn
    dates = sorted((found[name] for name in found if function.parameters[name].kind.form == "date"), key=_value)
    for name, drawn in zip([n for n in found if function.parameters[n].kind.form == "date"], dates):
        found[name] = drawn
    return found


def _value(drawn: Drawn) -> str:
    return str(drawn.value)


def _phrase(
    function: Function, ask: Ask, rng: random.Random, calls: Sequence[dict[str, Drawn]], together: dict[str, str]
) -> Phrase:
    said = {name: drawn.said for name, drawn in calls[0].items() if function.parameters[name].kind.form != "flag"}
    flags = {
        name: bool(drawn.value) for name, drawn in calls[0].items() if function.parameters[name].kind.form == "flag"
    }
    writing = Writing(rng, said | together, flags)
    text = " ".join(writing.write(parse(ask.pattern)).split()).replace(" + -", " - ").replace(" ,", ",")
    mended = articles(text)
    text = mended if all(words in mended for words in (said | together).values() if words in text) else text
    made = tuple(
        {name: call[name].value for name in function.parameters if name in writing.used and name in call}
        for call in calls
    )
    return Phrase(function, ask.form, text, made)


def _only_yes(parts: Sequence[Part]) -> list[str]:
    """Flags that a pattern can only say of when they are true."""
    found = []
    for part in parts:
        if isinstance(part, Slot) and part.yes is not None and part.no is None:
            found.append(part.name)
        elif isinstance(part, Piece):
            found += _only_yes(part.parts)
        elif isinstance(part, Choice):
            for option in part.options:
                found += _only_yes(option)
    return found
