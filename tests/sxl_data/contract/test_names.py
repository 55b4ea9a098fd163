"""Which names from outside are joined to a folder of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_data.contract.names import PUBLISHED, below, is_inner

OUTSIDE = [
    "/tmp/x",
    "../x",
    "data/../../x",
    "data/..",
    "..",
    ".",
    "",
    "data//x",
    "data/",
    "./x",
    "C:/x",
    "C:x",
    "data\\x",
    "..\\x",
    "data/..\\..\\x",
    "data/x\0",
    "data/x\n",
    "data/\x1b[2J",
    "data/con",
    "data/NUL.parquet",
    "data/x.",
    "data/x ",
    "data/x:stream",
    "data/*",
    "~/x?",
    "\\\\host\\share",
    "data/\u202ex",
    "data/caf\udce9",
    "d" * 2000,
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_elsewhere_anywhere_is_refused(name: str, tmp_path: Path):
    assert not is_inner(name)
    assert below(tmp_path, name) is None


@pytest.mark.parametrize("name", [None, 3, ["data/x"], b"data/x"])
def test_what_is_no_text_is_no_name(name: object):
    assert not is_inner(name)


def test_the_names_of_a_build_are_inner_ones():
    for name in ("data/train-00000-of-00001.parquet", "arrow/train/state.json", "ledger/ledger.parquet", "data/~x"):
        assert is_inner(name, PUBLISHED)
    for name in ("README.md", "data", "other/x", "manifest.json", "Data/x"):
        assert not is_inner(name, PUBLISHED)


def test_a_link_on_the_way_leads_nowhere(tmp_path: Path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "data").symlink_to(tmp_path)
    assert below(tmp_path / "inside", "data/x") is None
    (tmp_path / "inside" / "arrow").symlink_to(tmp_path / "inside" / "arrow")
    assert below(tmp_path / "inside", "arrow/x") is None
    assert below(tmp_path / "inside", "ledger/x") == tmp_path / "inside" / "ledger" / "x"
