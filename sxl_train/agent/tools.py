"""The tools of a workspace, as a closed set: what any model of any size can be given for work in a folder."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import NoReturn

from sxl_data.sandbox.limits import Result
from sxl_data.toolsets.tools import Exit, ToolError
from sxl_data.toolsets.toolset import Toolset
from sxl_train.agent.workspace import Workspace


def _no_tasks(_: object) -> NoReturn:
    raise NotImplementedError("a workspace is opened from a folder; it has no tasks of its own")


SET = Toolset("workspace", "A folder", _no_tasks, covers="files of a folder, search, Python and shell")
_OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


@SET.tool
def list_files(state: Workspace, folder: str = "") -> str:
    """List the names in a folder.

    folder: path of the folder; empty for the top
    """
    return str(state.do("list_files", path=folder))


@SET.tool
def read_file(state: Workspace, path: str, first: int = 1, lines: int = 200) -> str:
    """Show the lines of a text file with their numbers.

    path: path of the file
    first: number of the first line to show
    lines: how many lines to show
    """
    return str(state.do("read_file", path=path, first=first, lines=lines))


@SET.tool
def search(state: Workspace, text: str, path: str = "") -> str:
    """Find the lines that hold a text, in all files below a folder.

    text: what to look for, letter by letter
    path: a folder or file to look in; empty for all
    """
    return str(state.do("search", text=text, path=path))


@SET.tool
def write_file(state: Workspace, path: str, content: str) -> str:
    """Write a whole file, new or instead of the old one, and check that it parses.

    path: path of the file
    content: all of its text
    """
    return str(state.do("write_file", path=path, content=content))


@SET.tool
def edit_file(state: Workspace, path: str, old: str, new: str) -> str:
    """Replace a text that stands exactly once in a file, and check that the file parses.

    path: path of the file
    old: the text as it stands, with its line breaks and spaces
    new: the text that takes its place
    """
    return str(state.do("edit_file", path=path, old=old, new=new))


@SET.tool
def run_python(state: Workspace, code: str) -> Exit:
    """Run a Python program in the folder and give what it prints.

    code: the program
    """
    return _ended(state.box.run(code))


@SET.tool
def run_shell(state: Workspace, command: str) -> Exit:
    """Run a shell command in the folder and give what it prints.

    command: the command, such as `git log --oneline` or `python3 -m unittest`
    """
    # The box holds no one's settings, and git ends where it may not read them.
    return _ended(state.box.run(f"export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null\n{command}", "bash"))


@SET.tool
def calculate(state: Workspace, expression: str) -> float:
    """The value of an expression of numbers, + - * / // % and parentheses.

    expression: such as (3 + 4) * 2.5
    """
    try:
        return _value(ast.parse(expression[:500].strip(), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError, MemoryError) as problem:
        raise ToolError("bad_expression", f"{expression[:100]!r}: {problem}") from None


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.operand))
    raise ValueError("only numbers, + - * / // % and parentheses")


def _ended(done: Result) -> Exit:
    said = "\n".join(filter(None, (done.stdout.rstrip(), done.stderr.rstrip())))
    if done.exit_code is None:
        raise ToolError(done.status, f"ended: {done.status}{f', {done.detail}' if done.detail else ''}\n{said}".strip())
    return Exit(said or "(it printed nothing)", done.exit_code)
