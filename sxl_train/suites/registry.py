"""The benchmarks by name. A module is imported when one of its names is asked for."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sxl_data.contract.errors import Finding, UserError, error
from sxl_data.contract.nearest import nearest
from sxl_train.config import Recipe
from sxl_train.suites import files
from sxl_train.suites.types import Suite

MODULES = {
    "humaneval": ("humaneval", "humaneval-chat", "humaneval-plus", "humaneval-plus-chat"),
    "mbpp": ("mbpp", "mbpp-chat", "mbpp-sanitized", "mbpp-sanitized-chat", "mbpp-plus", "mbpp-plus-chat"),
    "bigcodebench": ("bigcodebench-hard", "bigcodebench-hard-instruct"),
    "toolsets": ("toolsets",),
    "demo_calls": ("demo-calls",),
    "published": ("seal-tools", "toolalpaca", "api-bank"),
    "gsm8k": ("gsm8k-calculator",),
    "harness": ("mmlu", "mmlu-cloze", "gsm8k"),
    "bfcl": (
        "bfcl",
        "bfcl-simple-python",
        "bfcl-simple-java",
        "bfcl-simple-javascript",
        "bfcl-multiple",
        "bfcl-parallel",
        "bfcl-parallel-multiple",
        "bfcl-irrelevance",
        "bfcl-live-simple",
        "bfcl-live-multiple",
        "bfcl-live-parallel",
        "bfcl-live-parallel-multiple",
        "bfcl-live-irrelevance",
        "bfcl-live-relevance",
    ),
    "bfcl_turns": (
        "bfcl-multi-turn",
        "bfcl-multi-turn-base",
        "bfcl-multi-turn-miss-func",
        "bfcl-multi-turn-miss-param",
        "bfcl-multi-turn-long-context",
    ),
}
"""Module of this package → its suites."""
NAMES = tuple(name for names in MODULES.values() for name in names)


def get(name: str) -> Suite:
    """The suite called ``name``. Raises `UserError` T303 for an unknown one."""
    module = next((module for module, names in MODULES.items() if name in names), None)
    if module is None:
        near = nearest(name, NAMES)
        more = {"fix": f"did you mean {near}?"} if near else {}
        raise error("T303", found=name, expected="one of " + ", ".join(NAMES), **more)
    suites: tuple[Suite, ...] = import_module(f"sxl_train.suites.{module}").SUITES
    return next(suite for suite in suites if suite.name == name)


def find(suite: Suite, data: Path) -> Path | None:
    """The file below ``data`` that a suite reads; None for one that needs none. Raises `UserError` T301."""
    if suite.locate is not None:
        return suite.locate(data)
    return files.find(data, suite.files, suite.name) if suite.files else None


def need(suite: Suite, data: Path) -> None:
    """Raises `UserError` where a suite cannot run with what is below ``data`` and installed."""
    find(suite, data)
    suite.needs(data)


def check_suites(recipe: Recipe) -> list[Finding]:
    """What keeps the suites of a recipe from running: names that are none, files and packages that are not there.
    Their numbers would be missed when all else is done."""
    found: list[Finding] = []
    for name in recipe.evaluate.suites if "evaluate" in recipe.steps else ():
        try:
            need(get(name), files.folder(recipe.evaluate.data))
        except UserError as problem:
            found += problem.findings
    return found
