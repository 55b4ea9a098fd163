"""Edits and items that the rules of decontamination were not tuned on: each was written once and left as it was."""

from __future__ import annotations

import ast
import html
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from decontaminate_edits import Edit, _own_names, _Rename, _without_docstrings, items_of, renamed

from sxl_data.decontaminate.items import description, strings
from sxl_data.decontaminate.ship import BENCHMARKS

NAMES = (
    "acc answer best box bucket chunk current data entry flag head index kind left line mark memo node other part pick "
    "point prev queue rest result right row seen side size stack start state step tail temp text token top total value"
).split()


def method_of_a_class(code: str, rng: random.Random) -> str:
    """In `class Solution`, with self, the first function's name in camel case, the docstring kept."""
    tree = ast.parse(code)
    first = [node for node in tree.body if isinstance(node, ast.FunctionDef)][-1]
    name = first.name
    first.args.args.insert(0, ast.arg("self"))
    head, *tail = name.split("_")
    text = re.sub(rf"\b{re.escape(name)}\b", head + "".join(map(str.title, tail)), ast.unparse(tree))
    return "class Solution:\n" + "\n".join("    " + line for line in text.split("\n"))


def instruction_and_answer(code: str, rng: random.Random) -> str:
    """What the docstring says as the instruction; the code without docstring and annotations as the answer."""
    tree = ast.parse(code)
    _without_docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return f"### Instruction:\n{description(code)}\n\n### Response:\n```python\n{ast.unparse(tree)}\n```\n"


def of_a_web_page(code: str, rng: random.Random) -> str:
    """Escaped as HTML, lines ended by CR LF, two blanks where four were."""
    return html.escape(code.replace("    ", "  ")).replace("\n", "\r\n")


def numbered_lines(code: str, rng: random.Random) -> str:
    return "\n".join(f"{number:>4} | {line}" for number, line in enumerate(code.split("\n"), 1))


def as_a_patch(code: str, rng: random.Random) -> str:
    lines = code.split("\n")
    return f"--- /dev/null\n+++ b/f.py\n@@ -0,0 +1,{len(lines)} @@\n" + "\n".join("+" + line for line in lines)


def comment_above(code: str, rng: random.Random) -> str:
    """The docstring as a comment before the function, whose names are other ones."""
    tree = ast.parse(code)
    _without_docstrings(tree)
    said = "\n".join(f"# {line.strip()}" for line in description(code).split("\n"))
    return f"{said}\n{ast.unparse(_Rename(_own_names(tree)).visit(tree))}"


def words_dropped(code: str, rng: random.Random) -> str:
    """Every fifth word of the docstring gone, drawn at random, and all names other ones."""

    def fewer(match: re.Match[str]) -> str:
        return re.sub(r"[A-Za-z]{2,}", lambda word: "" if rng.random() < 0.2 else word[0], match[0])

    return re.sub(r'(?s)""".*?"""|\'\'\'.*?\'\'\'', fewer, renamed(code, rng))


def renamed_into_words(code: str, rng: random.Random) -> str:
    """Names that programmers give, in the docstring as well."""
    names = sorted(_own_names(ast.parse(code)), key=len, reverse=True)
    new = dict(zip(names, rng.sample(NAMES, min(len(names), len(NAMES)))))
    return re.sub(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b", lambda m: new.get(m[0], m[0]), code)


EDITS: dict[str, Edit] = {
    "method of a class": method_of_a_class,
    "instruction and answer": instruction_and_answer,
    "of a web page": of_a_web_page,
    "numbered lines": numbered_lines,
    "as a patch": as_a_patch,
    "comment above, renamed": comment_above,
    "words dropped, renamed": words_dropped,
    "renamed into words": renamed_into_words,
}


def fresh(data: Path) -> dict[str, list[str]]:
    """Edit → the items of HumanEval under it."""
    rng = random.Random(12)
    items = ["".join(item) for item in items_of(data)]
    return {name: [edit(code, rng) for code in items] for name, edit in EDITS.items()}


def every_set(data: Path) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Name of a benchmark → its items as they are, on one line in capitals, and as a string inside of JSON."""
    for name, (read, fields) in BENCHMARKS.items():
        said = ["\n".join(text for field in fields for text in strings(record.get(field))) for record in read(data)]
        said = [text for text in said if text.strip()]
        yield (
            name,
            {
                "verbatim": said,
                "one line, capitals": [re.sub(r"\s+", " ", text).upper() for text in said],
                "as JSON": [json.dumps(text) for text in said],
            },
        )
