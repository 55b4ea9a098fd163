"""Encodings and separators of tables of text."""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.files.records import open_records
from sxl_data.files.table_dialects import Dialect, as_utf8, dialect_of, is_table

TEXT = "Frage{0}Antwort\nWie groß ist es?{0}Sehr groß\n"
EXPECTED = {"Frage": "Wie groß ist es?", "Antwort": "Sehr groß"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_is_read_however_it_is_written(tmp_path: Path, encoding: str, separator: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    path = tmp_path / "t.csv"
    path.write_bytes(mark + TEXT.format(separator).encode(encoding))
    (record,) = open_records(path)
    assert EXPECTED == record.value
    odd = encoding not in ("utf-8", "utf-8-sig") or separator != ","
    assert odd is ("S112" in [item.code for item in record.findings])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a,b\n1;2,3\n", Dialect()),
        (b"a;b\n1,5;2,5\n", Dialect(separator=";")),
        (b'a;b\n"x;y\nz";2\n', Dialect(separator=";")),
        (b"text\nno; separator, here\n", Dialect()),
        ("a,b\né,è\n".encode() + b"\xe9,1\n", Dialect()),  # one bad byte in UTF-8 is a fault of the file
        (b"a,b\n3,\xff\n", Dialect()),  # and bytes that are no letters are none of a word
        (b"a,b\ncaf\xe9,1\n", Dialect("Windows-1252")),
        ("a,b\n1,é".encode()[:-1], Dialect()),  # a sign that the end of the piece cuts
        (b"", Dialect()),
    ],
)
def test_a_dialect_is_believed_only_where_the_bytes_say_it(data: bytes, expected: Dialect) -> None:
    assert expected == dialect_of(data, "t.csv")


def test_signs_that_two_pieces_share_stay_whole() -> None:
    data = "größer 🙂".encode("utf-16")
    pieces = iter([data[i : i + 1] for i in range(len(data))])
    assert "größer 🙂" == b"".join(as_utf8(pieces, "UTF-16")).decode()


def test_names_of_tables() -> None:
    assert [True, True, False] == [is_table("A.CSV"), is_table("b.tsv.gz"), is_table("c.jsonl")]


@pytest.mark.parametrize(("name", "head"), [("t.xlsx", b"PK\x03\x04"), ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")])
def test_a_workbook_is_refused_with_the_way_out(tmp_path: Path, name: str, head: bytes) -> None:
    (tmp_path / name).write_bytes(head + b"\x00" * 20)
    with pytest.raises(UserError) as caught:
        list(open_records(tmp_path / name))
    assert "save the sheet as CSV" in caught.value.findings[0].fix
