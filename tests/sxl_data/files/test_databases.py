"""Sessions in SQLite databases."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.contract.resources import samples_folder
from sxl_data.files.records import open_records
from sxl_data.validate.validate import validate


def opencode(path: Path) -> Path:
    session = json.loads((samples_folder() / "opencode.json").read_text(encoding="utf-8"))
    database = sqlite3.connect(path)
    database.execute("create table session (id text primary key, title text)")
    database.execute("create table message (id text, session_id text, time_created integer, data text)")
    database.execute("create table part (id text, message_id text, session_id text, data text)")
    database.execute("insert into session values ('ses_1', 'Count the lines')")
    for at, message in enumerate(session["messages"]):
        info = message["info"]
        database.execute("insert into message values (?, 'ses_1', ?, ?)", (info["id"], at, json.dumps(info)))
        for part in message["parts"]:
            given = (part["id"], info["id"], json.dumps(part))
            database.execute("insert into part values (?, ?, 'ses_1', ?)", given)
    database.commit()
    database.close()
    return path


def test_opencode_and_goose_are_read_from_their_databases(tmp_path: Path) -> None:
    for path, format, traces in (
        (opencode(tmp_path / "opencode.db"), "opencode", 1),
        (samples_folder() / "goose_sessions.db", "goose", 2),
    ):
        before = path.read_bytes()
        report = validate(path, profile="ingest")
        assert (report.files[0].format, report.checked, report.ok) == (format, traces, True)
        assert path.read_bytes() == before and not path.with_name(path.name + "-shm").exists()


def test_bytes_that_are_no_text_are_said(tmp_path: Path) -> None:
    path = opencode(tmp_path / "x.db")
    database = sqlite3.connect(path)
    database.execute("update session set title = cast(x'ff41' as text)")
    database.commit()
    database.close()
    (record,) = open_records(path)
    assert record.value["info"]["title"] == "\ufffdA"
    assert [item.code for item in record.findings] == ["S102"]


def test_another_database_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    database = sqlite3.connect(other)
    database.execute("create table parts (id integer)")
    database.commit()
    database.close()
    (tmp_path / "cut.db").write_bytes(opencode(tmp_path / "x.db").read_bytes()[:700])
    (tmp_path / "odd.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 200)
    for name in ("other.db", "cut.db", "odd.db"):
        with pytest.raises(UserError) as refused:
            list(open_records(tmp_path / name))
        assert refused.value.findings[0].code == "U204"
    with pytest.raises(UserError, match="tables parts"):
        list(open_records(other))
