from __future__ import annotations

from typing import Any

import pytest

from sxl_data.read.stated import stated_ids


def kinds(row: Any, *group: str, source: str = "s") -> list[str]:
    return [name.split(":")[0] for name in stated_ids(row, source, group) or []]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"instance_id": "a__b-1", "text": "x"}, ["instance"]),
        ({"task_id": "HumanEval/0", "repo": "a/b"}, ["repository", "task"]),
        ({"info": {"instance_id": "a"}, "metadata": {"session_id": "q"}}, ["instance", "session"]),
        ([{"instance_id": "a"}], ["instance"]),
        ([{"instance_id": "a"}, {"instance_id": "b"}], []),
        ({"instance_id": None, "task_id": "", "session": {"id": 1}, "repo": True}, []),
        ({"repo": ["a", "b", "a"]}, ["repository", "repository"]),
        ("text", []),
    ],
)
def test_known_keys_are_ids_wherever_a_row_has_them(row: Any, expected: list[str]):
    assert expected == kinds(row)


def test_more_keys_can_be_named_with_dots_between_them():
    row = {"who": {"team": "red", "n": 4}, "tag": "x"}
    assert ["tag", "who.n", "who.team"] == kinds(row, "who.team", "who.n", "tag", "who.nothing", "tag.deeper")


def test_one_value_is_one_id_in_every_source_but_a_bare_number():
    def of(value: Any, source: str) -> list[str] | None:
        return stated_ids({"task_id": value}, source)

    assert of("t 1", "a") == of(" t  1 ", "b") != of("t 2", "a")
    assert of(3, "a") == of("3", "a") != of(3, "b")


def test_an_id_shows_nothing_of_its_value():
    (name,) = stated_ids({"session_id": "jane.roe@example.org"}, "s") or []
    assert "jane" not in name and "example" not in name


def test_a_published_row_keeps_the_ids_that_it_has():
    row = {"trace_tools": None, "stated_ids": ["instance:00ff"], "group": "g", "task": "x"}
    found = stated_ids(row, "s") or []
    assert "instance:00ff" in found and kinds(row) == ["group", "instance"]
