"""sxl_data.composed.tasks: a request says what its calls hold, and the calls are what the declared tools take."""

from __future__ import annotations

import json
import re
from datetime import date

import jsonschema_rs
import pytest

from sxl_data.composed.functions import families
from sxl_data.composed.inferred import infer
from sxl_data.composed.mapped import MAPPED
from sxl_data.composed.near import Near
from sxl_data.composed.tasks import Shares, Task, compose
from sxl_data.trace.types import Tool
from tests.sxl_data.toolsets.test_wording import ODD

NEAR = Near(list(families().values()))
NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
TASKS = [compose(NEAR, number, 0, Shares(), 6) for number in range(700)]


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]


def is_said(value: object, request: str) -> bool:
    """Whether a reader finds ``value`` in ``request``."""
    if isinstance(value, bool):
        return True  # in words of its own
    if any(text in request for mapped in MAPPED.values() for text in mapped.values.get(value, ())):
        return True
    if isinstance(value, str):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return value in request or value.replace("_", " ") in request
        dates = re.findall(r"[\w]* ?(?:of )?\w+ \d*[snrt]?[tdh]?,? ?\d{4}", request)
        parts = (f"{day:%b}", f"{day.year}")
        return value in request or any(
            all(part in text for part in parts) and str(day.day) in re.findall(r"\d+", text) for text in dates
        )
    assert isinstance(value, int | float)
    plain = {f"{value}", f"{value:g}", f"{value:,}", f"{abs(value)}"}
    plain |= {f"{round(value * 100, 4):g}", f"{float(round(value * 100, 4))}"}
    plain |= {f"{value / 1e6:g} million"} if value >= 1e6 else set()
    plain |= {NUMBERS[int(value)]} if value in range(13) else set()
    return any(re.search(rf"(?<![\w.]){re.escape(text)}(?!\d|\.\d)", request) for text in plain)


def test_each_kind_has_its_shape():
    kinds = {task.kind for task in TASKS}
    assert kinds == {"single", "parallel", "several", "irrelevant"}
    for task in TASKS:
        names = [name for name, _ in task.calls]
        offered = [tool.name for tool in task.tools]
        assert len(set(offered)) == len(offered) <= 6
        assert set(names) <= set(offered)
        assert (task.answer != "") is (names == []) is (task.kind == "irrelevant")
        if task.kind == "parallel":
            assert len(set(names)) == 1 < len(names)
        if task.kind == "several":
            assert len(set(names)) > 1
        assert len(set(task.calls)) == len(task.calls)


def test_every_value_of_a_call_stands_in_its_request():
    for task in TASKS:
        for name, arguments in task.calls:
            said = [value for value in leaves(json.loads(arguments)) if not str(value).startswith(("new ", "["))]
            literal = any("literals" in tool.description for tool in task.tools)
            lost = [value for value in said if not literal and not is_said(value, task.request)]
            assert lost == [], (task.request, name, arguments)


def test_every_call_is_what_its_tool_takes():
    for task in TASKS:
        schemas = {tool.name: json.loads(tool.parameters_json) for tool in task.tools}
        for name, arguments in task.calls:
            assert jsonschema_rs.validator_for(schemas[name]).is_valid(json.loads(arguments)), (name, arguments)


def test_programs_get_literals_of_their_language():
    texts = [json.loads(a) for task in TASKS for _, a in task.calls if "Java 8" in task.tools[0].description]
    assert texts
    assert all(isinstance(value, str) for call in texts for value in call.values())
    assert any(value.startswith("new ") for call in texts for value in call.values())


def test_requests_read_like_language():
    odd = [task.request for task in TASKS if ODD.search(re.sub(r"""(["'`\[]).*?["'`\]]""", "x", task.request))]
    assert len(odd) <= 0.01 * len(TASKS), odd


def test_another_number_or_seed_is_another_task_and_the_same_is_the_same():
    assert compose(NEAR, 5, 0, Shares(), 6) == TASKS[5]
    assert compose(NEAR, 5, 1, Shares(), 6) != TASKS[5]
    assert len({task.request for task in TASKS}) > 0.97 * len(TASKS)


@pytest.mark.parametrize(
    ("shares", "kind"),
    [
        (Shares(1.0, 0.0, 0.0), "irrelevant"),
        (Shares(0.0, 1.0, 0.0), "parallel"),
        (Shares(0.0, 0.0, 1.0), "several"),
        (Shares(0.0, 0.0, 0.0), "single"),
    ],
)
def test_shares_say_how_many_are_of_which_kind(shares, kind):
    assert {compose(NEAR, number, 0, shares, 4).kind for number in range(20)} == {kind}


def test_nothing_can_be_composed_of_nothing():
    with pytest.raises(ValueError, match="no functions"):
        Near([])


def test_a_call_that_its_declaration_does_not_take_is_never_made():
    short = {"type": "string", "description": "Where (e.g., Rome, Buenos Aires)", "maxLength": 5}
    schema = {"type": "object", "properties": {"city": short}, "required": ["city"]}
    found = infer(Tool(name="rain", description="Get the rain of a city", parameters_json=json.dumps(schema)))
    tasks = [compose(Near([found]), number, 0, Shares(0, 0, 0), 1) for number in range(12)]
    assert {json.loads(arguments)["city"] for task in tasks for _, arguments in task.calls} == {"Rome"}


def test_what_is_offered_beside_is_another_function():
    task: Task = next(task for task in TASKS if task.kind == "single" and len(task.tools) > 2)
    assert len({tool.description for tool in task.tools}) == len(task.tools)
