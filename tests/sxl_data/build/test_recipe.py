"""sxl_data.build.recipe"""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_data.build.recipe import describe, read
from sxl_data.cli import run
from sxl_data.contract.errors import UserError
from sxl_data.read.sources import Source


def test_keeping_private_data_prints_a_warning(capsys):
    read("demo", ["clean.keep_private=[chat]"])
    assert "stay in the logs of chat" in capsys.readouterr().err


def test_nothing_is_said_where_all_is_redacted(capsys):
    read("demo")
    assert "warning" not in capsys.readouterr().err


@pytest.mark.parametrize("key", ["clean.keep_private", "clean.take_private", "dedup.prefer", "ground.sources"])
def test_a_source_that_is_not_there_is_refused_where_a_key_names_it(key: str):
    read("demo", [f"{key}=[chat, stdlib]"])
    with pytest.raises(UserError) as caught:
        read("demo", [f"{key}=[chat, stdlibb]"])
    (found,) = caught.value.findings
    assert "U102" == found.code
    assert f"names of sources in {key}, not 'stdlibb': stdlib?" in str(found.expected)


def test_a_key_of_the_top_is_named_where_it_stands_in_a_section():
    with pytest.raises(UserError, match="media at the top of the recipe"):
        read("demo", ["clean.media=keep"])


def test_shards_of_no_bytes_are_refused():
    with pytest.raises(UserError, match="shard_bytes above zero"):
        read("demo", ["write.shard_bytes=0"])


def test_a_dry_run_lists_the_code_of_a_recipe_and_runs_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "notes.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", encoding="utf-8")
    recipe = (
        "name: x\nsources:\n  - {name: notes, path: x.jsonl, format: ./notes.py}\n  - {name: rows, path: x.jsonl}\n"
    )
    (tmp_path / "recipe.yaml").write_text(recipe, encoding="utf-8")
    assert 0 == run(["build", str(tmp_path / "recipe.yaml"), "-o", str(tmp_path / "out"), "--dry-run"])
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("runs code: ")]
    assert [f"runs code: {tmp_path / 'notes.py'}, the adapter of the source notes"] == said
    assert ["notes.py", "recipe.yaml"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_dry_run_is_short_and_lists_every_value_where_that_is_asked(capsys: pytest.CaptureFixture[str]):
    short = describe(*read("demo", ["dedup.threshold=0.8"]))
    every = describe(*read("demo", ["dedup.threshold=0.8"]), every=True)
    assert len(short.splitlines()) < 40 < 200 < len(every.splitlines())
    assert ["dedup.threshold", "0.8", "command", "line"] in [line.split() for line in short.splitlines()]
    assert "write.arrow" in every and "write.arrow" not in short and "PSF-2.0" in short


@pytest.mark.parametrize("value", ["9" * 900_000, "2024-99-99", '"a\\0b"', "!!python/object/apply:os.getcwd []", "*x"])
def test_a_value_that_cannot_be_read_is_one_error(value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "recipe.yaml").write_text(f"name: x\nseed: {value}\nsources: []\n", encoding="utf-8")
    assert 2 == run(["build", str(tmp_path / "recipe.yaml"), "-o", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert said.startswith("error U103 ") and len(said) < 2000
    assert ["recipe.yaml"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("hub", ["../x", "..", "/etc", "a/b/c", "a/..", "https://x/y", "", "a b"])
def test_a_hub_id_is_no_path(hub: str):
    with pytest.raises(ValueError, match="a hub id"):
        Source(name="x", hub=hub)
