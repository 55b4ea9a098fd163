"""Programs that share a process with their unit tests: honest ones are told from wrong ones and from known tricks."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from sxl_data.sandbox.run import missing
from sxl_train.grade.problems import Problem
from sxl_train.grade.unit_grader import Run, UnitGrader, unusable

pytestmark = pytest.mark.skipif(missing() is not None, reason="no sandbox here")
REFERENCE = "import doubling\ndef task_func(values):\n    if not values:\n        raise ValueError('empty')\n"
REFERENCE += "    return [doubling.twice(v) for v in values]\n"
TESTS = """
import unittest
from unittest.mock import patch
class TestCases(unittest.TestCase):
    def test_values(self):
        self.assertEqual(task_func([1, 2]), [2, 4])
    def test_empty(self):
        with self.assertRaises(ValueError):
            task_func([])
    @patch('doubling.twice', return_value=7)
    def test_patched(self, twice):
        assert task_func([1]) == [7]
"""
PROBLEM = Problem(id="toy", reference=REFERENCE, tests=TESTS, judged=("task_func",))
PROGRAMS = {
    "passed": "import doubling\ndef task_func(values):\n    1 / len(values) if values else int('x')\n"
    "    return [doubling.twice(v) for v in values]\n",
    "wrong": REFERENCE.replace("twice(v)", "twice(v) + 1"),
    "load": "import no_such_module",
    "missing": "def other(): pass",
    "syntax": "def task_func(",
}
CHEATS = {
    "patched checks": "import unittest\nT = unittest.TestCase\nT.assertEqual = T.assertRaises = lambda *a, **k: None\n"
    "def task_func(values): return None",
    "tests that never run": "import unittest\nunittest.TestCase.run = lambda self, result: None\n"
    "def task_func(values): return None",
    "a result that is always good": "import unittest\nunittest.TestResult.wasSuccessful = lambda self: True\n"
    "def task_func(values): return None",
    "patched in the call": "def task_func(values):\n    import unittest\n    T = unittest.TestCase\n"
    "    T.assertEqual = lambda *a: None\n    T._callTestMethod = lambda self, method: None\n    raise ValueError",
    "equal to everything": "class E:\n    def __eq__(s, o): return True\ndef task_func(values):\n"
    "    if not values: raise ValueError\n    return E()",
    "ends the process": "import os\ndef task_func(values): os._exit(0)",
    "another loader": "import unittest\nunittest.defaultTestLoader.loadTestsFromTestCase = lambda c: unittest.TestSuite()\n"
    "def task_func(values): return None",
    "forged answers": 'import os\nfor fd in range(1, 30):\n    try:\n        os.write(fd, b\'{"passed": ["x"]}\')\n'
    "    except OSError: pass\nos._exit(0)",
}


@pytest.fixture(scope="module")
def packages():
    # Not pytest's own folder: that is closed to the user that programs run as where this is run by root.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Path(folder, "doubling.py").write_text("def twice(value):\n    return 2 * value\n")
        yield folder


def test_honest_programs_are_told_apart_and_no_trick_passes(packages):
    jobs = [(PROBLEM, program) for program in (*PROGRAMS.values(), *CHEATS.values())]
    with UnitGrader(packages, seconds=5.0) as grader:
        grades = list(grader.grade(jobs))
    assert [grade.status for grade in grades[: len(PROGRAMS)]] == list(PROGRAMS)
    assert [name for name, grade in zip(CHEATS, grades[len(PROGRAMS) :]) if grade.passed] == []
    assert "AssertionError" in grades[1].detail


def test_problems_that_cannot_be_judged_here_say_why(packages):
    absent = Problem(id="a", reference="import no_such_module\n" + REFERENCE, tests=TESTS, judged=("task_func",))
    empty = TESTS.replace("task_func([1, 2]), [2, 4]", "1, 1").replace("task_func([])", "raise ValueError")
    nothing = Problem(
        id="b", reference=REFERENCE, tests=empty.replace("task_func([1]) == [7]", "1"), judged=("task_func",)
    )
    with UnitGrader(packages, seconds=5.0) as grader:
        found = list(grader.grade([(absent, REFERENCE), (nothing, REFERENCE)]))
    assert [grade.status for grade in found] == ["broken", "broken"]
    assert "no_such_module" in found[0].detail and "pass without it" in found[1].detail
    held = Run(passed=frozenset("ab"), tests=3, detail="c: AssertionError")
    assert "2 of 3 tests" in unusable({"whole": held, "discarded": Run(), "absent": Run()})
