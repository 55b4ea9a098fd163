"""Rows of a dataset file as conversations, whatever format they have."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.contract.errors import UserError
from sxl_train.data.dataset import find_dataset, read_rows

CALLED = {"name": "add", "arguments": '{"a": 1, "b": 2}'}


CALLS = [{"id": "c0", "type": "function", "function": CALLED}]


ASKED = {"role": "user", "content": "Add 1 and 2."}


ANSWERED = {"role": "assistant", "content": "3"}


RESULT = {"role": "tool", "tool_call_id": "c0", "content": "3"}


DECLARED = {
    "name": "add",
    "description": "Add.",
    "parameters": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
}


TOOL = {"type": "function", "function": DECLARED}


FOREIGN: dict[str, dict[str, object]] = {
    "chat": {
        "messages": [ASKED, {"role": "assistant", "content": None, "tool_calls": CALLS}, RESULT, ANSWERED],
        "tools": [TOOL],
    },
    "chat of the old form": {
        "messages": [
            ASKED,
            {"role": "assistant", "content": None, "function_call": CALLED},
            {"role": "function", "name": "add", "content": "3"},
            ANSWERED,
        ],
        "tools": [TOOL],
    },
    "content blocks": {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Add 1 and 2."}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c0", "name": "add", "input": {"a": 1, "b": 2}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c0", "content": "3"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "3"}]},
        ],
        "tools": [{"name": "add", "description": "Add.", "input_schema": DECLARED["parameters"]}],
    },
    "ShareGPT": {
        "conversations": [
            {"from": "human", "value": "Add 1 and 2."},
            {"from": "function_call", "value": '{"name": "add", "arguments": {"a": 1, "b": 2}}'},
            {"from": "observation", "value": "3"},
            {"from": "gpt", "value": "3"},
        ],
        "tools": json.dumps([DECLARED]),
    },
}


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
@pytest.mark.parametrize("name", FOREIGN)
def test_whatever_passes_the_validator_is_read_with_its_calls(name: str, suffix: str, tmp_path: Path) -> None:
    from sxl_data import validate

    path = tmp_path / f"foreign.{suffix}"
    if suffix == "jsonl":
        path.write_text("".join(json.dumps(FOREIGN[name]) + "\n" for _ in range(3)), encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist([FOREIGN[name]] * 3), path)
    assert [f.code for f in validate(path, profile="train").findings if f.level == "error"] == []
    dataset = find_dataset(str(path))
    rows = read_rows(dataset, "train") + read_rows(dataset, "validation")
    assert len(rows) == 3
    for row in rows:
        assert [m["role"] for m in row.messages] == ["user", "assistant", "tool", "assistant"]
        (call,) = row.messages[1]["tool_calls"]
        assert call["function"] == {"name": "add", "arguments": {"a": 1, "b": 2}}
        assert row.messages[2]["content"] == "3"
        assert row.tools is not None
        assert row.tools[0]["function"]["name"] == "add"


@pytest.mark.parametrize("name", ["rows.json", "rows.csv", "rows.jsonl.gz", "folder/rows.jsonl", "folder/one.json"])
def test_rows_of_a_source_are_read_by_its_adapter_wherever_they_lie(name: str, tmp_path: Path) -> None:
    import gzip

    row = {"instruction": "Add 1 and 2.", "input": "", "output": "3"}
    texts = {".json": json.dumps([row] * 3), ".csv": "instruction,input,output\n" + "Add 1 and 2.,,3\n" * 3}
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    data = texts.get(path.suffix, (json.dumps(row) + "\n") * 3).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    dataset = find_dataset(str(path.parent if path.parent.name == "folder" else path))
    rows = read_rows(dataset, "train") + read_rows(dataset, "validation")
    assert [[(m["role"], m["content"]) for m in row.messages] for row in rows] == [
        [("user", "Add 1 and 2."), ("assistant", "3")]
    ] * 3


def test_foreign_message_far_down_a_plain_file_is_refused_not_emptied(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    rows = [FOREIGN["chat"]] * 60 + [FOREIGN["chat of the old form"]]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(UserError) as problem:
        read_rows(find_dataset(str(path)), "train")
        read_rows(find_dataset(str(path)), "validation")
    assert [item.code for item in problem.value.findings] == ["T110"]
