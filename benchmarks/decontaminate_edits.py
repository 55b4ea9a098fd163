"""Items of HumanEval, edited as they are found in the wild: what a row of a training set holds of a benchmark."""

from __future__ import annotations

import ast
import builtins
import gzip
import json
import keyword
import random
import re
from collections.abc import Callable
from pathlib import Path

Edit = Callable[[str, random.Random], str]

FILLER = (
    '"""Small functions for lists and texts."""\n\nimport os\nimport sys\n\n\n'
    "class Settings:\n    path = os.getcwd()\n\n\n"
)


class _Rename(ast.NodeTransformer):
    """Every function, argument and local variable under another name."""

    def __init__(self, names: set[str]) -> None:
        self.new = {name: f"{'fgh'[k % 3]}_{chr(97 + k % 26)}{k}" for k, name in enumerate(sorted(names))}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.new.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self.new.get(node.arg, node.arg)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.new.get(node.name, node.name)
        return self.generic_visit(node)


def _own_names(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return {name for name in found if name not in dir(builtins) and not keyword.iskeyword(name)}


def verbatim(code: str, rng: random.Random) -> str:
    return code


def reformatted(code: str, rng: random.Random) -> str:
    """Unparsed and parsed: other blank lines, quotes, parentheses and line breaks; docstrings stay."""
    return ast.unparse(ast.parse(code)).replace("    ", "\t")


def comments_stripped(code: str, rng: random.Random) -> str:
    return re.sub(r"(?m)^\s*#[^\n]*\n|[ \t]+#[^\n\"']*$", "", code)


def renamed(code: str, rng: random.Random) -> str:
    """Every own name another one, in the docstring and its examples as well, as an editor renames."""
    names = _own_names(ast.parse(code))
    new = _Rename(names).new
    return re.sub(
        r"\b(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + r")\b", lambda m: new[m[0]], code
    )


def renamed_in_code(code: str, rng: random.Random) -> str:
    """As `renamed`, and the docstring keeps the old names."""
    return ast.unparse(_Rename(_own_names(ast.parse(code))).visit(ast.parse(code)))


def _without_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None and len(node.body) > 1:
            node.body = node.body[1:]


def renamed_only_code(code: str, rng: random.Random) -> str:
    """Renamed, and no docstring at all."""
    tree = ast.parse(code)
    _without_docstrings(tree)
    return ast.unparse(_Rename(_own_names(tree)).visit(tree))


def without_doctest(code: str, rng: random.Random) -> str:
    lines, inside = [], False
    for line in code.split("\n"):
        bare = line.strip()
        if bare.startswith(">>>"):
            inside = True
            continue
        if inside and bare and not bare.startswith(('"""', "'''")) and not bare.startswith(("def ", "return ")):
            continue
        inside = False
        lines.append(line)
    return "\n".join(lines)


_OTHER_WORDS = {
    "return": "give back", "list": "sequence", "given": "provided", "string": "text", "number": "value",
    "numbers": "values", "check": "test", "integer": "whole number", "function": "routine", "find": "look for",
    "the": "that", "a": "one", "of": "from", "elements": "items", "element": "item", "if": "whether", "you": "one",
}  # fmt: off


def docstring_reworded(code: str, rng: random.Random) -> str:
    """Common words of the docstring exchanged."""

    def other(match: re.Match[str]) -> str:
        return re.sub(r"[A-Za-z]+", lambda word: _OTHER_WORDS.get(word[0].lower(), word[0]), match[0])

    return re.sub(r'(?s)""".*?"""|\'\'\'.*?\'\'\'', other, code)


def inside_longer_file(code: str, rng: random.Random) -> str:
    return FILLER * 3 + code + "\n\n" + FILLER * 3


def over_chat_turns(code: str, rng: random.Random) -> str:
    lines = code.split("\n")
    cut = max(1, 2 * len(lines) // 3)
    return (
        "Please complete this function for me:\n\n"
        + "\n".join(lines[:cut])
        + "\nHere is the first part of what you need, and the rest follows in a second.\n"
        + "\n".join(lines[cut:])
    )


def other_quoting(code: str, rng: random.Random) -> str:
    return code.replace('"""', "'''").replace('"', "'")


def as_json(code: str, rng: random.Random) -> str:
    """As a string inside of JSON, with its escapes."""
    return json.dumps(code)


EDITS: dict[str, Edit] = {
    "verbatim": verbatim,
    "reformatted": reformatted,
    "comments stripped": comments_stripped,
    "renamed": renamed,
    "renamed in the code alone": renamed_in_code,
    "renamed, no docstring": renamed_only_code,
    "without doctest": without_doctest,
    "docstring reworded": docstring_reworded,
    "inside a longer file": inside_longer_file,
    "over chat turns": over_chat_turns,
    "other quoting": other_quoting,
    "as a JSON string": as_json,
}
TRANSLATED = {"to JavaScript": "js", "to Java": "java", "to Rust": "rust", "to Go": "go", "to C++": "cpp"}


def items_of(data: Path) -> list[tuple[str, str]]:
    """Prompt and solution of each item."""
    with gzip.open(data / "humaneval" / "data" / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [(row["prompt"], row["canonical_solution"]) for row in map(json.loads, lines)]


def planted(data: Path) -> dict[str, list[str]]:
    """Edit → the 164 items of HumanEval under it; translations are HumanEval-X's, whose docstrings are kept."""
    items = ["".join(item) for item in items_of(data)]
    rng = random.Random(11)
    found = {name: [edit(code, rng) for code in items] for name, edit in EDITS.items()}
    for name, language in TRANSLATED.items():
        with gzip.open(data / "humaneval_x" / f"humaneval_{language}.jsonl.gz", "rt", encoding="utf-8") as lines:
            found[name] = [row["prompt"] + row["canonical_solution"] for row in map(json.loads, lines)]
    return found
