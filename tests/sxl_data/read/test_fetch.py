"""sxl_data.read.fetch"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sxl_data.read.fetch import fetch
from sxl_data.read.files import expand
from sxl_data.read.sources import Source

COMMIT = "e53f048856ff4f594e959d75785d2c2d37b678ee"


def test_without_a_network_the_error_names_the_local_alternative(tmp_path):
    program = (
        "from pathlib import Path\nfrom sxl_data.contract.errors import UserError\n"
        "from sxl_data.read.fetch import fetch\n"
        "from sxl_data.read.sources import Source\n"
        "try:\n    fetch(Source(name='gsm8k', hub='openai/gsm8k', subset='main'), Path('.'))\n"
        "except UserError as problem:\n    print(problem.findings[0].code, problem.findings[0].fix)\n"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "SXL_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.stdout.startswith(
        "U206 connect; or fetch it elsewhere with `hf download openai/gsm8k --repo-type dataset"
    )
    assert "`path: DIR`" in done.stdout


def test_a_pinned_revision_on_this_disk_needs_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("SXL_CACHE", str(tmp_path))
    folder = tmp_path / "hub/openai--gsm8k" / COMMIT
    (folder / "main").mkdir(parents=True)
    (folder / "main/train.jsonl").write_text('{"question": "a", "answer": "b"}\n', encoding="utf-8")
    (folder / "main/test.jsonl").write_text("{}\n", encoding="utf-8")
    (folder / "main-train.sxl-complete.json").write_text(json.dumps(["main/train.jsonl"]), encoding="utf-8")
    found = fetch(Source(name="gsm8k", hub="openai/gsm8k", subset="main", revision=COMMIT), Path())
    assert (found.hub, found.revision) == (None, COMMIT)
    assert [path.name for path in expand(found, tmp_path).files] == ["train.jsonl"]


def test_a_preferred_path_comes_first_where_something_is_there_and_is_named(tmp_path, capsys):
    (tmp_path / "rows.jsonl").write_text("{}\n", encoding="utf-8")
    source = Source(name="gsm8k", path="rows.jsonl", hub="openai/gsm8k", prefer="path", revision="e" * 40)
    found = fetch(source, tmp_path)
    assert found.revision == ""  # a file of one's own is not of the Hub's commit
    assert (found.hub, found.path) == (None, "rows.jsonl")
    assert "the files at rows.jsonl; openai/gsm8k is not asked" in capsys.readouterr().err


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"path": "rows.jsonl", "hub": "openai/gsm8k"},
        {"path": "rows.jsonl", "prefer": "path"},
        {"hub": "openai/gsm8k", "prefer": "path"},
    ],
    ids=lambda keys: "+".join(keys) or "none",
)
def test_a_source_is_a_path_or_an_id_and_both_only_where_it_says_which_comes_first(keys):
    with pytest.raises(ValueError, match="`path`"):
        Source(name="gsm8k", **keys)


def test_names_of_a_split_are_names_and_no_patterns(tmp_path, monkeypatch):
    monkeypatch.setenv("SXL_CACHE", str(tmp_path))
    folder = tmp_path / "hub/openai--gsm8k" / COMMIT
    folder.mkdir(parents=True)
    for name in ("part[1].jsonl", "part1.jsonl"):
        (folder / name).write_text("{}\n", encoding="utf-8")
    (folder / "train.sxl-complete.json").write_text(json.dumps(["part[1].jsonl"]), encoding="utf-8")
    found = fetch(Source(name="gsm8k", hub="openai/gsm8k", revision=COMMIT), Path())
    assert [path.name for path in expand(found, tmp_path).files] == ["part[1].jsonl"]


def test_a_marker_that_names_files_elsewhere_or_was_cut_off_is_none(tmp_path):
    program = (
        "from pathlib import Path\nfrom sxl_data.contract.errors import UserError\n"
        "from sxl_data.read.fetch import fetch\nfrom sxl_data.read.sources import Source\n"
        f"try:\n    print(fetch(Source(name='x', hub='a/b', revision={COMMIT!r}), Path('.')))\n"
        "except UserError as problem:\n    print(problem.findings[0].code)\n"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "SXL_CACHE": str(tmp_path)}
    folder = tmp_path / "hub/a--b" / COMMIT
    folder.mkdir(parents=True)
    (tmp_path / "outside.jsonl").write_text("{}\n", encoding="utf-8")
    for text in (json.dumps(["../../../outside.jsonl"]), json.dumps([str(tmp_path / "outside.jsonl")]), "["):
        (folder / "train.sxl-complete.json").write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
        assert "U206" == done.stdout.strip(), done.stdout + done.stderr
