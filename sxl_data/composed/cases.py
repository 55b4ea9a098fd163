"""Several calls of one function told as cases: "twice: once with base 3 and height 5, once with base 4 and height 9".

In: a function and how many calls. Out: a `Phrase` whose sentences say every value of every case beside its name.
"""

from __future__ import annotations

import random

from sxl_data.composed.functions import Function
from sxl_data.composed.kinds import Drawn
from sxl_data.composed.phrases import Phrase, Values
from sxl_data.composed.wording import all_of, articles, capital, imperative, is_many, noun

_COUNTS = {2: "two", 3: "three", 4: "four"}
_NTH = ("first", "second", "third", "fourth")


def cases(function: Function, count: int, rng: random.Random) -> Phrase:
    """``count`` calls of ``function``."""
    nouns = {name: noun(name, parameter, rng) for name, parameter in function.parameters.items()}
    left = [name for name, parameter in function.parameters.items() if not parameter.required]
    needed = len(left) < len(function.parameters)
    extra = rng.choice(left) if left and (rng.random() < 0.3 or not needed) else None
    drawn = [
        {
            name: parameter.kind.draw(rng)
            for name, parameter in function.parameters.items()
            if parameter.required or name == extra
        }
        for _ in range(count)
    ]
    calls: tuple[Values, ...] = tuple({name: each.value for name, each in case.items()} for case in drawn)
    kinds = [parameter.kind.schema()["type"] for parameter in function.parameters.values()]
    numbers = all(kind in ("integer", "number") for kind in kinds)
    style = rng.choice((0, 1, 2, 3, 4, 4, 4)) if numbers else rng.randrange(4)
    told = [_told(case, nouns, style in (2, 3)) for case in drawn]
    act = imperative(function.about)
    if style == 4:
        owned = [all_of([f"a {nouns[name]} of {each.said}" for name, each in case.items()]) for case in drawn]
        ones = all_of([f"the {nth} one has {facts}" for nth, facts in zip(_NTH, owned)])
        text = f"{act} for {_COUNTS[count]} of them, where {ones}"
        return Phrase(function, "!", articles(text), calls)
    if style == 0:
        text = f"{act} for {_COUNTS[count]} cases: {'; '.join(told)}"
    elif style == 1:
        times = "twice" if count == 2 else f"{_COUNTS[count]} times"
        text = f"{act} {times}: {all_of([f'once with {case}' for case in told])}"
    elif style == 2:
        facts = [f"{rng.choice(('In', 'For'))} the {nth} case, {case}" for nth, case in zip(_NTH, told)]
        order = rng.choice(("{}", "please {}", "I need to {}", "I want to {}", "can you {}")).format(act)
        mark = "?" if order.startswith("can") else "."
        return Phrase(function, ".", articles(f"{capital(order)}{mark} {'. '.join(facts)}"), calls)
    else:
        facts = [f"{'first' if n == 0 else 'then'} {'when' if n else 'for when'} {case}" for n, case in enumerate(told)]
        text = f"{act}, {', '.join(facts)}"
    return Phrase(function, "!", articles(text), calls)


def _told(case: dict[str, Drawn], nouns: dict[str, str], whole: bool) -> str:
    """The values of one case; ``whole``: as clauses with a verb."""
    said = []
    for name, drawn in case.items():
        value = drawn.said or ("true" if drawn.value else "false")
        verb = " are " if is_many(nouns[name]) else " is "
        said.append(f"the {nouns[name]}{verb}{value}" if whole else f"{nouns[name]} {value}")
    return all_of(said)
