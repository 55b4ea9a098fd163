"""YAML files end as one record or one finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_data.files.records import open_records


def read(folder: Path, data: bytes):
    path = folder / "a.yaml"
    path.write_bytes(data)
    (record,) = open_records(path)
    return record


def test_a_document_is_one_record(tmp_path: Path):
    record = read(tmp_path, b"history:\n- role: user\n  n: 1\n  when: 2026-01-02\n")
    assert {"history": [{"role": "user", "n": 1, "when": "2026-01-02"}]} == record.value


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"a: &x [1]\nb: *x\n", "S101", 2),
        (b"a: 1\na: 2\n", "S101", 2),
        (b"a: [\n", "S101", 2),
        (b"a: 1\nb: \xff\n", "S102", 2),
        (b"a: .nan\n", "S106", 1),
        (b"x: " + b"[" * 5000 + b"]" * 5000, "S101", 1),
        (b"x: " + b"y" * 4_100_000, "S109", 1),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, data: bytes, code: str, line: int):
    assert [(code, line)] == [(item.code, item.line) for item in read(tmp_path, data).findings]


def test_json_under_a_name_of_yaml_is_read_as_json(tmp_path: Path):
    assert {"a": 1} == read(tmp_path, b'{"a": 1}').value
