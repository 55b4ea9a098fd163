"""What `sxl-data init DIR --toolset NAME` writes: a tool set of one's own, its test and a recipe.

In: a name. Out: texts by file name. The set is small and complete: a state, three tools, patterns of tasks, one of
them kept for evaluation. Whoever has tools of their own changes these instead of beginning with an empty page.
"""

from __future__ import annotations

from sxl_data.contract.errors import error

SET = '''\
"""A pantry: what is in it and how much. Change it into your own set; `test_{name}.py` says whether it still holds."""

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import Job, State, Toolset

FOODS = tuple("rice beans oats lentils pasta flour sugar tea coffee raisins almonds honey salt barley nuts".split())


class Pantry(State):  # the world of a task; it is compared with the wanted end
    amounts: dict[str, int]


def start(pick: Pick) -> Pantry:  # what `pick.new` and `pick.number` draw is of training or held out, by its text
    return Pantry({{food: pick.number(2, 60) for food in pick.several(FOODS, 3)}})


SET = Toolset("{name}", "a pantry", start, covers="what is in the pantry")


@SET.tool
def look(state: Pantry, food: str) -> int:  # types and docstring become the JSON Schema
    """Say how many packets of a food there are.

    food: name of the food
    """
    if food not in state.amounts:
        raise ToolError("not_found", f"there is no {{food}}")  # a refusal, as the agent sees it
    return state.amounts[food]


@SET.tool
def add(state: Pantry, food: str, packets: int) -> int:
    """Put packets of a food into the pantry and give how many there are then.

    food: name of the food
    packets: how many come in; below zero for taking out
    """
    there = state.amounts.get(food, 0) + packets
    if there < 0:
        raise ToolError("too_few", f"only {{state.amounts.get(food, 0)}} packets of {{food}}")
    state.amounts[food] = there
    return there


@SET.pattern("single")
def put_in(pick: Pick, state: Pantry) -> Job:
    """{{Put|Add}} {{n}} packets of {{food}} {{into|to}} the pantry.
    I bought {{n}} packets of {{food}}{{; note that|}}.
    > There are {{r0}} packets of {{food}} now.
    """
    food, n = pick.new(FOODS), pick.number(2, 60)

    def want(end: Any) -> None:  # the wanted end, stated without the tools
        end["amounts"][food] = end["amounts"].get(food, 0) + n

    return Job({{"food": food, "n": n}}, [call("add", food=food, packets=n)], want)


@SET.pattern("ask")
def put_in_some(pick: Pick, state: Pantry) -> Job:
    """{{Put|Add}} {{some|a few}} packets of {{food}} {{into|to}} the pantry.
    ? How many{{ packets|}}?
    < {{{{n}}|{{n}} of them}}{{.|, please.}}
    > There are {{r0}} packets of {{food}} now.
    """
    food, n = pick.new(FOODS), pick.number(2, 60)

    def want(end: Any) -> None:
        end["amounts"][food] = end["amounts"].get(food, 0) + n

    return Job({{"food": food, "n": n}}, [ask(), call("add", food=food, packets=n)], want)


@SET.pattern("recover")
def take_all(pick: Pick, state: Pantry) -> Job:
    """{{Take|I need}} {{n}} packets of {{food}}{{ out|}}, or {{all|as many as there are}} if that's too many.
    ~ There are only {{there}}, so I take those.
    > I took {{there}} packets of {{food}}; there were no more.
    """
    food = pick.any(sorted(state.amounts))
    n = state.amounts[food] + pick.number(2, 60)

    def plan() -> Plan:  # a generator gets the real results
        got = yield may_fail("add", food=food, packets=-n)
        assert isinstance(got, Refusal)
        there = yield call("look", food=food)
        yield think(there=there)
        yield call("add", food=food, packets=-there)
        return {{"there": there}}

    def want(end: Any) -> None:
        end["amounts"][food] = 0

    return Job({{"food": food, "n": n}}, plan, want)


@SET.pattern("single", "patterns")
def how_many(pick: Pick, state: Pantry) -> Job:
    """How many packets of {{food}} have we got?
    > There are {{r0}} packets of {{food}}.
    """
    food = pick.any(sorted(state.amounts))
    count = str(state.amounts[food])
    return Job({{"food": food}}, [call("look", food=food)], found=(count,), answer=(count,))
'''

TEST = '''\
"""Run with `pytest`."""

from pathlib import Path

import msgspec
import pytest
from sxl_data import toolsets
from sxl_data.trace.types import Act

SET = toolsets.get(str(Path(__file__).with_name("{name}.py")))


@pytest.mark.parametrize("side", ["train", "values", "patterns", "all"])
def test_every_run_reaches_its_goal(side):
    for number in range(100):
        task = toolsets.make_task(SET, number, side=side)
        assert toolsets.check(toolsets.run(SET, task).trace, toolset=SET).reasons == ()


def test_a_run_without_its_calls_does_not():
    tasks = [toolsets.make_task(SET, number) for number in range(30)]
    for task in (task for task in tasks if task.job.want):
        trace = toolsets.run(SET, task).trace
        steps = tuple(s for s in trace.steps if not (isinstance(s, Act) and s.calls))
        assert not toolsets.check(msgspec.structs.replace(trace, steps=steps), toolset=SET).met
'''

RECIPE = """\
# Build it:  sxl-data build recipe.yaml -o out
name: {name}-runs
sources:
  # `side: train` keeps patterns and values for evaluation; `values` and `patterns` are those.
  - {{name: {name}, format: toolset, tasks: 300, licence: MIT, options: {{set: {name}.py, side: all}}}}
decontaminate: {{against: []}}
"""


def files(name: str) -> dict[str, str]:
    """The texts by file name. Raises `UserError` U401 for a name that no Python module can have."""
    if not name.isidentifier() or not name.isascii() or name != name.lower():
        raise error("U401", found=f"--toolset {name}", expected="a name of lower case letters, digits and _")
    texts = {f"{name}.py": SET, f"test_{name}.py": TEST, "recipe.yaml": RECIPE}
    return {file: text.format(name=name) for file, text in texts.items()}
