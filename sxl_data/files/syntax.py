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
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
}

ALIASES = {
    alias: language
    for language, aliases in {
        "bash": "sh shell zsh ksh shell-script shellscript",
        "c": "c99 c11 c17 ansi-c",
        "cpp": "c++ cc cxx hpp c++11 c++14 c++17 c++20 cpp11 cpp14 cpp17 cpp20",
        "csharp": "c# cs",
        "go": "golang",
        "java": "jdk java8 java11 java17",
        "javascript": "js jsx mjs cjs node nodejs node.js ecmascript es6",
        "kotlin": "kt kts",
        "perl": "pl",
        "php": "php7 php8",
        "python": "py python3 py3 pyi python3.8 python3.9 python3.10 python3.11 python3.12 python3.13 pycon ipython"
        " ipython3 python-repl pyrepl sage",
        "ruby": "rb",
        "rust": "rs",
        "session": "shell-session shellsession sh-session bash-session terminal",
        "typescript": "ts mts cts",
    }.items()
    for alias in aliases.split()
}
"""Other names of a language, as fences, columns and file endings have them."""


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
