"""The verb `convert`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.validate.convert import convert, render

CHAT = [
    {
        "id": str(n),
        "messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": str(n), "reasoning": "hm"}],
    }
    for n in (4, 5)
]


def write(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8", newline="\n")
    return path


def test_a_file_is_converted_and_back_without_loss(tmp_path: Path) -> None:
    source = write(tmp_path / "chat.jsonl", CHAT)
    convert(source, "sxl_trace", tmp_path / "a.jsonl")
    convert(source, "atif", tmp_path / "atif.jsonl")
    convert(tmp_path / "atif.jsonl", "sxl_trace", tmp_path / "b.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_our_own_traces_become_the_chat_rows_that_they_were(tmp_path: Path) -> None:
    source = write(tmp_path / "chat.jsonl", CHAT)
    convert(source, "sxl_trace", tmp_path / "own.parquet")
    convert(tmp_path / "own.parquet", "openai_chat", tmp_path / "back.jsonl", residual=False)
    assert [json.loads(line) for line in (tmp_path / "back.jsonl").read_text(encoding="utf-8").splitlines()] == CHAT


def test_several_sessions_become_a_folder_and_one_a_file(tmp_path: Path) -> None:
    made = convert(write(tmp_path / "two.jsonl", CHAT), "sts", tmp_path / "sessions")
    assert ["00001.jsonl", "00002.jsonl"] == [Path(file).name for file in made.files]
    made = convert(write(tmp_path / "one.jsonl", CHAT[:1]), "sts", tmp_path / "one.sts.jsonl")
    assert "session" == json.loads(Path(made.files[0]).read_text(encoding="utf-8").splitlines()[0])["type"]


def test_json_output_is_one_value(tmp_path: Path) -> None:
    convert(write(tmp_path / "two.jsonl", CHAT), "atif", tmp_path / "out.json")
    assert 2 == len(json.loads((tmp_path / "out.json").read_text(encoding="utf-8")))
    convert(write(tmp_path / "one.jsonl", CHAT[:1]), "atif", tmp_path / "one.json")
    assert "ATIF-v1.8" == json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))["schema_version"]


def test_the_report_says_what_the_target_cannot_say(tmp_path: Path) -> None:
    made = convert(write(tmp_path / "chat.jsonl", CHAT), "sharegpt_tools", tmp_path / "out.jsonl")
    assert {"/steps/*/form": 2} == {place: n for place, n in made.losses.items() if place.endswith("form")}
    assert "openai_chat → sharegpt_tools: 2 traces" in render(made)


def test_unreadable_records_are_reported_and_the_others_converted(tmp_path: Path) -> None:
    source = write(tmp_path / "chat.jsonl", [CHAT[0], {"messages": 5}, CHAT[1]])
    made = convert(source, "atif", tmp_path / "out.jsonl")
    assert (2, False, [2]) == (made.traces, made.complete, [item.line for item in made.findings])


def test_a_file_without_any_trace_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        convert(
            write(tmp_path / "chat.jsonl", [{"messages": [{"role": "user"}, 5]}]),
            "atif",
            tmp_path / "out.jsonl",
            format="openai_chat",
        )
    assert not (tmp_path / "out.jsonl").exists()


def test_an_unwritten_format_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="U202"):
        convert(write(tmp_path / "chat.jsonl", CHAT), "claude_code", tmp_path / "out.jsonl")


def test_an_eval_archive_is_read(shared: Path, tmp_path: Path) -> None:
    (source,) = (shared / "traces" / "inspect_ai").rglob("log_formats.eval")
    assert 1 == convert(source, "openai_chat", tmp_path / "out.jsonl").traces
