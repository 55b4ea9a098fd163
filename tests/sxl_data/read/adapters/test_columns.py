"""Tables by the names of their columns."""

from __future__ import annotations

import msgspec
import pytest

from sxl_data.contract.errors import UserError
from sxl_data.read.adapters.columns import FORMAT, named
from sxl_data.read.files import plan
from sxl_data.read.sources import Source
from sxl_data.read.stage import find_formats, read_chunk
from sxl_data.trace.format import Document, Origin, RowError

PAIR = {"prompt": "Customer Prompt", "answer": "reply.text"}
ROW = {"Customer Prompt": "2+2?", "reply": {"text": "4"}, "note": "said beside the pair"}


def read(row, columns):
    (reading,) = FORMAT.read(Document(file="t", value=row), Origin(source="t", options={"columns": columns}))
    return reading


def test_a_pair_is_read_by_names_and_paths_and_the_rest_is_kept() -> None:
    reading = read(ROW, PAIR)
    observe, act = reading.trace.steps
    assert ("2+2?", "4", "2+2?") == (observe.content[0].text, act.content[0].text, reading.trace.task)
    assert "said beside the pair" in reading.trace.ext_json
    assert "/reply/text" == reading.place("/steps/1")


def test_each_role_has_its_place() -> None:
    row = {"q": "go", "a": "x = 1", "why": "hm", "s": "Short.", "more": "of this", "l": "python", "g": 7, "n": 3}
    columns = dict(prompt="q", answer="a", reasoning="why", system="s", input="more", language="l", group="g", id="n")
    reading = read(row, columns)
    assert ["Observe", "Observe", "Reflect", "Act"] == [type(step).__name__ for step in reading.trace.steps]
    assert ("go\n\nof this", "7", "python") == (reading.trace.task, reading.group, reading.language)
    assert "3" == reading.trace.provenance.source_id


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: msgspec.json.encode(value).decode()])
def test_messages_and_tools_may_be_json_text(wrap) -> None:
    tools = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
    messages = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]
    reading = read({"dialogue": wrap(messages), "api": wrap(tools)}, {"messages": "dialogue", "tools": "api"})
    assert (2, "add") == (len(reading.trace.steps), reading.trace.tools[0].name)
    assert "/dialogue/1" == reading.place("/steps/1")


@pytest.mark.parametrize("row", [{"Customer Prompt": "2+2?"}, {**ROW, "reply": {"text": ""}}, {"other": 1}])
def test_a_row_without_the_columns_is_refused_by_what_it_has(row) -> None:
    with pytest.raises(RowError):
        read(row, PAIR)


SHAPES = {
    "conala": ({"intent": "reverse x", "snippet": "x[::-1]"}, "prompt=intent,answer=snippet"),
    "wizardlm": ({"input": "2+2?", "output": "4"}, "prompt=input,answer=output"),
    "mbxp": ({"prompt": "def f():", "canonical_solution": " return 1"}, "prompt=prompt,answer=canonical_solution"),
    "nlbse": ({"title": "It crashes", "body": "on start", "label": "bug"}, "prompt=title,input=body,answer=label"),
    "taskbench": ({"instruction": "go", "tool_steps": "1. look"}, "prompt=instruction,answer=tool_steps"),
    "metatool": ({"Query": "a song, please", "Tool": "MusicTool"}, "prompt=Query,answer=Tool"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_tables_of_others_open_by_column_names_alone(name, tmp_path) -> None:
    row, columns = SHAPES[name]
    file = tmp_path / "rows.jsonl"
    file.write_bytes(msgspec.json.encode(row) + b"\n")
    source = Source(name=name, path=str(file), columns=named(columns))
    chunks = list(plan(source, tmp_path))
    (group,) = find_formats(source, chunks)
    found = read_chunk(source, chunks[0], group.format)
    assert ("columns", 1, 0) == (group.format, len(found.traces), len(found.quarantine))


def test_columns_of_a_command_line_may_have_commas_in_their_names() -> None:
    assert {"prompt": "Dear, customer", "answer": "b"} == named("prompt=Dear, customer,answer=b")


@pytest.mark.parametrize("text", ["", "x", "prompt=a", "colour=a,answer=b", "answer=b"])
def test_columns_by_which_nothing_can_be_read_are_refused(text, tmp_path) -> None:
    with pytest.raises(UserError) as caught:
        named(text)
    assert "U401" == caught.value.findings[0].code


def test_a_recipe_with_such_columns_is_refused(tmp_path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    source = Source(name="t", path="t.csv", columns={"prompt": "a"})
    with pytest.raises(UserError) as caught:
        find_formats(source, list(plan(source, tmp_path)))
    assert "U102" == caught.value.findings[0].code
    with pytest.raises(ValueError, match="columns"):
        Source(name="t", path="t.csv", format="gsm8k", columns=PAIR)


def test_a_column_that_no_row_has_is_named_beside_those_that_there_are(tmp_path) -> None:
    (tmp_path / "t.csv").write_text("Frage;Antwort\nWie?;So\n", encoding="utf-16")
    source = Source(name="t", path="t.csv", columns={"prompt": "Question", "answer": "Antwort"})
    with pytest.raises(UserError) as caught:
        find_formats(source, list(plan(source, tmp_path)))
    assert "no column 'Question', but 'Frage', 'Antwort' in t" == caught.value.findings[0].found


def test_a_workbook_is_refused_with_the_way_out(tmp_path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04")
    source = Source(name="t", path="t.xlsx", columns=PAIR)
    with pytest.raises(UserError) as caught:
        find_formats(source, list(plan(source, tmp_path)))
    (told,) = caught.value.findings
    assert ("U204", "a spreadsheet") == (told.code, told.found) and "save the sheet as CSV" in told.fix
