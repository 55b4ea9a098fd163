"""How people put a request: verbs and politeness around what a function is asked for, and words out of a description.

A noun phrase gets a verb, an imperative is asked or ordered, a question stands as it is. For a function without
patterns of its own, or now and then, one is made of what its declaration says: "analyse the soil of {field_id}, with a
depth of {depth}".
"""

from __future__ import annotations

import random

from sxl_data.composed.functions import Ask, Function, Parameter
from sxl_data.contract import patterns

_COMPUTES = ("calculate", "compute", "determine", "evaluate", "estimate", "solve", "count", "convert", "predict", "sum")
_COMPUTE = (
    "Calculate {}.|Compute {}.|Find {}.|Determine {}.|Work out {}.|What is {}?|What is {}?|What's {}?|"
    "Can you calculate {}?|Could you compute {}?|Can you find {}?|Please calculate {}.|I need to know {}.|"
    "I want to find {}.|Tell me {}.|Give me {}.|Help me calculate {}.|Could you tell me {}?|I'd like to know {}.|"
    "Can you help me work out {}?|I need {}."
).split("|")
_GET = (
    "Get {}.|Find {}.|Show me {}.|Look up {}.|Give me {}.|What is {}?|Tell me {}.|Fetch {}.|Retrieve {}.|"
    "Can you get me {}?|Could you find {}?|I need {}.|I'd like to see {}.|Please find {}.|I want to know {}.|"
    "Can you tell me {}?|Get me {}.|Can you look up {} for me?|Could you please provide {}?|I'm looking for {}."
).split("|")
_DO = (
    "{}.|{}.|{}.|Please {}.|Can you {}?|Could you {}?|Can you please {}?|I want to {}.|I need to {}.|I'd like to {}.|"
    "Help me {}.|Could you please {}?|I want you to {}.|{}, please.|Can you help me {}?|Help me {}?|Help me {}?"
).split("|")
_MANY = {"What is {}?": "What are {}?", "What's {}?": "What are {}?"}
_SOUNDS = tuple(f"a {begun}" for begun in "one|eu|uni|on |in |is |of |an |at |as |if |and |or |it".split("|"))
_ASKING = frozenset("What How Which When Where Who Is Are Does Do Can Could Will".split())
_OPENINGS = (
    "I'm planning my week. |My manager wants to know this. |I'm helping a friend. |I need something for work. |"
    "Hi, |Hello! |Hey, |Quick question: |Hi there. |Good morning. |I have a task for you. |"
    "One thing, please. |I could use some help. |For my homework: |I'm preparing a report. |For a project of mine: |"
    "My colleague asked me this. |I was wondering about something. |Next task: "
).split("|")
_CLOSINGS = "| Thanks!| Thank you.| Thanks in advance.| I'd appreciate it.| It's for a report.".split("|")


def sentence(form: str, text: str, about: str, rng: random.Random) -> str:
    """``text``, a phrase of ``form``, as a sentence of its own."""
    if form in (".", "?"):
        last = text.rpartition(". ")[2].partition(" ")[0]
        return finish(capital(text), "?" if form == "?" or last in _ASKING else ".")
    if form == "!":
        frame = rng.choice(_DO)
    else:
        verb = about.split(" ", 1)[0].lower().removesuffix("s")
        frame = rng.choice(_COMPUTE if verb.startswith(_COMPUTES) else _GET)
        frame = _MANY.get(frame, frame) if form == "=s" else frame
    if frame.startswith(("I", "Help")) and text.startswith(("find me ", "show me ", "give me ", "get me ")):
        text = text.replace(" me ", " ", 1)
    return capital(frame.format(text))


def after(opening: str, text: str) -> str:
    """The sentence ``text`` behind ``opening``, which has braces for it."""
    word = text.partition(" ")[0]
    begins = opening.partition("{}")[0].rstrip()
    a_name = word[:2] in ("I", "I'") or not (word == "A" or word[1:].islower())
    stays = not begins or begins.endswith((".", "!")) or a_name
    return opening.format(text if stays else text[:1].lower() + text[1:])


def dress(text: str, rng: random.Random) -> str:
    """``text`` with a greeting or thanks around it, now and then."""
    chance = rng.random()
    if chance < 0.1:
        opening = rng.choice(_OPENINGS)
        return after(opening + "{}", text)
    return text + rng.choice(_CLOSINGS) if chance < 0.17 else text


_A = patterns.compile(r"\b([Aa]) ([aeio][a-z])")
_A_NUMBER = patterns.compile(r"\b([Aa]) (8[0-9]*|11|18)\b")
_AN = patterns.compile(r"\b([Aa])n ([bcdfgjklmnpqrstvwxz][a-z])")


def articles(text: str) -> str:
    """``text`` with a and an as the next word wants them."""
    text = _A.sub(lambda m: m.group() if text[m.start() :].lower().startswith(_SOUNDS) else f"{m[1]}n {m[2]}", text)
    text = _A_NUMBER.sub(lambda m: f"{m[1]}n {m[2]}", text)
    return _AN.sub(lambda m: f"{m[1]} {m[2]}", text)


def capital(text: str) -> str:
    """``text`` beginning with a capital."""
    return text[:1].upper() + text[1:]


def finish(text: str, mark: str) -> str:
    """``text`` ending with ``mark`` unless it ends a sentence already."""
    return text if text.endswith((".", "?", "!")) else text + mark


_PREPOSITION = patterns.compile(r" (?:of|in|for|to|at|on|from|by|with|after|before|between|per|used|that|required) ")
_THIRD = patterns.compile(r"([A-Z][a-z]+?)(es|s)\b")
_PLACES = {"location", "city", "country", "place", "region", "venue", "state", "area"}
_NO_NOUNS = frozenset(
    "a an whether if where what how optional indicates specifies specify one any which your include returns set flag "
    "list when who only treat return take type".split()
)
_CODES = ("[", "]", "{", "}", "|")


def ask_plainly(function: Function, rng: random.Random) -> Ask:
    """A way to ask made of the description and the names of the parameters."""
    text = imperative(function.about)
    left = [name for name in function.parameters if not function.parameters[name].required]
    chosen = set(rng.sample(left, min(len(left), rng.choice((0, 0, 1, 1, 2)))))
    rest: list[tuple[str, Parameter]] = []
    for name, parameter in function.parameters.items():
        if not parameter.required and name not in chosen:
            continue
        placed = _place(text, name, parameter, rng)
        if placed is None:
            rest.append((name, parameter))
        else:
            text = placed
    return _with_rest(text, rest, rng)


def imperative(about: str) -> str:
    """The first sentence of a description as what one is told to do: Returns the age → return the age."""
    first = about.split(". ")[0].strip().rstrip(".")
    for code in _CODES:
        first = first.replace(code, "")
    match = _THIRD.match(first)
    if match is not None and match.group().lower() not in ("process", "access", "address", "assess", "discuss", "pass"):
        stem = match.group(1)
        ends = match.group(2) == "es" and stem.endswith(("sh", "ch", "ss", "x"))
        verb = stem if ends else match.group()[:-1]
        first = verb + first[match.end() :]
    return first[:1].lower() + first[1:]


def label(name: str) -> str:
    """The name of a parameter as words."""
    last = name.rpartition(".")[2]
    spaced = "".join(f" {c}" if c.isupper() and last[k - 1 : k].islower() else c for k, c in enumerate(last))
    words = " ".join(spaced.replace("_", " ").replace("-", " ").split()).lower()
    return f"number of {words[4:]}" if words.startswith("num ") else words


def noun(name: str, parameter: Parameter, rng: random.Random) -> str:
    """What a person calls a parameter: its name as words, or what its declaration says that it is."""
    about = parameter.about.partition("(")[0].partition(".")[0].partition(",")[0].strip()
    about = about[4:] if about[:4].lower() == "the " else about
    short = 1 < len(about.split()) <= 6 and about.isascii() and not any(code in about for code in _CODES)
    if not short or rng.random() < 0.4 or about.split()[0].lower() in _NO_NOUNS or " for which" in about:
        return label(name)
    return about[:1].lower() + about[1:] if about[1:2].islower() else about


def _place(text: str, name: str, parameter: Parameter, rng: random.Random) -> str | None:
    """``text`` with the parameter where its noun stands ("of a given city"), or at the end with its preposition."""
    if parameter.kind.form in ("flag", "list") or "{" + name in text:
        return None
    tokens = [token for token in label(name).split() if token not in ("name", "id", "the", "of")]
    noun = tokens[-1] if tokens else ""
    if noun and parameter.kind.form in ("pool", "words", "id", "date"):
        found = patterns.compile(
            rf"\b(?:a|an|the)(?: (?:given|specific|specified|certain|particular))?((?: [a-z]+)? {noun})\b"
        ).search(text)
        if found is not None and "{" not in found.group():
            bare = rng.random() < 0.5 and parameter.kind.form != "id"
            kept = f"{{{name}}}" if bare else f"the{found.group(1)} {{{name}}}"
            return text[: found.start()] + kept + text[found.end() :]
    if noun in _PLACES and parameter.kind.form in ("pool", "words") and " in {" not in text:
        return f"{text} in {{{name}}}"
    if noun == "date" and parameter.kind.form in ("date",) and " on {" not in text and len(tokens) == 1:
        return f"{text} on {{{name}}}"
    if noun == "year" and " in {" not in text:
        return f"{text} in {{{name}}}"
    return None


def _with_rest(text: str, rest: list[tuple[str, Parameter]], rng: random.Random) -> Ask:
    for name, parameter in rest:
        if parameter.kind.form == "flag":
            text += f" with {label(name).removesuffix(' enabled')} {{{name}:enabled|disabled}}"
    plain = [(name, noun(name, parameter, rng)) for name, parameter in rest if parameter.kind.form != "flag"]
    if not plain:
        return Ask("!", text)
    style = rng.randrange(6)
    if style == 0:
        return Ask("!", f"{text} ({'; '.join(f'{said}: {{{name}}}' for name, said in plain)})")
    facts = all_of([f"the {said} {'are' if is_many(said) else 'is'} {{{name}}}" for name, said in plain])
    if style == 1:
        return Ask(".", f"{_order(text, rng)}. {capital(facts)}")
    if style == 2:
        return Ask(".", f"{capital(facts)}. {_order(text, rng)}")
    if style == 3:
        return Ask("!", f"{text}, using {all_of([f'{{{name}}} as the {said}' for name, said in plain])}")
    if style == 4:
        return Ask("!", f"{text} where {facts}")
    return Ask("!", f"{text} with {all_of([f'{said} {{{name}}}' for name, said in plain])}")


def is_many(said: str) -> bool:
    """Whether a noun is a plural."""
    first = _PREPOSITION.split(said)[0]
    return first.endswith("s") and not first.endswith(("ss", "us", "is", "class", "radius", "address"))


def _order(text: str, rng: random.Random) -> str:
    return capital(rng.choice(("{}", "{}", "please {}", "I want to {}", "I need to {}", "help me {}")).format(text))


def all_of(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
