"""Closed tool sets: plans reach every goal, and each way of going wrong is seen as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_data import toolsets
from sxl_data.sandbox.run import missing
from sxl_train.evaluate.ask import Ask
from sxl_train.suites import toolsets as suite
from sxl_train.suites.registry import get
from sxl_train.suites.score import score
from sxl_train.suites.types import Options
from tests.sxl_train.evaluate import scripted

OPTIONS = Options(data=Path(), limit=42)


def run(change=lambda text: text, limit=42):
    return get("toolsets").measure(Ask(scripted.Scripted(change)), Options(data=Path(), limit=limit))


def test_plans_reach_every_goal_in_both_ways():
    found = run()
    measures = score(found).measures
    assert [o.detail for o in found if o.kind] == []
    for name in ("goal", "goal, repaired", "abstains", "acts", "calls parse", "calls valid"):
        assert measures[name].value == 1.0, name
    assert measures["goal"].n == 42 and measures["abstains"].n + measures["acts"].n == 42
    assert measures["calls valid"].unit == "calls" and measures["calls valid"].n > 42
    sets = {o.item.partition("/")[0] for o in found}
    assert sets == {name for name in toolsets.names() if name != "shell" or missing() is None}
    assert {o.item.split("/")[1] for o in found} == set(suite.SIDES)


def test_repairs_win_back_what_a_missing_end_costs():
    measures = score(run(lambda text: text.replace("\n</tool_call>", ""), 14)).measures
    relevant = measures["acts"].n
    assert measures["calls parse"].value == 0.0 and measures["calls parse, repaired"].value == 1.0
    assert measures["goal"].value * 14 <= 14 - relevant and measures["goal, repaired"].value == 1.0


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda text: "I do not know.", None),
        (lambda text: "<tool_call>nothing like a call</tool_call>", "a call does not parse"),
        (lambda text: '<tool_call>{"name": "no_such_tool", "arguments": {}}</tool_call>', "no end within the turns"),
        (lambda text: "", None),
    ],
)
def test_a_model_that_cannot_is_told_from_one_that_can(change, kind):
    found = [o for o in run(change, 7) if "/irrelevant" not in o.item]
    failed = [o for o in found if o.kind]
    assert len(failed) >= 6 and all(o.scores["goal"] == 0.0 for o in failed)
    if kind:
        assert {o.kind for o in failed} == {kind}


def test_a_call_where_none_fits_is_counted_against_abstaining():
    task = next(task for task in suite.tasks(["calculator"]) if task.kind == "irrelevant")
    call = '<tool_call>{{"name": "{}", "arguments": {{}}}}</tool_call>'.format(
        toolsets.get("calculator").shown(task.side)[0].name
    )
    (talk,) = suite.work("toolsets", [task], "", Ask(scripted.Scripted(lambda text: call)), OPTIONS)
    assert talk.made and talk.kind(talk.verdict()) in ("a call where no tool fits", "no end within the turns")
    (talk,) = suite.work("toolsets", [task], "", Ask(scripted.Scripted(lambda text: "I cannot do that.")), OPTIONS)
    assert talk.verdict().met and not talk.made


def test_one_turn_of_one_side_is_judged_by_its_calls_alone():
    chosen = suite.tasks(["files"], per_side=12, seed=1, sides=("values",))
    assert len(chosen) == 12 and {(task.side, task.seed) for task in chosen} == {("values", 1)}
    scores = {}
    for turns in (1, suite.TURNS):
        talks = suite.work("toolsets", chosen, "", Ask(scripted.Scripted(lambda text: text)), OPTIONS, turns)
        found = [suite.judge("toolsets", task, {"": talk}).scores for task, talk in zip(chosen, talks, strict=True)]
        scores[turns] = [one for one in found if "first calls exact" in one]
    assert [one["first calls exact"] for one in scores[1]] == [one["first calls exact"] for one in scores[suite.TURNS]]
    assert {one["goal"] for one in scores[1]} == {0.0} and {one["goal"] for one in scores[suite.TURNS]} == {1.0}
