"""What the verifier says of wrong runs, each of which really happened."""

from __future__ import annotations

from itertools import islice

import msgspec
import pytest

from sxl_data import toolsets
from sxl_data.toolsets.check import same
from sxl_data.toolsets.plan import Call
from sxl_data.toolsets.tasks import make_task
from sxl_data.trace.types import Act, Iterate, Observe, Part, Result
from sxl_data.trace.types import Call as MadeCall
from tests.sxl_data.toolsets.runs import SETS, last_words, perform, right_calls

LISTING = MadeCall(call_id="c", name="list_files", arguments_json="{}")


def tasks(name: str, wanted, side: str = "train"):
    """(set, task, its own run) of the tasks for which ``wanted`` holds."""
    toolset = toolsets.get(name)
    for number in range(400):
        task = make_task(toolset, number, 1, side)
        if wanted(task):
            yield toolset, task, toolsets.run(toolset, task, slips=0.0).trace


def changes(task) -> bool:
    return task.job.want is not None and not task.busy


def reasons(trace) -> str:
    return "; ".join(toolsets.check(trace).reasons)


@pytest.mark.parametrize("name", SETS)
def test_doing_the_right_calls_again_by_hand_meets_the_goal(name):
    for toolset, task, trace in islice(tasks(name, changes), 5):
        assert reasons(perform(toolset, task, right_calls(trace), last_words(trace))) == ""


@pytest.mark.parametrize("name", SETS)
def test_doing_nothing_but_saying_so_fails(name):
    for toolset, task, trace in islice(tasks(name, changes), 5):
        assert "the end is not the wanted one" in reasons(perform(toolset, task, [], last_words(trace)))


@pytest.mark.parametrize("name", SETS)
def test_leaving_out_the_last_call_fails(name):
    for toolset, task, trace in islice(tasks(name, lambda t: changes(t) and t.kind == "ordered"), 5):
        assert "not the wanted" in reasons(perform(toolset, task, right_calls(trace)[:-1], last_words(trace)))


@pytest.mark.parametrize("name", SETS)
def test_a_changed_argument_fails(name):
    for toolset, task, trace in islice(tasks(name, lambda t: changes(t) and t.kind == "single"), 5):
        (call,) = right_calls(trace)
        fields = [field for field, value in call.arguments.items() if isinstance(value, str | int)]
        value = call.arguments[fields[-1]]
        wrong = (not value) if isinstance(value, bool) else value + 1 if isinstance(value, int) else f"{value}x"
        altered = Call(call.name, call.arguments | {fields[-1]: wrong})
        assert "not the wanted" in reasons(perform(toolset, task, [altered], last_words(trace)))


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("files", Call("write_file", {"path": "extra.txt", "text": "more"})),
        ("calendar", Call("add_reminder", {"text": "more", "day": "2026-12-24"})),
        ("calculator", Call("save", {"name": "extra", "value": 1})),
        ("notes", Call("add_note", {"title": "extra", "text": "more"})),
        ("home", Call("save_scene", {"name": "extra", "on": []})),
    ],
)
def test_one_change_too_many_fails(name, extra):
    for toolset, task, trace in islice(tasks(name, changes), 5):
        assert "not the wanted" in reasons(perform(toolset, task, [*right_calls(trace), extra], last_words(trace)))


@pytest.mark.parametrize("name", SETS)
def test_a_wrong_answer_and_one_that_nothing_was_looked_up_for_fail(name):
    for toolset, task, trace in islice(tasks(name, lambda t: t.job.answer and t.job.found and not t.replies), 3):
        assert "the answer does not say" in reasons(perform(toolset, task, right_calls(trace), "It is done."))
        assert "to light" in reasons(perform(toolset, task, [], last_words(trace)))


@pytest.mark.parametrize("name", SETS)
def test_guessing_what_should_have_been_asked_fails(name):
    for toolset, task, trace in islice(tasks(name, lambda t: t.kind == "ask" and not t.busy), 3):
        guessed = perform(toolset, task, right_calls(trace), last_words(trace), replies=0)
        assert "was not asked for" in reasons(guessed)


def test_changing_something_before_asking_fails():
    for _toolset, task, trace in islice(tasks("files", lambda t: t.kind == "ask" and not t.busy), 3):
        act = next(step for step in trace.steps if isinstance(step, Act) and step.calls)
        early = [
            step for step in trace.steps if isinstance(step, Act | Iterate) and step.index in (act.index, act.index + 1)
        ]
        rest = [step for step in trace.steps if step not in early]
        at = next(n for n, step in enumerate(rest) if isinstance(step, Observe)) + 1
        # The question comes after the act, so the first thing that the agent says stands in its own act.
        said = next(step for step in rest if isinstance(step, Act))
        moved = [*rest[:at], *early, *[step for step in rest[at:]]]
        assert said in moved and task.replies
        assert "before the missing detail" in reasons(msgspec.structs.replace(trace, steps=tuple(moved)))


@pytest.mark.parametrize("name", SETS)
def test_calling_a_tool_where_none_fits_fails(name):
    for toolset, task, trace in islice(tasks(name, lambda t: t.kind == "irrelevant"), 2):
        tool = toolset.shown("train")[0].name
        assert "where none fits" in reasons(perform(toolset, task, [Call(tool, {})], last_words(trace)))


def test_a_result_that_no_tool_gave_fails():
    for _, _, trace in islice(tasks("shop", lambda t: t.kind == "single" and not t.busy), 3):
        steps = [
            msgspec.structs.replace(
                step, results=tuple(msgspec.structs.replace(r, content=(Part(text="42"),)) for r in step.results)
            )
            if isinstance(step, Iterate)
            else step
            for step in trace.steps
        ]
        assert "is not what the tool gives" in reasons(msgspec.structs.replace(trace, steps=tuple(steps)))


@pytest.mark.parametrize(
    ("status", "kind", "met"), [("error", "harness", True), ("denied", None, True), ("ok", None, False)]
)
def test_a_call_that_was_held_back_is_not_made_again(status, kind, met):
    for _, _, trace in islice(tasks("shop", lambda t: changes(t) and t.kind == "single" and t.job.calls), 3):
        act = next(step for step in trace.steps if isinstance(step, Act) and step.calls)
        call = msgspec.structs.replace(act.calls[0], call_id="held")
        result = Result(call_id="held", content=(Part(text="held back"),), status=status, error_type=kind)
        more = (msgspec.structs.replace(act, calls=(call,)), Iterate(index=0, results=(result,)))
        longer = msgspec.structs.replace(trace, steps=(*trace.steps[:-1], *more, trace.steps[-1]))
        assert (reasons(longer) == "") is met


def test_a_run_without_a_last_word_fails():
    for toolset, task, trace in islice(tasks("home", changes), 3):
        assert "ends without a message" in reasons(perform(toolset, task, right_calls(trace), ""))


def test_a_trace_of_nothing_or_of_another_request_has_a_verdict():
    toolset = toolsets.get("files")
    trace = toolsets.run(toolset, make_task(toolset, 1)).trace
    for ext in (None, "[]", '{"toolset": 3}', '{"toolset": {"name": "../evil.py", "task": "x"}}'):
        assert "names no set" in reasons(msgspec.structs.replace(trace, ext_json=ext))
    for task in ("files/train/0/x", "files/nowhere/0/1", "shop/train/0/1", "", "files/train/0/٣/"):
        ext = msgspec.json.encode({"toolset": {"name": "files", "task": task}}).decode()
        assert "no task of the set" in reasons(msgspec.structs.replace(trace, ext_json=ext))
    ext = msgspec.json.encode({"toolset": {"name": "files", "task": "files/train/0/2"}}).decode()
    assert "another request" in reasons(msgspec.structs.replace(trace, ext_json=ext))
    assert "another request" in reasons(msgspec.structs.replace(trace, steps=()))


def test_words_put_into_the_persons_mouth_fail():
    for _, task, trace in islice(tasks("files", lambda t: t.kind == "ask"), 2):
        steps = [
            msgspec.structs.replace(step, content=(Part(text="Call it mine.md"),))
            if isinstance(step, Observe) and step.content[0].text == task.replies[0]
            else step
            for step in trace.steps
        ]
        assert "does not have them say" in reasons(msgspec.structs.replace(trace, steps=tuple(steps)))


def test_calls_without_end_are_cut_short_though_they_share_an_id():
    toolset = toolsets.get("files")
    task = make_task(toolset, 1)
    trace = toolsets.run(toolset, task).trace
    act = next(step for step in trace.steps if isinstance(step, Act))
    many = msgspec.structs.replace(act, calls=(LISTING,) * 1000)
    assert "more than 200 calls" in reasons(msgspec.structs.replace(trace, steps=(*trace.steps, many)))


def test_lists_are_compared_without_their_order():
    assert same({"a": [{"x": 1}, {"y": [1, 2]}]}, {"a": [{"y": [2, 1]}, {"x": 1}]})
    assert not same([1, 1, 2], [1, 2, 2])


@pytest.mark.parametrize(
    ("said", "text", "holds"),
    [
        ("It is 4.", "4", True),
        ("It is 14.", "4", False),
        ("It is 4.5", "4", False),
        ("It is 0.4", "4", False),
        ("It costs 1,250 euros", "1250", True),
        ("ZOË has it", "Zoë", True),
        ("-4", "4", False),
        ("4, 5", "4", True),
    ],
)
def test_numbers_are_found_as_numbers(said, text, holds):
    from sxl_data.toolsets.check import holds as found

    assert found(said, text) is holds
