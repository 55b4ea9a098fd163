"""Keys under `options:` that the source's format does not read are refused, and each one that is read is declared."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build
from sxl_data.read.known import known_formats
from sxl_data.read.options import check_options
from sxl_data.trace.format import options_of
from sxl_data.view.explain import explain_format


def refused(format: str, **values: Any) -> list[tuple[str, str | None, str | None]]:
    with pytest.raises(UserError) as caught:
        check_options(values, known_formats()[format], at="/sources/0/options")
    return [(item.code, item.pointer, item.expected) for item in caught.value.findings]


def test_all_unknown_keys_are_named_at_once_with_the_nearest():
    assert [
        ("U101", "/sources/0/options/test", "tests?"),
        ("U101", "/sources/0/options/x", "an option of code_repository: repository, tests, group"),
    ] == refused("code_repository", test=True, x=1, group="file")


def test_a_format_without_options_says_so():
    assert [("U101", "/sources/0/options/call", "no options: the format atif has none")] == refused("atif", call=True)


@pytest.mark.parametrize(
    ("format", "key", "value"),
    [
        ("code_repository", "tests", "yes"),
        ("code_repository", "group", "folder"),
        ("nl2bash", "call", 1),
        ("instruction_pair", "language", ["python"]),
    ],
)
def test_a_value_of_another_kind_is_refused(format: str, key: str, value: Any):
    assert [("U102", f"/sources/0/options/{key}")] == [item[:2] for item in refused(format, **{key: value})]


def test_a_build_refuses_before_anything_is_read(tmp_path: Path):
    (tmp_path / "rows.jsonl").write_text(json.dumps({"instruction": "add", "output": "1"}) + "\n", encoding="utf-8")
    recipe = tmp_path / "recipe.yaml"
    source = "{name: a, path: rows.jsonl, options: {languag: python}}"
    recipe.write_text(f"name: toy\nsources:\n  - {source}\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        build(str(recipe), tmp_path / "out", ["engine.kind=inline"])
    (found,) = caught.value.findings
    assert ("U101", "/sources/0/options/languag", "language?") == (found.code, found.pointer, found.expected)
    assert not list((tmp_path / "out/.work").glob("read/*.json"))


def test_an_adapter_of_the_users_own_declares_its_options(tmp_path: Path):
    adapter = """
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Option

class Notes:
    name, title, unit = "notes", "notes", "row"
    options = {"prefix": Option("what stands before each question")}
    def detect(self, sample): return None
    def read(self, document, origin):
        builder = Builder("instruction", document.value["q"])
        builder.observe(origin.options.get("prefix", "") + document.value["q"])
        builder.say(document.value["a"], final=True)
        yield builder.build(document, origin, self.name)

FORMAT = Notes()
"""
    (tmp_path / "notes.py").write_text(adapter, encoding="utf-8")
    (tmp_path / "rows.jsonl").write_text('{"q": "one?", "a": "yes"}\n', encoding="utf-8")
    recipe = tmp_path / "recipe.yaml"
    for key, fine in (("prefix", True), ("suffix", False)):
        source = f"{{name: a, path: rows.jsonl, format: ./notes.py, options: {{{key}: 'Say: '}}}}"
        recipe.write_text(f"name: toy\nsources:\n  - {source}\n", encoding="utf-8")
        if fine:
            assert 1 == build(str(recipe), tmp_path / "out", ["engine.kind=inline"]).splits["train"]["rows"]
            continue
        with pytest.raises(UserError, match="U101"):
            build(str(recipe), tmp_path / "out", ["engine.kind=inline"])


def read_by(module: str) -> set[str]:
    """The keys that ``module`` takes from `origin.options`."""
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))) if isinstance(node, ast.Call)]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "get"
        and ast.unparse(call.func.value) == "origin.options"
    }


def test_each_option_that_is_read_is_declared_and_each_declared_one_is_read():
    for format in known_formats().values():
        assert read_by(type(format).__module__) == set(options_of(format)), format.name


def test_explain_lists_the_options_of_a_format():
    said = explain_format(known_formats()["code_repository"])
    assert "option    group: repository | file — what stays on one side of a split" in said
    assert "option    tests: bool — read test files too" in said
