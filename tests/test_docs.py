"""The README is run: every fenced command works as written, from the top of a checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(language, info.strip(), body) for language, info, body in FENCE.findall(README)]


def commands(info: str) -> list[str]:
    bodies = [body for language, mark, body in BLOCKS if language == "bash" and mark == info]
    return [line for body in bodies for line in body.splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the top of a checkout; the commands of one block need those before it."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("recipes", "schemas"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def test_the_readme_is_short_and_has_the_three_doors():
    assert len(README.splitlines()) <= 250
    assert 3 == len(re.findall(r"^## Door \d", README, re.MULTILINE))


def test_every_command_of_the_readme_works(checkout: Path):
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUTF8": "1",
        "HF_HUB_OFFLINE": "1",
    }
    assert commands("")
    for line in commands(""):
        done = subprocess.run(
            line, shell=True, cwd=checkout, capture_output=True, text=True, env=environment, encoding="utf-8"
        )
        assert done.returncode == 0, f"$ {line}\n{done.stdout[-1500:]}{done.stderr[-3000:]}"


def test_commands_left_to_ci_are_run_there():
    runs = [(ROOT / name).read_text(encoding="utf-8") for name in (".github/workflows/test.yml", ".ci/run")]
    assert ["make demo", "make test"] == commands("ci")
    for line in commands("ci"):
        assert any(line in text for text in runs), line


def test_every_yaml_block_is_a_recipe(tmp_path: Path):
    from sxl_data.build.recipe import read

    recipes = [body for language, _, body in BLOCKS if language == "yaml"]
    assert recipes
    for number, body in enumerate(recipes):
        path = tmp_path / f"{number}.yaml"
        path.write_text(body, encoding="utf-8")
        assert read(str(path))[0].value.sources


def test_relative_links_lead_somewhere():
    broken = [t for t in re.findall(r"\]\(([^)#:]+)\)", README) if not (ROOT / t).exists()]
    assert broken == []


def test_every_figure_names_a_script_that_is_there():
    results = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|.*\| ([^|]+) \|$", README.partition("## Measured")[2], re.MULTILINE)[2:]
    heads = re.findall(r"^## .* — (.+)$", results, re.MULTILINE)
    assert len(rows) > 10 and len(heads) > 10
    for name in re.findall(r"`([^`]+)`", " ".join((*rows, *heads))):
        script = ROOT / "benchmarks" / name
        assert script.is_file() or (script / "__main__.py").is_file(), name


TUTORIALS = sorted((ROOT / ".github" / "tutorials").glob("*.md"))


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=[path.stem for path in TUTORIALS])
def test_every_tutorial_works_from_an_empty_folder(tutorial: Path, tmp_path: Path):
    """Blocks marked slow want weights and minutes; their recipes and flags are read all the same."""
    for language, info, body in FENCE.findall(tutorial.read_text(encoding="utf-8")):
        mark = info.strip()
        if mark.startswith("file="):
            path = tmp_path / mark.removeprefix("file=")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")
        elif language == "bash":
            for line in body.splitlines():
                answer = run_here(line, tmp_path) if mark != "slow" else 0
                assert answer == 0 or (" validate " in line and answer == 1), line


def run_here(line: str, folder: Path) -> int:
    """The exit code of one line; commands of sxl run in this process, which has loaded it already."""
    import shlex

    from sxl_data.cli import run

    words = shlex.split(line)
    here = Path.cwd()
    os.chdir(folder)
    try:
        if words[0] == "sxl-data" and ">" not in words:
            return run([*words[1:], *(["engine.kind=inline"] if words[1] == "build" else [])])
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        return subprocess.run(line, shell=True, capture_output=True, env=environment).returncode
    finally:
        os.chdir(here)


def test_the_site_has_no_dead_link(tmp_path: Path):
    done = subprocess.run([sys.executable, ROOT / ".ci" / "docs.py", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "keys" / "data" / "dedup.threshold.html").read_text(encoding="utf-8")
    assert "0.7" in page and "dedup.threshold.md" in page
    assert "keys-train.md" in (tmp_path / "llms.txt").read_text(encoding="utf-8")
    licences = (tmp_path / "licences.md").read_text(encoding="utf-8")
    for name in ("numpy", "pyarrow", "msgspec"):
        assert re.search(rf"^\| {name} \| [\d.]+ \| .*\w.* \| `base` \|$", licences, re.MULTILINE), name


def test_the_table_of_formats_is_complete():
    from sxl_data.read.known import known_formats

    section = README.partition("## Formats")[2].partition("## Measured")[0]
    named = set(re.findall(r"`(\w+)`", section.partition("Files may be")[0])) - {"format"}
    assert set(known_formats()) == named


def test_the_python_of_the_readme_is_the_source_that_init_writes(tmp_path: Path):
    import sxl_data

    sxl_data.init(tmp_path / "new")
    (code,) = [body for language, _, body in BLOCKS if language == "python" and "FORMAT" in body]
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    from sxl_data.trace.format import Document, Origin

    row = {"ask": "2 + 2?", "working": "two and two", "reply": "4"}
    (reading,) = names["FORMAT"].read(Document(file="toy", value=row), Origin(source="toy"))
    assert ["Observe", "Reflect", "Act"] == [type(step).__name__ for step in reading.trace.steps]
    assert len(code.splitlines()) < 30
