"""BFCL v4, multi-turn: the model works through the turns of a conversation with objects that really change.

Four categories of 200, one suite each and ``bfcl-multi-turn`` for all, subscores side by side and no overall number:
``base``, ``miss_func`` (a function is shown only from a later turn on), ``miss_param`` (a detail is told only later),
``long_context``. How a conversation is led and judged is in `bfcl_talk`, what its calls do in `bfcl_backend`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import msgspec

from sxl_train.generate.types import Request
from sxl_train.suites import ways
from sxl_train.suites.bfcl import named
from sxl_train.suites.bfcl_backend import Backend, check
from sxl_train.suites.bfcl_talk import STEPS, Conversation, Task, tasks, verdict
from sxl_train.suites.types import Asker, Options, Outcome, Suite, spread

CATEGORIES = ("multi_turn_base", "multi_turn_miss_func", "multi_turn_miss_param", "multi_turn_long_context")


def work(suite: str, chosen: Sequence[Task], way: str, ask: Asker, options: Options, on: Backend) -> list[Conversation]:
    """All of ``chosen``, an answer of every open conversation at a time."""
    talks = [Conversation(task, way) for task in chosen]
    while open_ := [talk for talk in talks if not talk.done]:
        for talk, (sample,) in zip(open_, ask([_request(suite, talk, options) for talk in open_])):
            talk.take(sample)
        waiting = [talk for talk in open_ if talk.waiting]
        for talk, played in zip(waiting, on.play([talk.task.talk(talk.played(), False) for talk in waiting])):
            nothing = [f"Error during execution: {played.detail}"] * len(talk.waiting)
            talk.hear(played.steps[-1] if played.steps else nothing)
    return talks


def _request(suite: str, talk: Conversation, options: Options) -> Request:
    return ways.request(f"{suite}:{talk.task.id}#{talk.answers}", talk.messages, talk.tools, options, talk.way)


def measure(suite: str, categories: Sequence[str], ask: Asker, options: Options) -> list[Outcome]:
    """Every chosen conversation of each category, in each way."""
    found: list[Outcome] = []
    with Backend(options.data) as backend:
        for category in categories:
            chosen = spread(tasks(category, options), options.limit)
            done = {way: work(suite, chosen, way, ask, options, backend) for way in ways.wanted(options)}
            reasons = {way: judge(talks, backend) for way, talks in done.items()}
            for place, task in enumerate(chosen):
                each = {way: (talks[place], reasons[way][place]) for way, talks in done.items()}
                outcome = _outcome(suite, task, each)
                scores = named(outcome.scores, category, len(categories) > 1)
                found.append(msgspec.structs.replace(outcome, scores=scores))
    return found


def judge(talks: Sequence[Conversation], backend: Backend) -> list[str]:
    """The verdict on each conversation."""
    # One that ended early has no turn to play for the golden calls of the others.
    played = backend.play([talk.task.talk(talk.played(), len(talk.turns) == len(talk.task.gold)) for talk in talks])
    return [
        f"nothing was generated: {talk.error}" if talk.error else verdict(talk.task, talk.turns, each)
        for talk, each in zip(talks, played)
    ]


def _outcome(suite: str, task: Task, done: dict[str, tuple[Conversation, str]]) -> Outcome:
    scores: dict[str, float] = {}
    counts: dict[str, tuple[int, int]] = {}
    for way, (talk, reason) in done.items():
        scores["right" + way] = float(not reason)
        counts |= ways.count(way, talk.made, talk.valid)
    plain, reason = done[""]
    return Outcome(
        suite=suite,
        item=task.id,
        scores=scores,
        counts=counts,
        kind=next((kind for mark, kind in _KINDS if mark in reason), "another reason") if reason else "",
        detail=reason,
        request=json.dumps(task.turns, ensure_ascii=False),
        text=json.dumps(plain.messages[len(task.turns[0]) :], ensure_ascii=False),
        wanted=json.dumps(task.gold, ensure_ascii=False),
        finish=plain.finish,
        prompt_tokens=plain.prompt_tokens,
        tokens=plain.tokens,
    )


_KINDS = (
    ("nothing was generated", "nothing was generated"),
    ("not played", "the calls could not be played"),
    ("answers with calls", "no end within the answers of a turn"),
    ("no call in turn", "no call"),
    ("another state", "another state"),
    ("not looked up", "what was asked for was not looked up"),
)


def _suite(name: str, title: str, categories: Sequence[str]) -> Suite:
    return Suite(
        name=name,
        title=title,
        protocol=f"BFCL v4 multi-turn: at most {STEPS} answers with calls a turn, OpenAI tool declarations; state and "
        "results after each turn as after the golden calls; on bfcl-eval's own classes, in the sandbox",
        main=f"{categories[0]}: right" if len(categories) > 1 else "right",
        files=(f"BFCL_v4_{categories[0]}.json",),
        needs=check,
        measure=partial(measure, name, tuple(categories)),
    )


SUITES = (
    _suite("bfcl-multi-turn", "BFCL v4 multi-turn, four categories", CATEGORIES),
    *(_suite(f"bfcl-{name.replace('_', '-')}", f"BFCL v4 {name}", (name,)) for name in CATEGORIES),
)
