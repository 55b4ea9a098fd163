"""sxl_data.toolsets.ranking: which tools a text speaks of; rows that declare only those."""

from __future__ import annotations

import pytest

from sxl_data import toolsets
from sxl_data.toolsets.planner import called_tools
from sxl_data.toolsets.ranking import rank, shorten

HOME = toolsets.get("home")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Close the porch blinds halfway.", "move_blind"),
        ("Please unlock the front door.", "lock"),
        ("Heat the kitchen to 21 degrees Celsius.", "heat"),
        ("How bright is it? Dim the lamp to 30 percent brightness.", "set_brightness"),
        ("Save this as the scene “movie”.", "save_scene"),
    ],
)
def test_the_tool_that_a_request_speaks_of_comes_first(said: str, wanted: str) -> None:
    assert list(shorten(HOME.tools, said, 1)) == [wanted]


def test_words_are_compared_without_their_endings_and_ties_keep_the_order() -> None:
    assert rank("renamed", ["delete a file", "rename a file"]) == [1, 0]
    assert rank("nothing of it", ["delete a file", "rename a file"]) == [0, 1]
    assert rank("", []) == []


def test_a_short_list_keeps_the_order_of_the_set_and_what_must_stay() -> None:
    found = list(shorten(HOME.tools, "lock the door", 3, kept={"read_climate"}))
    assert len(found) == 3 and {"lock", "read_climate"} <= set(found)
    assert found == [name for name in HOME.tools if name in found]
    assert len(shorten(HOME.tools, "lock the door", 1, kept={"heat", "switch"})) == 2


@pytest.mark.parametrize("shown", [1, 3])
def test_a_run_declares_as_many_tools_as_it_is_told_and_all_that_it_calls(shown: int) -> None:
    for number in range(30):
        task = toolsets.make_task(HOME, number)
        whole = toolsets.run(HOME, task).trace
        trace = toolsets.run(HOME, task, shown=shown).trace
        names = {tool.name for tool in trace.tools}
        assert trace.steps == whole.steps
        assert called_tools(trace) <= names
        assert len(names) == max(shown, len(called_tools(trace)))
        assert toolsets.check(trace, task, HOME).met


def test_rows_of_a_source_are_of_tasks_that_need_no_more_tools(tmp_path) -> None:
    from sxl_data.read.adapters.toolset import FORMAT
    from sxl_data.trace.format import Document, Origin

    origin = Origin(source="home", options={"shown": 2})
    sizes = [
        len(reading.trace.tools)
        for number in range(25)
        for reading in FORMAT.read(Document(file="home", value=number), origin)
    ]
    assert sizes == [2] * 25
