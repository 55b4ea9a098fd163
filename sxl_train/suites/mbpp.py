"""MBPP (Austin and others 2021, arXiv 2108.07732): short functions from one sentence and three asserts.

``mbpp``: the 500 test problems (ids 11 to 510), three examples before each (ids 2 to 4), in the authors' words.
``mbpp-sanitized``: of the 427 that were checked by hand, those among the 500. ``mbpp-plus``: EvalPlus' 399 with many
inputs. Each also by chat (``-chat``): task and tests in one message, no examples.
"""

from __future__ import annotations

import ast
from functools import partial
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_train.answers.extraction import assemble, cut
from sxl_train.grade.codec import encode
from sxl_train.grade.problems import Problem, defined, used
from sxl_train.run.objects import Object
from sxl_train.suites import files
from sxl_train.suites.code import CodeItem, measure
from sxl_train.suites.shapes import shape_of, shaped, with_complex
from sxl_train.suites.types import Asker, Options, Outcome, Suite

FULL, SANITIZED = ("mbpp.jsonl",), ("sanitized-mbpp.json",)
PLUS = ("MbppPlus-v0.1.0.jsonl", "MbppPlus-v0.2.0.jsonl", "MbppPlus.jsonl", "MbppPlus.jsonl.gz")
TEST = range(11, 511)
EXAMPLES = (2, 3, 4)
STOPS = ("[DONE]",)
ASKED = (
    "You are an expert Python programmer, and here is your task: {text} Your code should pass these tests:\n\n{tests}\n"
)
CHAT = (
    "Please provide a self-contained Python script that solves the following problem in a markdown code block:\n"
    '```\n"""\n{text}\n{tests}\n"""\n```'
)
_SETS = ("similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly", "larg_nnum")
_MORE_SETS = ("intersection_array", "find_dissimilar", "Diff")
_RULES: dict[str, Object] = {
    **{name: {"kind": "set"} for name in (*_SETS, *_MORE_SETS)},
    **{name: {"kind": "truth"} for name in ("check_str", "text_match_three", "text_starta_endb")},
    "are_equivalent": {"kind": "any"},
    "sum_div": {"also": ["zero"]},
    "surface_Area": {"also": ["pyramid"]},
    "digit_distance_nums": {"also": ["digits"]},
}
"""Where EvalPlus asks for less than an equal answer, by the name of the function."""


def problem(row: Object) -> Problem:
    """One row of the full or the sanitized file. Raises KeyError or SyntaxError for one that is none."""
    tests = "\n".join([*row.get("test_imports", ()), *row["test_list"]])
    setup = row.get("test_setup_code", "")
    given = used(tests) & defined(setup)
    return Problem(
        id=str(row["task_id"]),
        reference=row["code"],
        tests=tests,
        judged=tuple(sorted(used(tests) & defined(row["code"]) - given)),
        given=tuple(sorted(given)),
        setup=setup,
    )


def plus_problem(row: Object) -> Problem:
    """One row of MBPP+. Its inputs are JSON; which lists are tuples or sets is seen in the row's own asserts."""
    entry = row["entry_point"]
    given = [*row["base_input"], *row["plus_input"]]
    shapes = with_complex(shape_of(row["assertion"], entry), given)
    inputs = [shaped(each, shapes) for each in given]
    return Problem(
        id=row["task_id"],
        reference=row["canonical_solution"],
        judged=(entry,),
        inputs=tuple(encode(each) for each in inputs),
        rule=_RULES.get(entry, {}) | {"tolerance": row["atol"]},
    )


def entry_of(row: Object, made: Problem) -> str:
    """The function that is asked for: the one that the first assert calls."""
    for node in ast.walk(ast.parse(row["test_list"][0])):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in made.judged:
            return node.func.id
    return made.judged[0] if made.judged else ""


def _examples(rows: list[Object]) -> str:
    """Solved problems, as the paper shows them before the one to be solved."""
    by_id = {row["task_id"]: row for row in rows}
    shown = [by_id[number] for number in EXAMPLES if number in by_id]
    return "".join(f"{_asked(row)}[BEGIN]\n{row['code'].strip()}\n[DONE]\n\n" for row in shown)


def _asked(row: Object) -> str:
    return ASKED.format(text=(row.get("text") or row["prompt"]).strip(), tests="\n".join(row["test_list"]))


def items(path: Path, chat: bool) -> list[CodeItem]:
    """The test problems of the full or the sanitized file. Raises `UserError` T302 for a row that is no problem."""
    rows = list(files.rows(path))
    found = []
    try:
        before = "" if chat else _examples(rows)
        for row in rows:
            if row["task_id"] not in TEST:
                continue
            made = problem(row)
            entry = entry_of(row, made)
            if chat:
                text = (row.get("text") or row["prompt"]).strip()
                user = CHAT.format(text=text, tests="\n".join(row["test_list"]))
                found.append(CodeItem(problem=made, user=user, program=partial(_chat, "", entry)))
            else:
                prompt = before + _asked(row) + "[BEGIN]\n"
                found.append(CodeItem(problem=made, prompt=prompt, stop=STOPS, program=partial(_continue, entry)))
    except (KeyError, TypeError, ValueError, SyntaxError, AttributeError) as wrong:
        raise error("T302", file=str(path), found=f"{type(wrong).__name__}: {wrong}") from None
    return found


def plus_items(path: Path, chat: bool) -> list[CodeItem]:
    """The problems of MBPP+. Raises `UserError` T302 for a row that is none."""
    found = []
    for number, row in enumerate(files.rows(path), 1):
        try:
            made, prompt, entry = plus_problem(row), row["prompt"], row["entry_point"]
            reference = row["canonical_solution"]
        except (KeyError, TypeError, ValueError, SyntaxError) as wrong:
            raise error("T302", file=str(path), line=number, found=f"{type(wrong).__name__}: {wrong}") from None
        asserts = Problem(id=made.id + "/original", reference=reference, tests=row["assertion"], judged=(entry,))
        user = f"{CHAT.partition('```')[0]}```\n{prompt.strip()}\n```" if chat else None
        found.append(
            CodeItem(
                problem=made,
                user=user,
                prompt=None if chat else prompt,
                stop=() if chat else ('\n"""', "\nassert", "\nprint", "\nif __name__", "\n#"),
                program=partial(_chat, "", entry) if chat else partial(_continue, entry),
                also=asserts,
            )
        )
    return found


def _chat(prompt: str, entry: str, text: str) -> str:
    return assemble(prompt, text, entry)


def _continue(entry: str, text: str) -> str:
    return assemble("", text, entry) if text.lstrip().startswith("```") else cut(text, STOPS)


def _measure(name: str, names: tuple[str, ...], chat: bool, ask: Asker, options: Options) -> list[Outcome]:
    path = files.find(options.data, names, name)
    return measure(name, plus_items(path, chat) if names is PLUS else items(path, chat), ask, options)


def _suite(name: str, title: str, names: tuple[str, ...], chat: bool) -> Suite:
    shots = "no examples, EvalPlus' instruction" if chat else "arXiv 2108.07732: three examples, stop [DONE]"
    if names is PLUS:
        shots = "EvalPlus' instruction" if chat else "EvalPlus' prompt is continued"
    return Suite(
        name=name + ("-chat" if chat else ""),
        title=f"{title}, {'by chat' if chat else 'continued'}",
        protocol=shots + ("; inputs of EvalPlus, the reference says what is expected" if names is PLUS else ""),
        main="pass@1",
        files=names,
        measure=partial(_measure, name + ("-chat" if chat else ""), names, chat),
    )


SUITES = tuple(
    _suite(name, title, names, chat)
    for name, title, names in (
        ("mbpp", "MBPP, 500 test problems", FULL),
        ("mbpp-sanitized", "MBPP sanitized, test problems", SANITIZED),
        ("mbpp-plus", "MBPP+", PLUS),
    )
    for chat in (False, True)
)
