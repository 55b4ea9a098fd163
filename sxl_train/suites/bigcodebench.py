"""BigCodeBench-Hard (Zhuo and others 2024, arXiv 2406.15877): 148 functions that use many libraries.

``bigcodebench-hard``: the prompt with its docstring is continued; ``bigcodebench-hard-instruct``: the short instruction
by chat. Tests are the published unit tests, in one process with the program (`grade.unit_grader` says what that costs).
Libraries are those of the folder ``bigcodebench-packages`` below the folder of data (``pip install --target``), else
those of this interpreter; a problem whose reference solution does not pass with them is left out, with its reason.
"""

from __future__ import annotations

import json
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from functools import partial
from importlib.machinery import PathFinder
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_data.sandbox.interpreter import Interpreter, find, with_packages
from sxl_train.answers.extraction import assemble, cut
from sxl_train.grade.problems import Problem, imported
from sxl_train.grade.unit_grader import UnitGrader
from sxl_train.run.objects import Object
from sxl_train.suites import files
from sxl_train.suites.code import CodeItem, measure
from sxl_train.suites.score import UNJUDGED
from sxl_train.suites.types import Asker, Options, Outcome, Suite

FILES = ("bigcodebench_hard.json", "BigCodeBench-Hard-*.jsonl", "BigCodeBench-Hard-*.jsonl.gz")
FOLDER = "bigcodebench-packages"
STOPS = ("\ndef ", "\nclass ", "\nimport ", "\nfrom ", "\nassert ", "\nif __name__", "\nprint", "\n```")
FEW = 100
"""Problems that must at least be left; fewer are no BigCodeBench-Hard."""
USED = "numpy pandas matplotlib scikit-learn scipy seaborn requests beautifulsoup4 nltk psutil flask statsmodels pytz"
"""The libraries of most problems."""


def packages(data: Path) -> Path:
    """The folder of the libraries."""
    given = data / FOLDER
    return given if given.is_dir() else Path(sysconfig.get_path("purelib"))


def problem(row: Object) -> Problem:
    """One row of the published file. Raises KeyError for one that lacks a field."""
    return Problem(
        id=row["task_id"],
        reference=f"{row['code_prompt']}\n{row['canonical_solution']}",
        tests=row["test"],
        judged=(row["entry_point"],),
    )


def rows(path: Path) -> Iterator[Object]:
    """The rows of the published file: JSON Lines, or one object of all by their ids."""
    for row in files.rows(path):
        yield from (value for value in row.values()) if "task_id" not in row else (row,)


def items(path: Path, chat: bool) -> list[CodeItem]:
    """The problems of a file. Raises `UserError` T302 for a row that is none."""
    found = []
    for number, row in enumerate(rows(path), 1):
        try:
            made, entry = problem(row), row["entry_point"]
            shown, user = row["complete_prompt"], row["instruct_prompt"]
        except (KeyError, TypeError) as wrong:
            raise error("T302", file=str(path), line=number, found=f"{type(wrong).__name__}: {wrong}") from None
        if chat:
            found.append(CodeItem(problem=made, user=user, program=partial(_chat, row["code_prompt"], entry)))
        else:
            program = partial(_continue, shown, entry)
            found.append(CodeItem(problem=made, prompt=shown, stop=STOPS, program=program))
    return found


def absent(row: Object, folder: Path) -> set[str]:
    """Libraries that a problem uses and ``folder`` lacks."""
    names = imported(f"{row['code_prompt']}\n{row['canonical_solution']}\n{row['test']}")
    tops = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    return {name for name in tops if PathFinder.find_spec(name, [str(folder)]) is None}


def check(data: Path) -> None:
    """Raises `UserError` U402 where so many libraries are missing that few problems are left, U403 where programs
    cannot read them."""
    folder, python = packages(data), find()
    found = with_packages(python, str(folder)) if isinstance(python, Interpreter) else python
    if isinstance(found, str):
        raise error(
            "U403",
            found=found,
            expected="a folder of packages that programs in the sandbox can read",
            fix=f"chmod -R a+rX {folder}, and a+x on the folders above it",
        )
    gone = [absent(row, folder) for row in rows(files.find(data, FILES, "bigcodebench-hard"))]
    left = gone.count(set())
    if left < FEW:
        often = Counter(name for names in gone for name in names).most_common(8)
        raise error(
            "U402",
            found=f"{left} of {len(gone)} problems have their libraries in {folder}; absent most: "
            + ", ".join(f"{name} ({count})" for name, count in often),
            expected="the libraries of BigCodeBench's problems",
            fix=f"pip install --target {data / FOLDER} {USED}",
        )


def _chat(prompt: str, entry: str, text: str) -> str:
    return assemble(prompt, text, entry)


def _continue(prompt: str, entry: str, text: str) -> str:
    return assemble(prompt, text, entry) if text.startswith("```") else prompt + cut(text, STOPS)


def _measure(name: str, chat: bool, ask: Asker, options: Options) -> list[Outcome]:
    path, folder = files.find(options.data, FILES, name), packages(options.data)
    gone = {row["task_id"]: absent(row, folder) for row in rows(path)}
    found = items(path, chat)
    usable = [item for item in found if not gone[item.problem.id]]
    with UnitGrader(str(folder)) as grader:
        judged = measure(name, usable, ask, options, grader)
    return judged + [_left_out(name, item, gone[item.problem.id]) for item in found if gone[item.problem.id]]


def _left_out(name: str, item: CodeItem, gone: set[str]) -> Outcome:
    """No answer is asked for where none could be judged."""
    return Outcome(
        suite=name,
        item=item.problem.id,
        scores={},
        kind=UNJUDGED,
        detail=f"its libraries are not there: {', '.join(sorted(gone))}",
        request=json.dumps(item.prompt or item.user, ensure_ascii=False),
        text="",
    )


def _suite(name: str, title: str, how: str, chat: bool) -> Suite:
    return Suite(
        name=name,
        title=title,
        protocol=f"arXiv 2406.15877: {how}; published unit tests in the program's process, controlled by runs without "
        "its answers; problems whose reference solution fails with the libraries at hand are left out",
        main="pass@1",
        files=FILES,
        needs=check,
        measure=partial(_measure, name, chat),
    )


SUITES = (
    _suite("bigcodebench-hard", "BigCodeBench-Hard, continued", "the complete prompt is continued", False),
    _suite("bigcodebench-hard-instruct", "BigCodeBench-Hard, by chat", "the instruction by chat", True),
)
