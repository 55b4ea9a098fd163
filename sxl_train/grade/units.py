"""Inside a box: a program and the unit tests that are published with it, in one process, as they are meant to run.

Tests that patch modules, look at figures or read files cannot be asked from another process, so the program shares
theirs and could talk to them. Three runs, each in a process of its own, tell: as it is; with its answers thrown away
(``discarded``: the function is called, an object of no use is returned); with the function not called at all
(``absent``). On stdin: packages, modules to import before, program, tests, the function's name, seconds. On stdout,
after a mark: by run, the names of the tests that pass.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import json
import os
import sys
import types
import unittest
from contextlib import suppress
from typing import Any

from sxl_train.grade.child import in_a_child

MARK = "\n\x01sxl-units "
RUNS = ("whole", "discarded", "absent")


def run(task: dict[str, Any], how: str) -> dict[str, Any]:
    """The tests that pass, of how many."""
    module: Any = types.ModuleType("__test__")
    names = module.__dict__
    names.update(__builtins__=builtins, __file__="__test__.py", sys=sys, os=os, environ=os.environ)
    sys.modules["__test__"] = module
    try:
        exec(compile(task["program"], "program", "exec"), names)
    except BaseException as problem:
        return {"failed": "syntax" if isinstance(problem, SyntaxError) else "load", "detail": _say(problem)}
    entry = task["entry"]
    if entry not in names:
        return {"failed": "missing", "detail": f"the program defines no {entry}"}
    equal: set[str] = set()
    names[entry] = _held(names[entry], how, names, equal)
    exec(compile(task["tests"], "tests", "exec"), names)
    loaded: list[Any] = list(unittest.defaultTestLoader.loadTestsFromTestCase(names["TestCases"]))
    passed, failed = [], ""
    for test in loaded:
        result = unittest.TestResult()
        test.run(result)
        if result.wasSuccessful() and not result.skipped:
            passed.append(test.id())
        elif not failed:
            _, said = [*result.failures, *result.errors, (None, "skipped")][0]
            failed = f"{test.id().rpartition('.')[2]}: {said.strip().splitlines()[-1]}"[:400]
    return {"passed": passed, "tests": len(loaded), "detail": failed, "equal": sorted(equal)}


def _held(function: Any, how: str, names: dict[str, Any], equal: set[str]) -> Any:
    """``function`` as the run wants it; ``equal`` takes in classes that it returns and whose equality is its own."""

    @functools.wraps(function)
    def held(*args: Any, **kwargs: Any) -> Any:
        if how == "absent":
            return object()
        found = function(*args, **kwargs)
        if how == "discarded":
            return object()
        inner = list(found.values()) if type(found) is dict else list(found) if type(found) in (list, tuple) else []
        for value in [found, *inner]:
            if getattr(type(value).__eq__, "__globals__", None) is names:
                equal.add(type(value).__name__)
        return found

    return held


def _say(problem: BaseException) -> str:
    try:
        return f"{type(problem).__name__}: {problem}"[:400]
    except BaseException:
        return "an exception without words"


def main() -> None:
    """Answer what stands on stdin."""
    task = json.loads(sys.stdin.buffer.read())
    sys.path.append(task["packages"])
    for name in ("OPENBLAS", "OMP", "MKL", "NUMEXPR"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
    os.environ["MPLBACKEND"] = "Agg"
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for name in task["modules"]:  # once for all runs: a fork has them already
        with suppress(Exception):
            importlib.import_module(name)
    answers = {how: in_a_child(lambda how=how: run(task, how), task["seconds"]) for how in RUNS}
    with os.fdopen(out, "w", encoding="ascii") as file:
        file.write(MARK + json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
