"""HumanEval (Chen and others 2021, arXiv 2107.03374): 164 functions to write from signature and docstring.

``humaneval``: the prompt is continued, as its authors do, up to the first of their five stops. ``humaneval-chat``: the
prompt goes into one message, in the words of EvalPlus, and the program is taken from the answer. ``humaneval-plus``:
EvalPlus' many inputs (arXiv 2305.01210), where its file is given; the reference solution says what is expected.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_train.answers.extraction import assemble, cut
from sxl_train.grade.codec import encode
from sxl_train.grade.problems import Problem
from sxl_train.run.objects import Object
from sxl_train.suites import files
from sxl_train.suites.code import CodeItem, measure
from sxl_train.suites.types import Asker, Options, Outcome, Suite

FILES = ("HumanEval.jsonl.gz", "HumanEval.jsonl")
PLUS_FILES = (
    "HumanEvalPlus.jsonl.gz",
    "HumanEvalPlus.jsonl",
    "HumanEvalPlus-v0.1.10.jsonl.gz",
    "HumanEvalPlus-v0.1.10.jsonl",
)
STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
CHAT = (
    "Please provide a self-contained Python script that solves the following problem in a markdown code block:\n"
    "```python\n{prompt}\n```"
)


def problem(row: Object) -> Problem:
    """One row of the published file. Raises KeyError for one that lacks a field."""
    entry = row["entry_point"]
    return Problem(
        id=row["task_id"],
        reference=row["prompt"] + row["canonical_solution"],
        tests=f"{row['test']}\ncheck({entry})",
        judged=(entry,),
    )


def plus_problem(row: Object) -> Problem:
    """One row of HumanEval+."""
    rule: Object = {"tolerance": row["atol"]}
    if row["entry_point"] == "find_zero":
        rule["kind"] = "root"
    return Problem(
        id=row["task_id"],
        reference=row["prompt"] + row["canonical_solution"],
        judged=(row["entry_point"],),
        inputs=tuple(encode(given) for given in [*row["base_input"], *row["plus_input"]]),
        rule=rule,
    )


def continued(prompt: str, text: str, entry: str) -> str:
    """The program of a continuation; one that begins with a fence holds a whole one."""
    return assemble(prompt, text, entry) if text.startswith("```") else prompt + cut(text, STOPS)


def items(path: Path, chat: bool, plus: bool) -> list[CodeItem]:
    """The problems of a file. Raises `UserError` T302 for a row that is none of HumanEval."""
    found = []
    for number, row in enumerate(files.rows(path), 1):
        try:
            made = plus_problem(row) if plus else problem(row)
            prompt, entry = row["prompt"], row["entry_point"]
            also = problem(row) if plus and "test" in row else None
        except (KeyError, TypeError, ValueError) as wrong:
            raise error("T302", file=str(path), line=number, found=f"{type(wrong).__name__}: {wrong}") from None
        if chat:
            user = CHAT.format(prompt=prompt.strip())
            found.append(CodeItem(problem=made, user=user, also=also, program=partial(_chat, prompt, entry)))
        else:
            program = partial(_continue, prompt, entry)
            found.append(CodeItem(problem=made, prompt=prompt, stop=STOPS, also=also, program=program))
    return found


def _chat(prompt: str, entry: str, text: str) -> str:
    return assemble(prompt, text, entry)


def _continue(prompt: str, entry: str, text: str) -> str:
    return continued(prompt, text, entry)


def _measure(name: str, names: tuple[str, ...], chat: bool, plus: bool, ask: Asker, options: Options) -> list[Outcome]:
    return measure(name, items(files.find(options.data, names, name), chat, plus), ask, options)


def _suite(name: str, title: str, how: str, chat: bool = False, plus: bool = False) -> Suite:
    names = PLUS_FILES if plus else FILES
    return Suite(
        name=name,
        title=title,
        protocol=how,
        main="pass@1",
        files=names,
        measure=partial(_measure, name, names, chat, plus),
    )


_COMPLETED = "arXiv 2107.03374: the prompt is continued, stops " + " ".join(repr(stop) for stop in STOPS)
_ASKED = "EvalPlus' instruction in one message; the first Python block that defines the function"
SUITES = (
    _suite("humaneval", "HumanEval, continued", _COMPLETED),
    _suite("humaneval-chat", "HumanEval, by chat", _ASKED, chat=True),
    _suite("humaneval-plus", "HumanEval+, continued", f"{_COMPLETED}; EvalPlus' inputs", plus=True),
    _suite("humaneval-plus-chat", "HumanEval+, by chat", f"{_ASKED}; EvalPlus' inputs", chat=True, plus=True),
)
