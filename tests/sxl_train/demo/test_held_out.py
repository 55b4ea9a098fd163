"""The demonstration's questions and verdicts, with models whose answers are written down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sxl_data
from sxl_data.trace.types import encode
from sxl_train.answers.markup import Call
from sxl_train.demo import live
from sxl_train.evaluate.ask import Ask
from sxl_train.evaluate.known import KnownAnswers
from sxl_train.run.recipes import open_recipe
from sxl_train.suites.demo_calls import EXACT, SETS, SHOWN, VALID, Question, make_questions, measure
from sxl_train.suites.score import score
from sxl_train.suites.statistics import estimate, show
from sxl_train.suites.types import Options


def say(*calls: Call) -> str:
    made = [{"name": call.name, "arguments": call.arguments} for call in calls]
    return "".join(f"<tool_call>{json.dumps(call)}</tool_call>" for call in made)


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return make_questions(["home", "shop"], 12, 3)


def test_questions_are_of_tasks_that_begin_with_a_call_of_one_of_the_tools_they_show(questions: list[Question]) -> None:
    assert len({question.request.id for question in questions}) == 12
    for question in questions:
        shown = {tool["function"]["name"] for tool in question.request.tools or ()}
        assert len(shown) == 3
        assert question.calls and {call.name for call in question.calls} <= shown
        assert (question.request.messages or ())[-1]["role"] == "user"


def test_the_true_calls_are_exact_others_only_valid_and_words_are_neither() -> None:
    questions = make_questions()
    true = {q.request.id: [say(*q.calls)] for q in questions}
    first = questions[0]
    worse = dict(true) | {
        first.request.id: [say(*first.calls, *first.calls)],
        questions[1].request.id: ["I did it."],
        questions[2].request.id: [say(Call("no_such_tool", {}))],
        questions[3].request.id: [say(Call(questions[3].calls[0].name, {"wrong": 1}))],
    }
    for answers, valid, exact in ((true, 60, 60), (worse, 57, 56)):
        found = score(measure(Ask(KnownAnswers(answers)), Options(data=Path()))).measures
        assert [valid, exact] == [round(found[name].value * found[name].n) for name in (VALID, EXACT)]


def test_shares_carry_their_interval() -> None:
    assert show(estimate([(str(n), float(n < 45), 1) for n in range(60)])) == "45 of 60, 75 % (63–84)"
    assert show(estimate([(str(n), 0.0, 1) for n in range(60)])) == "0 of 60, 0 % (0–6)"
    assert show(estimate([])) == "–"


def test_the_tasks_of_the_agent_leave_traces_that_validate_and_a_page_of_both_ends(tmp_path: Path) -> None:
    said = {name: ["Nothing to do."] for name in ("turn-0", *(f"{number}/turn-0" for number in range(6)))}
    worked = live.work(KnownAnswers(said), "home", 3, 7, tmp_path)
    assert len(worked) == 7 and worked[0].outcome.status == "answered" and all(each.reasons for each in worked)
    assert len({each.task for each in worked}) == 7
    lines = (tmp_path / live.TRACES).read_bytes().splitlines()
    assert lines == [encode(each.outcome.trace) for each in worked[: live.READ]]
    assert sxl_data.validate(str(tmp_path / live.TRACES)).findings == []
    page = (tmp_path / live.PAGE).read_text(encoding="utf-8")
    assert page.count("<section") >= live.READ and "Nothing to do." in page


def test_the_recipe_of_the_demo_trains_on_rows_with_as_many_tools_as_it_measures_with() -> None:
    from sxl_data.build.recipe import read
    from sxl_train.demo.__main__ import RECIPE

    recipe = read(RECIPE, [])[0].value
    assert [source.options["shown"] for source in recipe.sources] == [SHOWN] * len(SETS)
    assert [source.options.get("set", source.name) for source in recipe.sources] == list(SETS)
    assert open_recipe(RECIPE)[1].value.tune.template == "short"
