"""sxl_data.read.adapters.tool_definitions: rows composed from definitions alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sxl_data.composed.tasks import Shares, compose
from sxl_data.contract.errors import UserError
from sxl_data.read.adapters.tool_definitions import FORMAT, declared, definitions
from sxl_data.trace.format import Document, Origin
from sxl_data.trace.types import Act
from sxl_data.validate.validate import validate
from tests.sxl_data.composed.test_tasks import is_said, leaves
from tests.sxl_data.read.adapters.test_toolset import rows, run

CITY = {"type": "string", "description": "Where (e.g., Oslo, Rome, Lima)"}
SCHEMA = {"type": "object", "properties": {"city": CITY}, "required": ["city"]}
OPENAI = {
    "type": "function",
    "function": {"name": "get_rain", "description": "Get the rain of a city", "parameters": SCHEMA},
}
MCP = {"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "a", "description": "b c", "inputSchema": SCHEMA}]}}
SEAL = {
    "api_name": "countCows",
    "api_description": "Count the cows of a farm",
    "field": "Farms/Cows",
    "parameters": {"city": {"type": "str", "description": "Where (e.g., Oslo, Rome)"}},
    "required": ["city"],
    "responses": {},
}
ARTIST = {"type": "string", "enum": ["Adele", "Queen"]}
MUSIC = {"type": "object", "properties": {"artist": ARTIST}, "required": ["artist"]}
OTHER = {"name": "play_song", "description": "Play music by an artist", "input_schema": MUSIC}


def write(folder: Path, *tools: object) -> str:
    (folder / "tools.jsonl").write_text("".join(json.dumps(tool) + "\n" for tool in tools), encoding="utf-8")
    return "tools.jsonl"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (json.dumps([OPENAI, OTHER]), ["get_rain", "play_song"]),
        (json.dumps(MCP), ["a"]),
        (json.dumps({"tools": [OPENAI]}), ["get_rain"]),
        (f"{json.dumps(SEAL)}\n{json.dumps(OPENAI)}\n", ["countCows", "get_rain"]),
        ("[1, null, {}]", []),
    ],
)
def test_definitions_are_read_in_the_shapes_that_servers_and_catalogues_have(text, names):
    assert [tool.name for tool, _ in declared(text)] == names


def test_a_source_makes_rows_of_the_functions_that_ship_fit_to_be_published_and_synthetic(tmp_path):
    manifest = run(tmp_path, "out", "name: calls, format: tool_definitions, tasks: 30, licence: MIT")
    assert (manifest.sources[0].documents, manifest.sources[0].traces) == (30, 30)
    made = rows(tmp_path / "out")
    assert all(row["provenance"]["synthetic"] and not row["provenance"]["executed"] for row in made)
    report = validate([str(path) for path in (tmp_path / "out/data").glob("*.parquet")], profile="publish")
    assert report.checked == len(made)
    assert {finding.code for finding in report.findings} == {"P111"}  # calls without results, which is what they are


def test_rows_of_definitions_of_ones_own_are_divided_by_tool_and_made_anew_when_the_file_changes(tmp_path):
    source = f"name: mine, format: tool_definitions, tasks: 20, licence: MIT, options: {{tools: {write(tmp_path, OPENAI, SEAL, OTHER)}}}"
    first = run(tmp_path, "out", source)
    assert first.sources[0].traces == 20
    called = {call["name"] for row in rows(tmp_path / "out") for step in row["steps"] for call in step["calls"] or ()}
    assert called <= {"get_rain", "countCows", "play_song"}
    write(tmp_path, OPENAI, OTHER)
    assert run(tmp_path, "out", source, force=True).content_hash != first.content_hash


def test_a_call_has_no_result_and_a_request_that_nothing_fits_is_answered_in_words():
    kinds = set()
    for number in range(40):
        (reading,) = FORMAT.read(Document(file="calls", value=number, row=number), Origin(source="calls"))
        *_, last = reading.trace.steps
        assert isinstance(last, Act)
        assert bool(last.calls) is not last.final
        kinds.add(last.kind)
    assert kinds == {"tool", "message"}


@pytest.mark.parametrize(
    ("tools", "code"),
    [(("no such file",), "U201"), ((), "U102"), (({"name": "x", "parameters": {"type": "odd"}},), "U102")],
)
def test_definitions_that_are_not_there_or_of_no_use_are_told_before_anything_is_made(tmp_path, tools, code):
    name = "absent.json" if code == "U201" else write(tmp_path, *tools)
    with pytest.raises(UserError) as raised:
        run(tmp_path, "out", f"name: mine, format: tool_definitions, tasks: 5, options: {{tools: {name}}}")
    assert raised.value.findings[0].code == code


@pytest.mark.parametrize("shares", ["parallel: 0.9, several: 0.2", "irrelevant: -0.1"])
def test_shares_that_are_none_are_refused(tmp_path, shares):
    with pytest.raises(UserError) as raised:
        run(tmp_path, "out", f"name: mine, format: tool_definitions, tasks: 5, options: {{{shares}}}")
    assert raised.value.findings[0].code == "U102"


def test_real_definitions_say_enough_for_requests_and_every_value_of_a_call_stands_in_its_own(shared):
    near = definitions(str(shared / "data/seal_tools/tool.jsonl")).near
    assert len(near.functions) > 2500  # of 4,076; the others require values that nobody can tell
    for number in range(60):
        task = compose(near, number, 0, Shares(), 6)
        for _, arguments in task.calls:
            assert all(is_said(value, task.request) for value in leaves(json.loads(arguments))), task.request
