"""The command line, the recipes that ship, the step contract, and the whole path on a tiny base."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.config import ORDER, Recipe, parse_size
from sxl_train.data import dataset as data
from sxl_train.recipe import main
from sxl_train.run.recipes import find_recipes, open_recipe
from sxl_train.run.step import read_record
from tests.sxl_train import toys

pytestmark = pytest.mark.slow


def test_every_recipe_is_short_and_loads() -> None:
    recipes = find_recipes()
    assert {"demo", "full", "lora", "qlora"} <= set(recipes)
    for name, path in recipes.items():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 25
        assert isinstance(open_recipe(name)[1].value, Recipe)


def test_help_needs_no_torch() -> None:
    code = "import sys, sxl_train.recipe as r; r.parse_arguments(['demo']); print('torch' in sys.modules)"
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ) | {"PYTHONPATH": root},
    )
    assert done.stdout.strip() == "False"


def test_misspelt_key_is_refused_with_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "tune.rnk=4"]) == 2
    said = capsys.readouterr().err
    assert "U101" in said and "rank?" in said


def test_unknown_recipe_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["qlorra"]) == 2
    assert "qlora" in capsys.readouterr().err


def test_floor_above_the_rate_is_refused() -> None:
    with pytest.raises(UserError) as problem:
        open_recipe("demo", ("tune.lr=1e-5",))
    assert [item.code for item in problem.value.findings] == ["U102"]


def test_print_shows_the_origin_of_each_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["qlora", "tune.rank=8", "--print"]) == 0
    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line}
    assert lines["tune.rank"] == ["8", "command", "line"]
    assert lines["tune.alpha"] == ["32", "default"]
    assert lines["method"] == ['"qlora"', "recipe"]


@pytest.mark.parametrize("text", ["10", "10XB", "0MB", "-1MB", "300 MiB"])
def test_a_size_that_is_none_is_refused_with_an_example_and_its_place(text: str) -> None:
    with pytest.raises(UserError) as problem:
        open_recipe("demo", (f"size_limit={text}",))
    (found,) = problem.value.findings
    assert (found.code, found.pointer, found.file) == ("U102", "/size_limit", "command line")
    assert "a size with its unit, such as 300MB" in str(found.expected)


@pytest.mark.parametrize(("text", "size"), [("300MB", 300_000_000), ("1.5 GB", 1_500_000_000), ("7kB", 7000)])
def test_sizes_are_decimal(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Any]:
    """A whole run of a tiny recipe through the command line."""
    folder = tmp_path_factory.mktemp("run")
    dataset = toys.write_dataset(folder / "toy", 40, 8)
    keys = [
        *toys.TINY,
        f"dataset={dataset}",
        f"out={folder / 'out'}",
        "tune.max_steps=6",
        "tune.batch=2",
        "tune.max_length=256",
        "evaluate.rows=4",
        "evaluate.generate=1",
        "evaluate.new_tokens=8",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "sxl_train", "recipe", "demo", *keys],
        capture_output=True,
        text=True,
        env=dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"},
        check=False,
    )
    return folder / "out", dataset, done


def test_whole_path_ends_with_a_package_and_says_that_it_is_a_toy(finished: tuple[Path, Path, Any]) -> None:
    out, _, done = finished
    assert done.returncode == 0, done.stderr[-3000:]
    assert "toy" in done.stdout and "base_model=Qwen/Qwen2.5-Coder-0.5B" in done.stdout
    assert "HuggingFaceTB/SmolLM2-360M" in done.stdout
    assert str(out / "release" / "README.md") in done.stdout


def test_every_step_leaves_a_record_with_origins_versions_and_seed(finished: tuple[Path, Path, Any]) -> None:
    out, dataset, _ = finished
    for step in ("plan", "base", "tune", "merge", "quantise", "evaluate", "release"):
        record = read_record(out / step)
        assert record is not None, step
        assert record["config"]["tune.max_steps"] == {"value": 6, "origin": "command line"}
        assert record["config"]["tune.rank"]["origin"] == "default"
        assert record["dataset_sha256"] == data.find_dataset(str(dataset)).sha256
        assert record["seed"] == 0 and "python" in record["versions"] and record["seconds"] >= 0
    assert not list(out.glob("*.part"))


def test_package_loads_with_transformers_alone_and_is_under_the_limit(finished: tuple[Path, Path, Any]) -> None:
    out, _, _ = finished
    code = (
        "import sys\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n"
        "t = AutoTokenizer.from_pretrained(sys.argv[1])\nm = AutoModelForCausalLM.from_pretrained(sys.argv[1])\n"
        "x = t.apply_chat_template([{'role': 'user', 'content': 'Add 1.'}], add_generation_prompt=True, "
        "return_tensors='pt', return_dict=True)\n"
        "print(m.generate(**x, max_new_tokens=3, do_sample=False).shape[1] > x['input_ids'].shape[1])\n"
        "print(any(n.split('.')[0] in ('sxl_train', 'sxl_data', 'peft', 'trl') for n in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(out / "release")],
        capture_output=True,
        text=True,
        env=dict(os.environ) | {"OMP_NUM_THREADS": "1"},
        check=False,
        cwd=out,
    )
    assert done.stdout.split()[0] == "True", done.stderr[-2000:]
    assert sum(p.stat().st_size for p in (out / "release").iterdir()) < 300_000_000


def test_card_holds_the_numbers_that_were_measured(finished: tuple[Path, Path, Any]) -> None:
    out, _, _ = finished
    card = (out / "release" / "README.md").read_text(encoding="utf-8")
    models = json.loads((out / "evaluate" / "evaluation.json").read_text(encoding="utf-8"))
    assert list(models) == ["base", "tune", "merge", "quantise"]
    for numbers in models.values():
        assert f"{numbers['loss']:.4f}" in card
        assert f"{numbers['device']} in {numbers['precision']}" in card
    assert "**A toy.**" in card


def test_the_lines_that_the_card_gives_to_a_reader_run(finished: tuple[Path, Path, Any]) -> None:
    out, _, _ = finished
    card = (out / "release" / "README.md").read_text(encoding="utf-8")
    code = (
        card.partition("```python\n")[2]
        .partition("```")[0]
        .replace('folder = "demo"', f"folder = {str(out / 'release')!r}")
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ) | {"OMP_NUM_THREADS": "1"},
        cwd=out,
    )
    assert done.returncode == 0 and "assistant" in done.stdout, done.stderr[-2000:]


def test_the_release_holds_what_a_process_without_our_code_answered(finished: tuple[Path, Path, Any]) -> None:
    out, _, _ = finished
    record = read_record(out / "release")
    assert record is not None and record["measured"]["load_s"] > 0 and record["measured"]["example"]


def test_a_run_says_before_it_tunes_how_long_each_stage_takes(finished: tuple[Path, Path, Any]) -> None:
    _, _, done = finished
    said = done.stderr
    assert "time forecast" in said and said.index("time forecast") < said.index("tune  ")


def test_package_over_the_limit_exits_1(finished: tuple[Path, Path, Any], capsys: pytest.CaptureFixture[str]) -> None:
    from sxl_train.run import size

    out, _, _ = finished
    with pytest.raises(UserError) as problem:
        size.require(out / "release", 1000)
    assert problem.value.exit_code == 1
    assert set(ORDER) >= {"plan", "release"}


def test_a_key_that_an_earlier_version_had_is_refused_with_the_reason() -> None:
    with pytest.raises(UserError) as caught:
        open_recipe("demo", ("distil.quantise_aware=false",))
    found = caught.value.findings[0]
    assert ("U101", "nothing: steps with rounded weights gained nothing") == (found.code, found.expected)


def test_a_misspelt_command_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["evalute", "somewhere"])
    assert "evaluate?" in capsys.readouterr().err
