"""Finds a set by its name or its file."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_data.contract.own_code import load_own
from sxl_data.toolsets.toolset import Toolset

SETS = "sxl_data.toolsets.sets"


def names() -> list[str]:
    """The sets that ship, in the order of their names."""
    return sorted(module.name for module in pkgutil.iter_modules(import_module(SETS).__path__))


def get(name: str) -> Toolset:
    """The set called ``name``, or the `SET` of the Python file ``name``, whose code runs with all your rights.

    Raises `UserError` U202 for an unknown name or a file without a set, U201 for a file that is not there.
    """
    if not name.endswith(".py"):
        if name not in names():
            expected = "a Python file, or one of " + ", ".join(names())
            raise error("U202", found=name, expected=expected, why="a tool set is named")
        found: Toolset = import_module(f"{SETS}.{name}").SET
        return found
    if not Path(name).is_file():
        raise error("U201", file=name, found="no such file", expected="a Python file that defines SET")
    return _own(name, Path(name).read_bytes())


@cache
def _own(name: str, code: bytes) -> Toolset:
    """The `SET` of a file; a changed file is another one."""
    found: Toolset = load_own(name, "SET", Toolset, "SET, a Toolset")
    return found
