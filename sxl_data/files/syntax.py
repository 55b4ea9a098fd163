"""Tree-sitter parsers by language name, and the one question most callers have: does it parse?

Grammars come as one wheel per language; a language whose wheel is not installed has no parser, and the
caller is told so instead of being given a guess. Never recurse over nodes: 100,000 nested brackets parse
well and overflow the stack of whoever walks them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser

# language → (module of the grammar's wheel, function that returns the grammar)
GRAMMARS: dict[str, tuple[str, str]] = {
    "bash": ("tree_sitter_bash", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "python": ("tree_sitter_python", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
}

ALIASES = {
    "py": "python",
    "python3": "python",
    "js": "javascript",
    "ts": "typescript",
    "rs": "rust",
    "c++": "cpp",
    "sh": "bash",
    "shell": "bash",
    "golang": "go",
}


def canonical(language: str | None) -> str | None:
    """The name used here for ``language`` (``py`` → ``python``), lower case; None stays None."""
    if not language:
        return None
    lowered = language.strip().lower()
    return ALIASES.get(lowered, lowered)


@cache
def parser(language: str) -> Parser | None:
    """A parser for ``language``, or None when its grammar is unknown or not installed."""
    if language not in GRAMMARS:
        return None
    from tree_sitter import Language, Parser

    module, function = GRAMMARS[language]
    try:
        grammar = getattr(import_module(module), function)()
    except ModuleNotFoundError:
        return None
    return Parser(Language(grammar))


def parses(language: str, code: str) -> bool | None:
    """Whether ``code`` has no syntax error; None when there is no parser for ``language``."""
    found = parser(language)
    if found is None:
        return None
    if language in ("c", "cpp"):
        # The grammars take `#include <x>` followed by a blank for an error; compilers do not.
        code = _trim_directives(code)
    return not found.parse(code.encode("utf-8")).root_node.has_error


def _trim_directives(code: str) -> str:
    """``code`` without the blanks that end its preprocessor lines."""
    lines = code.split("\n")
    return "\n".join(
        line.rstrip(" \t") if line.endswith((" ", "\t")) and line.lstrip(" \t").startswith("#") else line
        for line in lines
    )
