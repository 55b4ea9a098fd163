"""What the benchmarks take from the packages is there, and every script finds the harness."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "benchmarks").rglob("*.py"))


def defined(module: str) -> set[str]:
    """The names at the top of a module of ours, and its submodules."""
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    inner = {item.stem for item in path.iterdir()} if path.is_dir() else set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inner.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            inner |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            inner.add(node.id)
        elif isinstance(node, ast.Dict) and path.is_dir():  # doors that are opened by name
            inner |= {key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return inner


@pytest.mark.parametrize("script", SCRIPTS, ids=[path.relative_to(ROOT).as_posix() for path in SCRIPTS])
def test_what_a_benchmark_imports_of_ours_exists(script: Path):
    taken = [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sxl_")
        for alias in node.names
    ]
    assert [] == [f"{module}.{name}" for module, name in taken if name not in defined(module or "")]
