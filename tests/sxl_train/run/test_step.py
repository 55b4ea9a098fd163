from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sxl_train
from sxl_train.run.uses import MODULES

ROOT = Path(sxl_train.__file__).parents[1]  # a checkout, or where the wheel was installed
KEYS = """
import json
from pathlib import Path
from sxl_train.run.uses import USES
from sxl_train.run.recipes import open_recipe
from sxl_train.run.step import Context, make_key
recipe = open_recipe("demo", ())[1].value
here = Path("nowhere")
print(json.dumps({step: make_key(Context(recipe, {}, step, "demo", here, here), "before", "data") for step in USES}))
"""


class Copy:
    """A copy of the code whose files are changed one after another, and the keys of its steps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__", "*.parquet")
        for place in (ROOT / "sxl_data", ROOT / "sxl_train", Path(__file__).parents[3] / "recipes"):
            shutil.copytree(place, folder / place.name, ignore=ignored)
        self.keys = make_keys(folder)

    def changed(self, *names: str) -> set[str]:
        """The steps that another word in each of the files ``names`` asks for again."""
        for name in names:
            path = self.folder / "sxl_train" / name
            path.write_text(path.read_text(encoding="utf-8") + "\n# another word\n", encoding="utf-8")
        before, self.keys = self.keys, make_keys(self.folder)
        return {step for step in before if before[step] != self.keys[step]}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("copy"))


def make_keys(folder: Path) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", KEYS],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    keys: dict[str, str] = json.loads(done.stdout)
    return keys


def test_what_shows_or_steers_a_run_redoes_no_step(copy: Copy) -> None:
    front = ("summary.py", "recipe.py", "sweep.py", "preflight.py", "timing.py", "schemas.py", "__main__.py")
    assert set() == copy.changed(*front, "config.py", "run/step.py", "run/recipes.py")


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("tune/trainer.py", {"tune"}),
        ("prune/search.py", {"prune"}),
        ("distil/align.py", {"distil"}),
        ("quantise/step.py", {"quantise"}),
        ("answers/markup.py", {"evaluate"}),
        ("release/card.py", {"release"}),
        ("recovery/loop.py", {"prune", "distil"}),
        ("storage/blocks.py", {"quantise", "release"}),
        ("plan/choose.py", {"plan", "prune", "quantise", "release"}),
        ("data/templates/sxl.jinja", set(MODULES) - {"plan", "release"}),
    ],
)
def test_a_file_redoes_the_steps_that_import_it_and_no_other(copy: Copy, name: str, again: set[str]) -> None:
    assert again == copy.changed(name)
