"""The shape of the repository: what lies at the top, who may import whom, what starts fast."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP = {
    "pyproject.toml",
    "sxl_data",
    "sxl_train",
    "recipes",
    "schemas",
    "tests",
    "benchmarks",
    "README.md",
    "LICENSE",
    "CITATION.cff",
    "Makefile",
    "llms.txt",
}


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    if not names:
        pytest.skip("not a checkout")
    return [Path(name) for name in names.decode().split("\0") if name]


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def test_the_top_holds_what_it_should_and_nothing_else():
    assert {path.parts[0] for path in tracked() if not path.parts[0].startswith(".")} == TOP


def test_the_layers_hold():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_the_code_is_clean():
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_formatter_formats_and_no_line_escapes_it():
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--check", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:]
    mark = "# fmt: " + "skip"
    assert [str(p) for p in tracked() if p.suffix == ".py" and mark in (ROOT / p).read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("name", ["sxl_train/recipe.py", "sxl_train/config.py"])
def test_planning_a_training_run_needs_no_torch(name: str):
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    top = {alias.name.partition(".")[0] for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    top |= {(node.module or "").partition(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert not top & {"torch", "transformers", "trl", "peft"}


@pytest.mark.parametrize("module", ["sxl_data", "sxl_data.cli", "sxl_data.pipeline", "sxl_train.recipe"])
def test_importing_loads_no_torch(module: str):
    heavy = {"torch", "transformers", "trl", "peft"}
    code = f"import sys, {module}; bad = {heavy!r} & set(sys.modules); assert not bad, bad"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize("module", ["sxl_data", "sxl_train.recipe"])
def test_help_loads_nothing_heavy(module: str):
    heavy = {"numpy", "pyarrow", "polars", "torch", "datasets", "numba"}
    code = (
        f"import sys, runpy; sys.argv=['x','--help']\n"
        f"try: runpy.run_module('{module}', run_name='__main__')\n"
        f"except SystemExit: pass\n"
        f"bad = {heavy!r} & set(sys.modules); assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", ["sxl_data", "sxl_train"])
def test_every_module_says_what_it_is_for(package: str):
    silent = [str(p) for p in modules(package) if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]
    assert silent == []


def test_recipes_are_short():
    long = [p.name for p in (ROOT / "recipes" / "train").glob("*.yaml") if len(p.read_text().splitlines()) > 25]
    assert long == []


def test_no_file_names_a_machine_path_or_holds_a_secret():
    import re

    from sxl_data.secrets.find import find

    bad = []
    for name in tracked():
        path = ROOT / name
        # Tests and the examples of the validator's codes show made-up ones on purpose.
        if (
            path.suffix in (".parquet", ".gz")
            or "test" in path.name
            or "examples" in name.parts
            or name.name in ("planted.py", "look_alikes.txt", "codes.md")  # of the benchmark; the examples as a page
            or not path.is_file()
        ):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if re.search(r"/(?:home|Users|root)/[a-z]\w+/", text) and "samples" not in name.parts:
            bad.append(f"{name}: machine path")
        # The documentation's passwords are made up.
        bad += [f"{name}: {hit.kind}" for hit in find(text.encode("utf-8")) if hit.rank == 0]
    assert bad == []


def test_nothing_is_printed_past_the_console():
    """`say` and `tell` escape what acts on a terminal; tools of developers and what runs inside a sandbox print their own words."""
    own = {"console.py", "schema.py", "schemas.py", "gguf_check.py", "launcher.py", "dangers.py"}
    past = [
        f"{path.relative_to(ROOT)} line {node.lineno}"
        for package in ("sxl_data", "sxl_train")
        for path in modules(package)
        if path.name not in own
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert past == []


# Engines that backtrack or compare everything with everything. Whoever needs one for our own text says so here.
SUPERLINEAR = {"re", "regex", "sre_compile", "difflib"}
OWN_TEXT = {
    "sxl_data/contract/alignment.py": "counts difflib's work and stops it",
    "sxl_train/agent/inside.py": "runs in the sandbox only, which ends it after its time",
    "sxl_data/contract/nearest.py": "words of at most 64 characters, against names of ours",
    "sxl_data/view/explain.py": "examples of ours",
    "sxl_data/contract/arguments.py": "words of the command line and of argparse",
}


def imported(path: Path) -> set[str]:
    """The top names of all modules that a file imports, wherever in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {a.name.partition(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    return found | {
        (n.module or "").partition(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and not n.level
    }


def test_foreign_text_meets_linear_time_engines_only():
    users = {
        path.relative_to(ROOT).as_posix()
        for package in ("sxl_data", "sxl_train")
        for path in modules(package)
        if imported(path) & SUPERLINEAR
    }
    assert OWN_TEXT.keys() == users


def test_the_linear_engine_is_google_re2():
    from sxl_data.contract import patterns

    assert "re2" in type(patterns.compile("a")._compiled).__module__


def test_schemas_are_compiled_where_patterns_are_bounded():
    users = {
        path.relative_to(ROOT).as_posix()
        for package in ("sxl_data", "sxl_train")
        for path in modules(package)
        if "jsonschema_rs" in imported(path)
    }
    assert {"sxl_data/rules/arguments.py", "sxl_data/rules/schema_checker.py"} == users
