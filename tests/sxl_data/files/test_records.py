"""Every file ends as records and findings, or as one clean error; nothing is changed in silence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from sxl_data.contract.errors import UserError
from sxl_data.files import records, streams
from sxl_data.files.record import Record
from sxl_data.files.records import open_records

DEEP = b"[" * 100_000 + b"]" * 100_000


def read(folder: Path, data: bytes, name: str = "a.jsonl") -> list[Record]:
    path = folder / name
    path.write_bytes(data)
    return list(open_records(path))


def codes(found: list[Record]) -> list[str]:
    return [item.code for record in found for item in record.findings]


@pytest.mark.parametrize(
    ("line", "code", "pointer"),
    [
        (b'{"a":1', "S101", "/a"),
        (b"{'a': 1}", "S101", ""),
        (b'{"a":"x\x00y"}', "S101", "/a"),
        (b'{"a":{"b":"\xff"}}', "S102", "/a/b"),
        (DEEP, "S103", None),
        (b'{"a":' + b"[" * 600 + b"]" * 600 + b"}", "S103", None),
        (b'{"a":{"k":1,"k":2}}', "S104", "/a/k"),
        (b'{"a":{"k" : 1,"x":0,"k":2}}', "S104", "/a/k"),
        (b'{"a":{"k":1,"\\u006b":2}}', "S104", "/a/k"),
        (b'{"a":[0,NaN]}', "S106", "/a/1"),
        (b'{"a":-Infinity}', "S106", "/a"),
        (b"null", "S211", None),
    ],
)
def test_a_broken_line_is_refused_and_the_next_one_read(tmp_path: Path, line: bytes, code: str, pointer: str | None):
    found = read(tmp_path, b'{"first":1}\n' + line + b'\n{"last":1}\n')
    assert [record.value for record in found] == [{"first": 1}, None, {"last": 1}]
    assert [(item.code, item.line, item.pointer) for item in found[1].findings] == [(code, 2, pointer)]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b'{"a":"x\\ud800y"}', {"a": "x\ufffdy"}),
        (b'{"a":"\\udc00"}', {"a": "\ufffd"}),
        (b'{"a":"x\\u0000y"}', {"a": "x\ufffdy"}),
        (b'{"k\\ud800":1}', {"k\ufffd": 1}),
    ],
)
def test_what_utf8_cannot_hold_is_repaired_and_said(tmp_path: Path, line: bytes, value: object):
    (record,) = read(tmp_path, line + b"\n")
    assert (record.value, codes([record])) == (value, ["S105"])


@pytest.mark.parametrize(
    "line",
    [
        b'{"a":"\\\\u0000 \\\\ud800 \\ud83d\\ude00"}',
        b'{"a":"0000000000000000000000 NaN"}',
        b'{"a":"\\"k\\": 1, \\"k\\": 2"}',
        b'{"a":9223372036854775807,"b":-9223372036854775808}',
        b'{"a":[{"k":1},{"k":1}]}',
    ],
)
def test_what_only_looks_broken_is_left_alone(tmp_path: Path, line: bytes):
    (record,) = read(tmp_path, line + b"\n")
    assert (record.value, record.findings) == (json.loads(line), ())


def test_a_long_integer_stays_exact_and_is_said(tmp_path: Path):
    (record,) = read(tmp_path, b'{"a":123456789012345678901234567890}\n')
    assert (record.value, codes([record])) == ({"a": 123456789012345678901234567890}, ["S107"])


def test_a_byte_order_mark_is_skipped_and_said(tmp_path: Path):
    found = read(tmp_path, b'\xef\xbb\xbf{"a":1}\n{"a":2}\n')
    assert ([r.value for r in found], codes(found)) == ([{"a": 1}, {"a": 2}], ["S108"])


def test_a_line_of_64_megabytes_is_read(tmp_path: Path):
    found = read(tmp_path, b'{"a":"' + b"x" * (64 << 20) + b'"}\n{"b":1}\n')
    assert [len(found[0].value["a"]), found[1].value] == [64 << 20, {"b": 1}]


def test_a_record_beyond_the_limit_is_skipped_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(streams, "MAX_RECORD", 3 << 20)
    found = read(tmp_path, b'{"a":1}\n{"a":"' + b"x" * (5 << 20) + b'"}\n{"b":1}\n')
    assert [record.value for record in found] == [{"a": 1}, None, {"b": 1}]
    assert [(item.code, item.line) for item in found[1].findings] == [("S109", 2)]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_cut_stream_gives_what_came_before_the_cut(tmp_path: Path, pack):
    lines = b"".join(b'{"n":%d,"t":"%s"}\n' % (i, str(i * 7919).encode() * 50) for i in range(2000))
    whole = pack(lines)
    assert len(read(tmp_path, whole, "w")) == 2000
    assert len(read(tmp_path, whole + whole, "ww")) == 4000
    found = read(tmp_path, whole[: len(whole) * 2 // 3], "cut")
    assert codes(found) == ["S110"]
    assert [record.value["n"] for record in found[:-1]] == list(range(len(found) - 1))
    assert 1000 < len(found) < 2000 and found[-1].value is None


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "an empty file"),
        (b" \n\n", "a file without content"),
        (b"\x89PNG\r\n\x1a\n\x00", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"\xff\xfe{\x00}\x00", "UTF-16 text"),
        (gzip.compress(b"%PDF-1", mtime=0), "a PDF document"),
        (b"PAR1 and no more", None),
        (b"ab\x00cd", "binary data"),
    ],
)
def test_what_is_no_file_of_records_is_one_clean_error(tmp_path: Path, data: bytes, found: str | None):
    with pytest.raises(UserError) as raised:
        read(tmp_path, data)
    (finding,) = raised.value.findings
    assert finding.code == "U204"
    assert found is None or finding.found == found


def test_a_folder_and_a_missing_file_are_clean_errors(tmp_path: Path):
    for path, code in ((tmp_path, "U204"), (tmp_path / "none", "U201")):
        with pytest.raises(UserError) as raised:
            list(open_records(path))
        assert [item.code for item in raised.value.findings] == [code]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b'{"n":1}\n{"n":2}\n', [1, 2]),
        (b'[{"n":1},{"n":2}]', [1, 1]),
        (b'[\n {"n":1},\n {"n":\n2}]\n', [2, 3]),
        (b'{\n "n":1}\n{\n "n":2}\n', [1, 3]),
        (b'{"n":1}\r\n\r\n{"n":2}', [1, 3]),
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_records_are_found_by_content_with_their_lines(tmp_path: Path, text: bytes, lines: list[int], name: str):
    found = read(tmp_path, text, name)
    assert [(record.value["n"], record.line) for record in found] == [(1, lines[0]), (2, lines[1])]


def test_elements_of_an_array_have_their_place(tmp_path: Path):
    found = read(tmp_path, b'[{"a":1},{"a":NaN}]', "a.json")
    assert [(r.at, [item.pointer for item in r.findings]) for r in found] == [("/0", []), ("/1", ["/1/a"])]


def test_a_broken_array_gives_what_came_before(tmp_path: Path):
    found = read(tmp_path, b'[{"a":1},\n{"b":2,,},\n{"c":3}]', "a.json")
    assert ([r.value for r in found], codes(found)) == ([{"a": 1}, None], ["S101"])


def test_a_large_array_is_read_as_a_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(records, "_ARRAY_IN_MEMORY", 1000)
    rows = [{"n": i, "text": "é→" * (i % 700)} for i in range(6000)]
    found = read(tmp_path, json.dumps(rows, ensure_ascii=False, indent=1).encode(), "a.json")
    assert [record.value for record in found] == rows
    assert found[-1].line == 1 + 4 * 6000 - 3


@pytest.mark.parametrize("length", [1, 7, 100, 4096])
def test_byte_ranges_share_the_lines_of_a_file(tmp_path: Path, length: int):
    data = b"".join(b'{"n":%d}\n' % i for i in range(300)) + b'{"n":300}'
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    found = [r.value["n"] for at in range(0, len(data), length) for r in open_records(path, at, length)]
    assert found == list(range(301))


def test_csv_rows_are_text_by_column_and_bad_rows_are_said(tmp_path: Path):
    found = read(tmp_path, b'a,b\n1,"x\ny"\n2\n3,\xff\n4,ok\n', "a.csv")
    assert [(r.line, r.value) for r in found] == [
        (2, {"a": "1", "b": "x\ny"}),
        (4, None),
        (5, None),
        (6, {"a": "4", "b": "ok"}),
    ]
    assert codes(found) == ["S111", "S102"]


def test_parquet_rows_come_without_the_nulls_of_their_structs(tmp_path: Path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"m": [[{"role": "user", "x": None}, {"role": "tool", "x": "1\x00"}]]}), path)
    (record,) = open_records(path)
    assert record.value == {"m": [{"role": "user"}, {"role": "tool", "x": "1\ufffd"}]}
    assert [(item.code, item.pointer) for item in record.findings] == [("S105", "/m/1/x")]


def test_a_damaged_parquet_file_is_a_clean_error_or_a_finding(tmp_path: Path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"t": [str(i) * 50 for i in range(5000)]}), path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError):
        list(open_records(path))


def test_a_parquet_row_that_is_no_text_costs_itself(tmp_path: Path):
    path = tmp_path / "a.parquet"
    texts = pa.array([b"one", b"\xff\xfe", b"three"], pa.binary()).view(pa.string())
    days = pa.array([0, 0, 2**60], pa.timestamp("us"))
    pq.write_table(pa.table({"t": texts, "day": days}), path)
    found = list(open_records(path))
    assert [r.value["t"] if r.value else None for r in found] == ["one", None, None]
    assert [(r.line, r.finding.code, r.finding.pointer) for r in found[1:]] == [(2, "S102", "/t"), (3, "S111", "/day")]


def test_a_damaged_parquet_page_costs_its_row_group_and_no_other(tmp_path: Path):
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"t": [f"row {n}" for n in range(9)]}),
        path,
        row_group_size=3,
        compression="none",
        use_dictionary=False,
        write_page_checksum=True,
    )
    data = bytearray(path.read_bytes())
    data[data.index(b"row 4")] ^= 1
    path.write_bytes(data)
    found = list(open_records(path))
    assert [r.value["t"] for r in found if r.value] == [f"row {n}" for n in (0, 1, 2, 6, 7, 8)]
    (lost,) = [r.finding for r in found if not r.value]
    assert lost.code == "S110" and lost.found.startswith("rows 4 to 6 unreadable")
