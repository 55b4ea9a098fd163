"""The sets that ship: what holds of each of them."""

from __future__ import annotations

from collections import Counter

import jsonschema_rs
import pytest

from sxl_data import toolsets
from sxl_data.files.json_text import load
from sxl_data.toolsets.tasks import SIDES, from_id, make_task, patterns
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin
from sxl_data.trace.types import Act, Iterate, Reflect, encode
from tests.sxl_data.toolsets.runs import SETS

TASKS = {"shell": 6}


def some(name: str, side: str, count: int = 60):
    toolset = toolsets.get(name)
    return [(toolset, make_task(toolset, number, 0, side)) for number in range(TASKS.get(name, count))]


def test_there_are_seven_sets():
    assert toolsets.names() == ["calculator", "calendar", "files", "home", "notes", "shell", "shop"]


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_small_and_its_schemas_are_plain(name):
    toolset = toolsets.get(name)
    assert 0 < len(toolset.tools) <= 14
    for function in toolset.tools.values():
        for text in (function.declared.parameters_json, function.declared.output_schema_json):
            assert "$ref" not in text
            jsonschema_rs.meta.validate(load(text))
        assert all(prop["description"] for prop in load(function.declared.parameters_json)["properties"].values())


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", SETS)
def test_every_run_reaches_its_goal_and_fits_the_schemas(name, side):
    for toolset, task in some(name, side):
        trace = toolsets.run(toolset, task).trace
        assert toolsets.check(trace).reasons == (), task.id
        declared = {tool.name: jsonschema_rs.validator_for(load(tool.parameters_json)) for tool in trace.tools}
        for step in trace.steps:
            for call in step.calls if isinstance(step, Act) else ():
                assert declared[call.name].is_valid(load(call.arguments_json)), call


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", SETS)
def test_no_goal_is_met_by_doing_nothing(name, side):
    for toolset, task in some(name, side, 150):
        if task.kind in ("irrelevant", "refuse"):
            continue
        builder = Builder("tool_use", task.request)
        if task.context:
            builder.observe(task.context, "system")
        builder.observe(task.request)
        for reply in task.replies:
            builder.say("Which one?")
            builder.observe(reply)
        builder.say("Done.", final=True)
        idle = builder.build(Document(file=name, value={}, row=0), Origin(source=name), "toolset").trace
        assert not toolsets.check(idle, task, toolset).met, task.id


@pytest.mark.parametrize("name", SETS)
def test_results_are_what_the_output_schemas_say(name):
    for toolset, task in some(name, "all"):
        trace = toolsets.run(toolset, task).trace
        returns = {tool.name: load(tool.output_schema_json) for tool in trace.tools}
        called = {c.call_id: c.name for step in trace.steps if isinstance(step, Act) for c in step.calls}
        for result in [r for step in trace.steps if isinstance(step, Iterate) for r in step.results]:
            schema = returns[called[result.call_id]]
            if result.status == "ok" and schema.get("type") != "string":
                jsonschema_rs.validate(schema, load(result.content[0].text))


@pytest.mark.parametrize("name", SETS)
def test_each_pattern_can_be_run(name):
    toolset = toolsets.get(name)
    for side in ("train", "patterns", "tools"):
        waiting = {pattern.name for pattern in patterns(toolset, side)}
        for number in range(500):
            waiting.discard(make_task(toolset, number, 5, side).pattern)
        assert waiting == set()


@pytest.mark.parametrize("name", SETS)
def test_a_held_out_side_shares_no_value_pattern_or_tool_with_training(name):
    toolset = toolsets.get(name)
    train = [make_task(toolset, number, 0, "train") for number in range(400)]
    values = set().union(*(task.drawn for task in train))
    names = {task.pattern for task in train} - {"nothing_fits"}
    tools = {function.name for function in toolset.shown("train")}
    for side in ("values", "patterns", "tools"):
        held_out = [make_task(toolset, number, 0, side) for number in range(400)]
        assert values.isdisjoint(set().union(*(task.drawn for task in held_out)))
        assert names.isdisjoint({task.pattern for task in held_out}) is (side != "values")
        assert tools.isdisjoint({function.name for function in toolset.shown(side)}) is (side == "tools")


@pytest.mark.parametrize("name", SETS)
def test_a_request_of_a_held_out_side_holds_no_value_of_the_other(name):
    toolset = toolsets.get(name)
    words = {word for number in range(300) for word in make_task(toolset, number).drawn if len(word) > 12}
    for number in range(300):
        request = make_task(toolset, number, 0, "patterns").request
        assert not [word for word in words if word in request]


@pytest.mark.parametrize("name", SETS)
def test_the_same_task_gives_the_same_bytes(name):
    toolset = toolsets.get(name)
    for number in range(5):
        task = make_task(toolset, number)
        first = encode(toolsets.run(toolset, task).trace)
        assert first == encode(toolsets.run(toolset, task).trace)
        assert first == encode(toolsets.run(toolset, from_id(toolset, task.id)).trace)


def test_about_one_task_in_eight_fits_no_tool_and_all_kinds_occur():
    toolset = toolsets.get("files")
    kinds = Counter(make_task(toolset, number).kind for number in range(4000))
    assert 0.105 < kinds["irrelevant"] / 4000 < 0.145
    assert set(kinds) == {"single", "ordered", "parallel", "dependent", "ask", "recover", "refuse", "irrelevant"}


def test_slips_are_real_errors_that_are_repaired_and_not_trained_on():
    slips = 0
    for toolset, task in some("notes", "train", 400):
        trace = toolsets.run(toolset, task, slips=1.0).trace
        for act, then, thought, again in zip(trace.steps, trace.steps[1:], trace.steps[2:], trace.steps[3:]):
            if isinstance(act, Act) and not act.train:
                slips += 1
                assert isinstance(then, Iterate) and isinstance(thought, Reflect) and isinstance(again, Act)
                assert then.results[0].status == "error" or then.results[0].content[0].text == "[]"
                assert again.train and act.calls[0].name in {call.name for call in again.calls}
        assert toolsets.check(trace).met
    assert slips > 20


def test_without_slips_every_act_is_trained_on():
    for toolset, task in some("shop", "train", 100):
        trace = toolsets.run(toolset, task, slips=0.0).trace
        assert all(step.train for step in trace.steps if isinstance(step, Act))


def test_durations_are_recorded_only_where_asked_for():
    toolset = toolsets.get("files")
    task = next(t for t in map(lambda n: make_task(toolset, n), range(50)) if t.kind == "single")

    def times(timed: bool) -> list[float | None]:
        trace = toolsets.run(toolset, task, timed=timed).trace
        return [r.duration_ms for step in trace.steps if isinstance(step, Iterate) for r in step.results]

    assert set(times(False)) == {None}
    assert all(ms is not None and ms >= 0 for ms in times(True))


def test_a_trace_says_that_it_was_executed_and_by_whom():
    toolset = toolsets.get("files")
    trace = toolsets.run(toolset, make_task(toolset, 3)).trace
    assert (trace.provenance.executed, trace.provenance.synthetic, trace.agent.name) == (True, False, "sxl-planner")
    assert len(trace.provenance.source_sha256) == 64


@pytest.mark.parametrize(
    "id", ["shell/train/0/288", "shell/values/0/213", "notes/train/0/827", "calculator/train/0/1824"]
)
def test_a_draw_that_equals_what_the_world_holds_is_a_task_too(id):
    """What a file is to become it says already; a remark speaks of costs as a price list does;
    a name that is remembered wrongly is the right one."""
    toolset = toolsets.get(id.partition("/")[0])
    trace = toolsets.run(toolset, from_id(toolset, id)).trace
    assert toolsets.check(trace).reasons == ()
