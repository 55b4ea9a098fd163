"""What is said where no offered tool fits, and requests that no function is for."""

from __future__ import annotations

import random
from collections.abc import Sequence

from sxl_data.composed.pools import POOLS
from sxl_data.composed.wording import articles, imperative
from sxl_data.trace.types import Tool

_REFUSALS = (
    "None of the available tools can do that.|I have no tool that fits this request.|"
    "The tools I have here cannot answer that.|None of the functions on offer covers this.|"
    "I can't help with this: no available function does that.|There is no tool here for that request."
).split("|")
_REFUSALS_OF_ONE = (
    "The only function offered, {name}, is not meant for this.|I only have {name}, which does not do that.|"
    "I can't do that with {name}, the one tool I have here.|No available tool fits: {name} is for something else."
).split("|")
_WITH_USE = (
    "I have no tool for that; {name} can only {use}.|None of my tools does that: {name} is there to {use}.|"
    "That is not something I have a tool for, since {name} is meant to {use}."
).split("|")
_ANYTHING = (
    "Write a {adjective} poem about {thing}.|Who wrote {book}?|Tell me a joke about {thing}.|"
    "What is the meaning of the word {word}?|Explain {theory} to a ten-year-old.|What is your favourite {genre} song?|"
    "How do I fix a leaking {household}?|Why is the sky blue?|Give me advice on learning {language}.|"
    "Who was {ruler}?|What happened during the {event}?|What are the symptoms of {disease}?|"
    "Can you summarise the plot of {book}?|What should I wear in {city} in {season}?|How do you play {game}?|"
    "Which is better, {programming} or {other}?|How does a {household} work?|What is the best way to cook {food}?|"
    "Draw a picture of {thing}.|Who painted {artwork}?|What are the benefits of {exercise}?|"
    "What do I need to grow {plant}?|How tall is {landmark}?|Who won the {league} last season?|"
    "Write a short letter to {person}.|Proofread my essay about {topic}, please.|"
    "Which {animal} lives the longest?|What is the history of {cuisine} cooking?|Recommend a movie like {movie}.|"
    "How do I become a {profession}?|What does it cost to study at {university}?|Do you like {food}?"
).split("|")
_POOLS = {
    "thing": tuple(f"{'an' if name[0] in 'aeio' else 'a'} {name}" for name in POOLS["animal"]),
    "adjective": ("short", "funny", "sad", "rhyming", "four-line"),
    "household": ("tap", "washing machine", "radiator", "toaster", "vacuum cleaner", "fridge"),
    "event": POOLS["event_in_history"],
    "other": ("Perl", "Haskell", "Scala", "Lua"),
}


def anything(rng: random.Random) -> str:
    """A request as people make them to an assistant that has no tool for it."""
    pattern = rng.choice(_ANYTHING)
    while "{" in pattern:
        before, _, rest = pattern.partition("{")
        name, _, after = rest.partition("}")
        pattern = before + rng.choice(_POOLS.get(name) or POOLS[name]) + after
    return articles(pattern)


def refusal(tools: Sequence[Tool], rng: random.Random) -> str:
    """One sentence that says that ``tools`` do not fit."""
    tool = rng.choice(tools)
    use = imperative(tool.description)
    if len(use) < 90 and rng.random() < 0.4:
        return rng.choice(_WITH_USE).format(name=tool.name, use=use)
    if len(tools) == 1 and rng.random() < 0.6:
        return rng.choice(_REFUSALS_OF_ONE).format(name=tool.name)
    return rng.choice(_REFUSALS)
