"""Every verb with every kind of bad argument: one clear error or a result, never a traceback, nothing half-written."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.build.recipe import read
from sxl_data.cli import make_parser, run
from sxl_train.recipe import main as train
from sxl_train.recipe import open_recipe

ROWS = "".join(
    f'{{"messages":[{{"role":"user","content":"say {n}"}},{{"role":"assistant","content":"{n}"}}]}}\n' for n in "ab"
)
RECIPE = "name: x\nsources: [{name: rows, path: rows.jsonl}]\nengine: {kind: inline}\ndecontaminate: {against: []}\n"
# A command line of each verb that works; each of its words and each flag gets every bad value.
SOUND = {
    "validate": ["rows.jsonl"],
    "convert": ["rows.jsonl", "--to", "atif", "-o", "out"],
    "stats": ["rows.jsonl"],
    "show": ["rows.jsonl"],
    "explain": ["P105"],
    "build": ["recipe.yaml", "-o", "out"],
    "why": ["rows:1", "built"],
    "ledger": ["built"],
    "init": ["out"],
    "samples": ["out"],
    "diff": ["built", "built"],
    "decontaminate": ["texts.csv"],
    "sandbox": ["doctor"],
    "redact": ["rows.jsonl", "-o", "out"],
    "dedup": ["texts.csv", "--column", "text", "-o", "out"],
    "clean": ["built"],
    "report": ["built", "-o", "out"],
    "publish": ["built", "--repo", "me/set"],
    "serve": ["built", "--idle", "0"],
    "questions": ["built", "select count(*) from rows"],
    "review": ["sample", "built", "-o", "out"],
    "share": ["rows.jsonl", "-o", "out"],
}
BAD = [
    "",
    ".",
    "/",
    "none/where",
    "x" * 5000,
    "folder",
    "empty",
    "binary.jsonl",
    "latin.csv",
    "columns.parquet",
    "cut.parquet",
    "inv\udcff.jsonl",
    "inv\udcff.csv",
    "inv\udcff.yaml",
    "rows.jsonl/x",
    "-1",
    "0",
    "nan",
    "1e999",
    "9" * 5000,
    "text",
    "\x1b[31m\u202e",
    "a=b",
    "name=",
    "nowhere://x",
    "file:///none",
    "built",
]
NUMBERS = ["-1", "0", ".inf", "nan", "9" * 20, "9" * 5000, "'x'", "[]", "{}", "null", '"a\\0b"', '"\\ud800"', "../../x"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working folder with inputs, sound and not."""
    place = tmp_path_factory.mktemp("bad")
    before = Path.cwd()
    os.chdir(place)
    for name in ("rows.jsonl", "inv\udcff.jsonl"):
        Path(name).write_text(ROWS, encoding="utf-8")
    for name in ("recipe.yaml", "inv\udcff.yaml"):
        Path(name).write_text(RECIPE, encoding="utf-8")
    for name in ("texts.csv", "inv\udcff.csv"):
        Path(name).write_text("id,text\n1,one two three\n2,four five six\n", encoding="utf-8")
    Path("latin.csv").write_bytes("id;text\n1;café\n".encode("latin-1"))
    Path("empty").touch()
    Path("binary.jsonl").write_bytes(bytes(range(256)) * 4)
    Path("folder").mkdir()
    pq.write_table(pa.table({"text": ["a"], "cafX": ["b"]}), "columns.parquet", store_schema=False)
    table = Path("columns.parquet").read_bytes()
    Path("columns.parquet").write_bytes(table.replace(b"cafX", b"caf\xe9"))
    Path("cut.parquet").write_bytes(table[:-20])
    assert 0 == run(["build", "recipe.yaml", "-o", "built"])
    yield place
    os.chdir(before)


def lines(verb: str) -> Iterator[list[str]]:
    (choices,) = (action.choices for action in make_parser()._actions if action.dest == "command")
    sound = SOUND[verb]
    for value in BAD:
        yield [*sound, value]
        for place, word in enumerate(sound):
            if not word.startswith("-"):
                yield [*sound[:place], value, *sound[place + 1 :]]
        for action in choices[verb]._actions:
            if action.option_strings and action.nargs != 0:
                yield [*sound, f"{action.option_strings[-1]}={value}"]


def test_every_verb_is_tried():
    (choices,) = (action.choices for action in make_parser()._actions if action.dest == "command")
    assert SOUND.keys() == choices.keys()


def check(
    words: list[str], capsys: pytest.CaptureFixture[str], place: Path, run: Callable[[list[str]], int] = run
) -> None:
    sound = {path: path.read_bytes() for path in place.iterdir() if path.is_file()}
    code = run(words)
    captured = capsys.readouterr()
    said = captured.out + captured.err
    shown = [word[:60] for word in words]
    assert code in (0, 1, 2), (shown, said[-500:])
    assert "Traceback" not in said and "\x1b" not in said and "\u202e" not in said, (shown, said[-500:])
    if code == 2:
        assert "error " in said and "  fix  " in said, (shown, said[-500:])
    changed = [path for path, data in sound.items() if not path.is_file() or path.read_bytes() != data]
    # A file is replaced only where it is what was asked for, and then as a whole.
    assert all(code != 2 and any(word.endswith(path.name) for word in words) for path in changed), shown
    for path in changed:
        path.write_bytes(sound[path])
    left = [path.name for path in place.rglob("*") if path.name.startswith(".part-")]
    left += [str(path) for path in place.rglob(".work") if not any(item.is_file() for item in path.rglob("*"))]
    assert [] == left, shown
    for path in set(place.iterdir()) - sound.keys() - {place / "folder", place / "built"}:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
@pytest.mark.parametrize("verb", SOUND)
def test_a_bad_argument_is_one_clear_error(verb: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    for words in lines(verb):
        check([verb, *words], capsys, folder)


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
def test_a_bad_value_of_a_recipe_is_one_clear_error(folder: Path, capsys: pytest.CaptureFixture[str]):
    keys = [key for key in read("recipe.yaml")[0].origins if key != "engine.kind"]
    for place, key in enumerate(keys):
        for value in NUMBERS[place % 3 :: 3]:  # each key a third of them, each third a third of the keys
            check(["build", "recipe.yaml", "-o", "out", f"{key}={value}", "--dry-run"], capsys, folder)


@pytest.mark.parametrize(
    "key",
    [
        "seed",
        "sources.0.path",
        "sources.0.limit",
        "sources.0.hub",
        "dedup.permutations",
        "dedup.shingling.size",
        "dedup.seed",
        "dedup.memory",
        "split.threshold",
        "split.train",
        "write.shard_bytes",
        "engine.workers",
        "engine.chunk_bytes",
    ],
)
def test_what_a_recipe_takes_can_be_built_with(key: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    for value in [*NUMBERS, "100000", "10000000000"]:
        check(["build", "recipe.yaml", "-o", "out", f"{key}={value}", "sources.0.format=openai_chat"], capsys, folder)


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
def test_a_bad_word_to_the_trainer_is_one_clear_error(folder: Path, capsys: pytest.CaptureFixture[str]):
    for value in BAD:
        check(["recipe", value, "--print"], capsys, folder, train)
        check(["recipe", "demo", value, "--print"], capsys, folder, train)
        check(["sweep", "demo", f"--trials={value}", f"dataset={value}"], capsys, folder, train)
        check(["recipe", "demo", f"--{value}"], capsys, folder, train)
    for key in open_recipe("demo")[1].origins:
        for value in NUMBERS:
            check(["recipe", "demo", f"{key}={value}", "--print"], capsys, folder, train)
