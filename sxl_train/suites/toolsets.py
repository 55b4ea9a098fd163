"""Our closed tool sets: the model works on a task with tools that really run, and the end state is checked.

Tasks are those of the held-out sides: ``values`` (patterns of training, values never trained on), ``patterns`` (new
tasks over known tools) and ``tools`` (only tools that training never showed); one in eight fits no tool and wants none
called. Three ways from one model: calls as generated, after stated repairs, and held to the grammar of the tools.
Programs of the shell set run in the sandbox.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial

import msgspec

from sxl_data import toolsets
from sxl_data.sandbox.run import missing
from sxl_data.toolsets import programs
from sxl_data.toolsets.boxed import boxed
from sxl_data.toolsets.tasks import Side, Task
from sxl_data.trace.messages import Message, declare
from sxl_data.trace.types import Act
from sxl_train.answers.markup import Call
from sxl_train.generate.types import Request
from sxl_train.run.objects import Value
from sxl_train.suites import ways
from sxl_train.suites.conversation import Conversation
from sxl_train.suites.types import Asker, Options, Outcome, Suite, spread

SIDES: tuple[Side, ...] = ("values", "patterns", "tools")
PER_SIDE = 20
TURNS = 12
"""Answers of the model to one task at most."""


def tasks(
    names: Sequence[str] = (), per_side: int = PER_SIDE, seed: int = 0, sides: Sequence[Side] = SIDES
) -> list[Task]:
    """Tasks of each held-out side of each set."""
    found = []
    for name in names or toolsets.names():
        for side in sides:
            found += [toolsets.make_task(toolsets.get(name), number, seed, side) for number in range(per_side)]
    return found


def work(
    suite: str, chosen: Sequence[Task], way: str, ask: Asker, options: Options, turns: int = TURNS
) -> list[Conversation]:
    """All of ``chosen``, a turn of every open task at a time, so that turns are generated together; ``turns`` answers
    at most."""
    talks = [Conversation(task, ways.READERS[way]) for task in chosen]
    for turn in range(turns):
        open_ = [talk for talk in talks if not talk.done]
        if not open_:
            break
        answers = ask([_request(suite, talk, turn, way, options) for talk in open_])
        for talk, (sample,) in zip(open_, answers):
            talk.take(sample)
    return talks


def _request(suite: str, talk: Conversation, turn: int, way: str, options: Options) -> Request:
    tools = [declare(function.declared) for function in talk.session.tools.values()]
    return ways.request(f"{suite}:{talk.task.id}#{turn}", talk.messages, tools, options, way)


def planned_calls(task: Task) -> list[list[Call]]:
    """The calls of each of the assistant's turns in the plan of ``task``; none where it speaks."""
    trace = toolsets.run(toolsets.get(task.toolset), task, slips=0.0).trace
    acts = [step for step in trace.steps if isinstance(step, Act)]
    return [[Call(call.name, msgspec.json.decode(call.arguments_json)) for call in act.calls] for act in acts]


def measure(suite: str, ask: Asker, options: Options) -> list[Outcome]:
    """Every chosen task, in each way."""
    boxes = missing() is None
    # Without a sandbox the commands of a model are not run at all.
    names = [name for name in toolsets.names() if boxes or name != "shell"]
    chosen = spread(tasks(names), options.limit)
    with programs.using(boxed) if boxes else nullcontext():
        done = {way: work(suite, chosen, way, ask, options) for way in ways.wanted(options)}
        return [
            judge(suite, task, {way: talks[place] for way, talks in done.items()}) for place, task in enumerate(chosen)
        ]


def judge(suite: str, task: Task, done: dict[str, Conversation]) -> Outcome:
    """What became of a task, in each of the ways that it was worked on; the plain one, "", says what is shown."""
    scores: dict[str, float] = {}
    counts: dict[str, tuple[int, int]] = {}
    wanted = next(iter(planned_calls(task)), [])
    for way, talk in done.items():
        verdict = talk.verdict()
        scores["goal" + way] = float(verdict.met)
        if task.kind == "irrelevant":
            scores["abstains" + way] = float(not talk.made)
        else:
            scores["acts" + way] = float(bool(talk.made))
        if wanted:
            scores["first calls exact" + way] = float(_same(talk.first, wanted))
        counts |= ways.count(way, talk.made, talk.valid)
    plain = done[""]
    verdict = plain.verdict()
    return Outcome(
        suite=suite,
        item=task.id,
        # Requests that fit no tool are drawn anew for each task; the others share the pattern that they come from.
        group="" if task.kind == "irrelevant" else f"{task.toolset}/{task.pattern}",
        scores=scores,
        counts=counts,
        kind="" if verdict.met else plain.kind(verdict),
        detail="; ".join(verdict.reasons)[:1000],
        request=_json(plain.asked),
        text=_json(plain.messages[len(plain.asked) :]),
        wanted=_json([msgspec.to_builtins(call) for call in wanted]),
        finish=plain.finish,
        prompt_tokens=plain.prompt_tokens,
        tokens=plain.tokens,
    )


def _same(made: Sequence[Call | None], wanted: Sequence[Call]) -> bool:
    """The same calls, in any order: what is side by side has none."""
    left = sorted(_json(msgspec.to_builtins(call)) for call in made)
    return left == sorted(_json(msgspec.to_builtins(call)) for call in wanted)


def _json(value: Value | Sequence[Message]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


SUITES = (
    Suite(
        name="toolsets",
        title="Closed tool sets, held-out tasks",
        protocol=f"multi-turn with tools that run, at most {TURNS} answers; goal = end state, what came to light, what "
        "was said, no call where none fits; first calls exact = those of the plan, in any order",
        main="goal",
        measure=partial(measure, "toolsets"),
    ),
)
