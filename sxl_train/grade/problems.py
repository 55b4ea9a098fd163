"""What is graded: a problem with its tests, a program that should solve it, and the grade it gets."""

from __future__ import annotations

import ast
from typing import Any, Literal, TypeAlias

import msgspec

Plain: TypeAlias = Any
"""A value as `codec.encode` writes it."""
Status = Literal[
    "passed", "wrong", "raised", "missing", "load", "syntax", "timeout", "limit", "died", "refused", "broken"
]
"""passed · wrong: an answer is not the expected one · raised: a call raised · missing: no function of the wanted name ·
load: the program raised before any call · syntax: it is no Python · timeout · limit: memory, processes, files or
output · died: it ended without an answer · refused: the sandbox did not start it · broken: the tests gave no verdict.
"""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Tests, and the program that is known to pass them."""

    id: str
    reference: str
    """A program that passes: it says which calls the tests make, and gives tests the rest of what they use."""
    tests: str = ""
    """Python that raises where an answer is wrong. Empty where ``inputs`` are given."""
    judged: tuple[str, ...]
    """Functions of the program that the tests call; of ``inputs`` the first."""
    given: tuple[str, ...] = ()
    """Names that ``setup`` makes and that tests hand on."""
    setup: str = ""
    """Run after the program, in its place."""
    inputs: tuple[Plain, ...] | None = None
    """Arguments of each call; what the reference returns is expected."""
    rule: dict[str, Any] = {}
    """How answers to ``inputs`` are compared, see `compare.agree`."""


class Grade(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one program. Nothing of it is said by the program but ``detail``, which is for people."""

    status: Status
    detail: str = ""
    calls: int = 0
    """Calls that the tests make."""
    seconds: float = 0.0
    """Of the program's run, its start counted."""

    @property
    def passed(self) -> bool:
        """Whether every test is satisfied."""
        return self.status == "passed"

    @property
    def ran(self) -> bool:
        """Whether the program could be run to its end, right or wrong: execution accuracy."""
        return self.status in ("passed", "wrong")


def defined(source: str) -> set[str]:
    """Names of functions, classes and variables at the top of ``source``; none where it is no Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        else:
            found |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return found


def used(source: str) -> set[str]:
    """Names that ``source`` reads."""
    return {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def imported(source: str) -> set[str]:
    """Modules that ``source`` imports, by their full names. Raises SyntaxError for what is no Python."""
    nodes = list(ast.walk(ast.parse(source)))
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return found | {n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module and not n.level}
