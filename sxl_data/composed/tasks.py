"""One task composed from functions: a request, the tools on offer, and the calls that answer it, or none.

In: functions, the number of the task and a seed. Out: a `Task`. Kinds: ``single``: one call; ``parallel``: two to four
calls of one function in one turn; ``several``: calls of two or three functions in one turn; ``irrelevant``: nothing on
offer fits, and the answer says so. Beside the right tools stand others, some near by family or name.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from sxl_data.composed.cases import cases
from sxl_data.composed.declaring import Declared, Language, arguments, declare
from sxl_data.composed.functions import Function
from sxl_data.composed.kinds import joined
from sxl_data.composed.near import Near
from sxl_data.composed.phrases import Phrase, Values, again, phrase, shared
from sxl_data.composed.refusals import anything, refusal
from sxl_data.composed.wording import after, dress, finish, sentence
from sxl_data.engine.confined import Exceeded
from sxl_data.files.json_text import dump, load
from sxl_data.rules.arguments import compile_schema
from sxl_data.trace.types import Tool

Kind = Literal["single", "parallel", "several", "irrelevant"]
IRRELEVANT, PARALLEL, SEVERAL = 0.125, 0.22, 0.22
"""Shares of the kinds; the rest are single calls."""
NAMED = 0.05
"""Share of the requests that name the tools they want."""
_ATTEMPTS = 30
_OPENINGS = (
    "First, {}|First {}|To begin with, {}|I need a few things. First, {}|I have a few questions. {}|"
    "Could you help me with some things? First, {}|A couple of tasks for you: {}|Several things at once. {}"
).split("|")
_THEN = (
    "Also, {}|Then {}|And {}|Additionally, {}|After that, {}|Next, {}|{}|{}|{}|Plus, {}|In addition, {}|"
    "Besides that, {}|At the same time, {}|Once that is done, {}|Secondly, {}|I also have this: {}|On top of that, {}"
).split("|")
_LAST = "Finally, {}|Lastly, {}|And then {}|Also, {}|{}|And one more thing: {}|Last but not least, {}".split("|")
_AGAIN = (
    "{first}, and {do} the same {again}.|{first}, then {do} the same {again}.|{first}, and once more {again}.|"
    "{first}, and also {again}.|{first}. {Do} the same {again}."
).split("|")


class Task(NamedTuple):
    """What a trace is made of; ``answer`` is what is said where there is no call."""

    kind: Kind
    request: str
    tools: tuple[Tool, ...]
    calls: tuple[tuple[str, str], ...]
    answer: str
    group: str


class Shares(NamedTuple):
    """How many of the tasks are of which kind."""

    irrelevant: float = IRRELEVANT
    parallel: float = PARALLEL
    several: float = SEVERAL


def compose(near: Near, number: int, seed: int, shares: Shares, shown: int) -> Task:
    """The task ``number``. Raises ValueError where no task can be made of the functions."""
    for attempt in range(_ATTEMPTS):
        rng = random.Random(f"composed/{seed}/{number}/{attempt}")  # a text seeds alike on every machine
        made = _compose(near, _kind(rng, shares), rng, shown)
        if made is not None:
            return made
    raise ValueError(f"no task for number {number}: too few functions, or none with values that can be told")


def _kind(rng: random.Random, shares: Shares) -> Kind:
    chance = rng.random()
    kinds: tuple[tuple[Kind, float], ...] = (
        ("irrelevant", shares.irrelevant),
        ("parallel", shares.parallel),
        ("several", shares.several),
    )
    for kind, share in kinds:
        if chance < share:
            return kind
        chance -= share
    return "single"


def _compose(near: Near, kind: Kind, rng: random.Random, shown: int) -> Task | None:
    if kind == "irrelevant":
        return _irrelevant(near, rng, shown)
    first = near.any(rng)
    if kind == "single":
        made = [phrase(first, rng)]
        request = sentence(made[0].form, made[0].text, first.about, rng)
        others = rng.choice((0, 0, 1, 1, 2, 3, 4, 5))
    elif kind == "parallel":
        told = _parallel(first, rng)
        if told is None:
            return None
        request, made = told
        others = rng.choice((0, 0, 0, 1, 2, 3))
    else:
        functions = near.together(first, rng.choice((2, 2, 2, 3, 3)), rng)
        made = [_some(function, rng) for function in functions]
        request = _sequence(made, rng)
        others = rng.choice((0, 0, 1, 2))
    calls = [(each.function, values) for each in made for values in each.calls]
    if (kind != "single" and not 2 <= len(calls) <= 5) or _repeated(calls):
        return None
    wanted = list({each.function.name: each.function for each in made}.values())
    room = max(0, min(others, shown - len(wanted)))
    offered = [*wanted, *near.beside(wanted, room, rng)]
    declared = _declared(offered, wanted, rng)
    if declared is None:
        return None
    rng.shuffle(offered)
    tools = tuple(declared[function.name].tool for function in offered)
    written = tuple((declared[f.name].tool.name, dump(arguments(declared[f.name], values))) for f, values in calls)
    if not all(_takes(declared[f.name].tool.parameters_json, text) for (f, _), (_, text) in zip(calls, written)):
        return None
    if rng.random() < NAMED:
        request = f"{request} {_with(dict.fromkeys(name for name, _ in written), rng)}"
    return Task(kind, dress(request, rng), tools, written, "", f"{first.family}.{first.name}")


def _takes(schema: str, arguments: str) -> bool:
    """Whether a declaration takes ``arguments``: it may ask for more than types and listed values."""
    checker = compile_schema(schema).checker
    try:
        return checker is not None and checker.is_valid(load(arguments))
    except Exceeded:
        return False


def _with(names: Iterable[str], rng: random.Random) -> str:
    """A sentence that names the tools to use."""
    listed = list(names)
    many = "functions" if len(listed) > 1 else "function"
    return rng.choice(
        ("Use the {} {}.", "Please use the {} {}.", "Use {1} {0}.", "You can use the {0} {1} for this.")
    ).format(joined([rng.choice(("{}", "'{}'", "`{}`")).format(name) for name in listed], rng), many)


def _declared(
    offered: Sequence[Function], wanted: Sequence[Function], rng: random.Random
) -> dict[str, Declared] | None:
    nested = any("." in name for function in offered for name in function.parameters)
    language = "json" if nested else _language(wanted, rng)
    found = {function.name: declare(function, rng, language) for function in offered}
    names = [each.tool.name for each in found.values()]
    return found if len(set(names)) == len(names) == len(offered) else None


def _language(wanted: Sequence[Function], rng: random.Random) -> Language:
    """Functions of code are mostly called with literals of their language, others now and then."""
    if any(function.tool is not None for function in wanted):
        return "json"
    chance = rng.random()
    if wanted[0].family.startswith("javascript"):
        return "javascript" if chance < 0.85 else "json"
    if wanted[0].family.startswith("java"):
        return "java" if chance < 0.85 else "json"
    return "java" if chance < 0.05 else "javascript" if chance < 0.09 else "json"


def _repeated(calls: Sequence[tuple[Function, Values]]) -> bool:
    written = [f"{function.name} {dump(values)}" for function, values in calls]
    return len(set(written)) < len(written)


def _some(function: Function, rng: random.Random) -> Phrase:
    """One call of ``function``, or now and then two or three in one phrase."""
    if rng.random() < 0.2:
        found = shared(function, rng.choice((2, 2, 3)), rng)
        if found is not None:
            return found
    return phrase(function, rng)


def _parallel(function: Function, rng: random.Random) -> tuple[str, list[Phrase]] | None:
    count = rng.choice((2, 2, 2, 3, 3, 4))
    style = rng.random()
    if style < 0.4:
        found = shared(function, count, rng)
        if found is None:
            return None
        return sentence(found.form, found.text, function.about, rng), [found]
    if style < 0.55:
        return _once_more(function, rng)
    if style < 0.63:
        case = cases(function, count, rng)
        return sentence(case.form, case.text, function.about, rng), [case]
    alike = rng.choice(("=", "!")) if style < 0.8 else None
    made = [phrase(function, rng, alike) for _ in range(count)]
    if alike and len({each.form.rstrip("s") for each in made}) == 1 and made[0].form in ("=", "=s", "!"):
        text = joined([each.text for each in made], rng)
        return sentence("!" if made[0].form == "!" else "=s", text, function.about, rng), made
    return _sequence(made, rng), made


def _once_more(function: Function, rng: random.Random) -> tuple[str, list[Phrase]] | None:
    first = phrase(function, rng, "!" if rng.random() < 0.5 else "=")
    more = again(first, rng)
    if more is None or first.form not in ("!", "=", "=s"):
        return None
    words, values = more
    said = sentence(first.form, first.text, function.about, rng)
    asked = said.endswith("?")
    text = rng.choice(_AGAIN).format(first=said[:-1], do="do", Do="Then do", again=words)
    if asked:
        text = f"{said} And the same {words}?" if ". " in text else f"{text[:-1]}?"
    return text, [first._replace(calls=(first.calls[0], values))]


def _sequence(made: Sequence[Phrase], rng: random.Random) -> str:
    """Phrases as sentences, one after the other."""
    said = [sentence(each.form, each.text, each.function.about, rng) for each in made]
    style = rng.random()
    if style < 0.12 and all(len(text) < 120 for text in said):
        return " ".join(f"{n}. {text}" for n, text in enumerate(said, 1))
    if style < 0.3:
        said[0] = after(rng.choice(_OPENINGS), said[0])
    for n in range(1, len(said)):
        said[n] = after(rng.choice(_LAST if n == len(said) - 1 and n > 1 else _THEN), said[n])
    return " ".join(said)


def _irrelevant(near: Near, rng: random.Random, shown: int) -> Task | None:
    count = rng.choice((1, 1, 1, 2, 2, 3, 4))
    if rng.random() < 0.2:
        request, family = anything(rng), ""
        offered = near.unasked(request, min(count, shown), rng)
    else:
        wanted = near.any(rng)
        made = phrase(wanted, rng)
        request, family = sentence(made.form, made.text, wanted.about, rng), wanted.family
        offered = near.far(wanted, min(count, shown), rng)
    if not offered:
        return None
    declared = _declared(offered, offered, rng)
    if declared is None:
        return None
    tools = tuple(declared[function.name].tool for function in offered)
    return Task("irrelevant", dress(finish(request, "."), rng), tools, (), refusal(tools, rng), f"irrelevant.{family}")
