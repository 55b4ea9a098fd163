"""Faults of code that was cut or damaged, which grammars take and compilers do not, or of which grammars cannot say.

In: a language and a piece of code. Out: whether its compiler refuses it for one of these. Rust wants an item behind a
comment that documents one. C and C++ know a fixed list of directives, and the parameters of a macro end on its line.
"""

from __future__ import annotations

from sxl_data.contract import patterns

_COMMENTS = patterns.compile(r"(?s)/\*.*?\*/")
_DIRECTIVE = patterns.compile(r"(?m)^[ \t]*#([a-z_]\w*)")  # `# Output` is how answers go on in words
_DIRECTIVES = frozenset(
    "define undef include include_next if ifdef ifndef elif elifdef elifndef else endif error warning pragma line ident"
    " import embed assert unassert sccs region endregion".split()
)
_MACROS = patterns.compile(r"(?m)^[ \t]*#[ \t]*define[ \t]+\w+\(")
_PARAMETERS = patterns.compile(_MACROS.pattern + r"[ \t]*(?:[\w.]+[ \t]*(?:,[ \t]*[\w.]+[ \t]*)*)?\)")


def is_refused(language: str, code: str) -> bool:
    """Whether the compiler of ``language`` refuses ``code`` for one of the faults that are known here."""
    if language == "rust":
        return _documents_nothing(code)
    return language in ("c", "cpp") and "#" in code and _misleads(code)


def _documents_nothing(code: str) -> bool:
    """Whether code ends with a comment that documents what follows it; comments alone are shown for their own sake."""
    if "///" not in code:
        return False
    lines = [line for line in map(str.strip, code.split("\n")) if line]
    while lines and lines[-1].startswith("//") and not _documents(lines[-1]):
        lines.pop()
    return bool(lines) and _documents(lines[-1]) and not all(line.startswith("//") for line in lines)


def _documents(line: str) -> bool:
    return line.startswith("///") and not line.startswith("////")


def _misleads(code: str) -> bool:
    """Whether a line for the preprocessor is none that it reads."""
    bare = _COMMENTS.sub(" ", code).replace("\\\n", " ")
    if any(found[1] not in _DIRECTIVES for found in _DIRECTIVE.finditer(bare)):
        return True
    return sum(1 for _ in _MACROS.finditer(bare)) > sum(1 for _ in _PARAMETERS.finditer(bare))
