"""A misspelt command line names what was meant."""

from __future__ import annotations

import pytest

from sxl_data.cli import make_parser, run
from sxl_data.contract.arguments import share, whole
from sxl_train.recipe import main as train


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert 2 == run(words)
    captured = capsys.readouterr()
    assert "" == captured.out
    assert captured.err.startswith("error U401 usage\n")
    return captured.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("biuld demo -o x", "build"),
        ("converts x", "convert"),
        ("dedupe x", "dedup"),
        ("validate x --formt auto", "--format"),
        ("convert x --too atif -o y", "--to"),
        ("convert x --to atif --output y", "--out"),
        ("build demo --outt x", "--out"),
        ("build demo -o x --dryrun", "--dry-run"),
        ("stats x --output jsn", "json"),
        ("dedup x --treshold 0.5", "--threshold"),
        ("validate x --max_length=3", "--max-length"),
        ("--verison", "--version"),
        ("ledger x --buy code", "--by"),
    ],
)
def test_the_nearest_name_is_suggested(capsys: pytest.CaptureFixture[str], words: str, meant: str):
    assert f"did you mean {meant}?" in said(capsys, *words.split())


def test_nothing_is_suggested_where_nothing_is_near(capsys: pytest.CaptureFixture[str]):
    assert "see sxl-data --help" in said(capsys, "qqqq")
    assert "see sxl-data stats --help" in said(capsys, "stats", "x", "--zzzz")


@pytest.mark.parametrize("words", ["", "build", "build demo -o x extra", "explain P105 P106", "show"])
def test_too_few_and_too_many_words_are_one_error(capsys: pytest.CaptureFixture[str], words: str):
    said(capsys, *words.split())


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "", "9" * 900_000, "inf"])
@pytest.mark.parametrize("flag", ["--limit", "--of"])
def test_a_number_that_is_none_is_one_error(capsys: pytest.CaptureFixture[str], flag: str, value: str):
    assert len(said(capsys, "build", "demo", "-o", "x", f"{flag}={value}")) < 2000


def test_numbers_of_flags():
    assert [1, 7] == [whole()("1"), whole(0, 9)("7")]
    assert 0.5 == share("0.5")


def test_the_trainer_speaks_alike(capsys: pytest.CaptureFixture[str]):
    assert 2 == train(["recipe", "demo", "--dryrun"])
    assert "did you mean --dry-run?" in capsys.readouterr().err
    assert 2 == train(["sweep", "demo", "--trails", "3"])
    assert "did you mean --trials?" in capsys.readouterr().err


def test_convert_takes_format_like_the_others_and_the_old_name_in_silence():
    for flag in ("--format", "--from"):
        options = make_parser().parse_args(["convert", "x", "--to", "atif", "-o", "y", flag, "sts"])
        assert "sts" == options.format
    assert "auto" == make_parser().parse_args(["convert", "x", "--to", "atif", "-o", "y"]).format
