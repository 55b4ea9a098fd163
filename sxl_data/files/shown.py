"""Code as answers show it: does it parse, if one reads it as people do?

In: a language and a piece of code out of an answer. Out: True, False, or None where there is no saying. Answers show
interactive sessions with what they print, commands with placeholders and prompts, cells with magics, members without
their class and statements without their function; none of that is broken. So what does not parse as a file is read in
the ways that its language has of being shown, one after the other, and is broken only if none of them parses.

Python is asked itself, and its grammar, which takes Python 2 as well, where it may be of another version. C and C++ are
read by a grammar that knows no macros: where one may stand behind the error, nothing is said unless brackets do not
match.
"""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Callable, Iterator

from sxl_data.contract import patterns
from sxl_data.files.refused import is_refused
from sxl_data.files.syntax import parses

LONGEST = 200_000
"""Bytes of code that are read in a second way: what people show is shorter."""

_OTHER_VERSION = (
    "Missing parentheses in call to",
    "multiple exception types must be parenthesized",
    "leading zeros in decimal integer literals",
    "f-string: ",
    "invalid decimal literal",
)
"""What Python says of code for Python 2, and an older one of newer f-strings."""

_PYTHON_PROMPT = patterns.compile(r"^[ \t]*(?:>>>|\.\.\.)(?: (.*)|())$")
_IPYTHON_PROMPT = patterns.compile(r"^[ \t]*(?:In \[\d*\]:|\.{3,}:) ?(.*)$")
_SHELL_PROMPT = patterns.compile(r"^[ \t]*(?:\([\w.-]+\) ?)?(?:[\w.-]+@[\w.-]+[^$#>\n]{0,80})?[$%#❯] (.*)$")
_OTHER_PROMPT = patterns.compile(r"^(?:jshell>|mysql>|irb\S*>|node>|>|\.\.\.>?) ?(.*)$")
_COMMENT = patterns.compile(r"^[ \t]*(?:#[^ ]|# [^$]|//|/\*)")
_MAGIC = patterns.compile(r"^[ \t]*(?:[%!][\w%/.]|\?\w)|^\w[\w.]*\?{1,2}$")
_PLACEHOLDER = patterns.compile(
    r"<[\pL][\pL\pN_ .,:/|*'-]{0,60}>|\[[\pL][\pL\pN_ .|-]{0,60}\](?:\.\.\.)?|\{[\pL][\pL\pN_ -]{1,40}\}"
)
_EXTENDED_GLOB = patterns.compile(r"(?:[\w./*-]*[!@?*+]\([^()\s;&<>`$]*\))+")
_ELISION = patterns.compile(r"^[ \t]*(?:\.{3,}|…|\[\.\.\.\]|<snip>|<\.\.\.>)[ \t]*[;,]?$")
_SCRIPT = patterns.compile(r"(?is)^\s*<script[^>]*>(.*?)</script>\s*$")
_MACRO = patterns.compile(
    r"\b[A-Z][A-Z0-9]*_?[A-Z0-9_]+\b|__\w+|^[ \t]*#[ \t]*(?:define|if|ifdef|ifndef|include[ \t]*\")"
)

_AROUND: dict[str, tuple[str, ...]] = {
    "java": ("class A {{\n{}\n}}", "class A {{ void f() {{\n{}\n}} }}"),
    "c": ("void f() {{\n{}\n}}", "struct s {{\n{}\n}};"),
    "cpp": ("void f() {{\n{}\n}}", "struct s {{\n{}\n}};"),
    "go": ("package a\nfunc f() {{\n{}\n}}", "package a\ntype t struct {{\n{}\n}}"),
    "rust": ("fn f() {{\n{}\n}}", "impl A {{\n{}\n}}"),
    "javascript": ("(\n{}\n)", "async function* f() {{\n{}\n}}", "class A {{\n{}\n}}"),
    "typescript": ("(\n{}\n)", "async function* f() {{\n{}\n}}", "class A {{\n{}\n}}"),
    "tsx": ("(\n{}\n)", "async function* f() {{\n{}\n}}", "class A {{\n{}\n}}"),
}
"""What a fragment of a language may have stood in."""


def parses_as_shown(language: str, code: str) -> bool | None:
    """Whether ``code`` parses in one of the ways that code of its language is shown; None where nobody can say."""
    if language == "python" and len(code) <= LONGEST and "\0" not in code:
        verdict = python_parses(code)
        if verdict is None:
            verdict = None if parses(language, code) else False
    else:
        verdict = parses(language, code)
    if verdict and "/*" in code and language in _BLOCK_COMMENTS and not _ends_outside(code):
        return False
    if verdict is not None and is_refused(language, code) and (language == "rust" or not verdict):
        return False
    if verdict is not False or len(code) > LONGEST:
        return verdict
    if any(_is_sound(language, reading) for reading in _readings(language, code) if reading.strip()):
        return True
    return None if language in ("c", "cpp") and _MACRO.search(code) and is_balanced(code) else False


def python_parses(code: str) -> bool | None:
    """Python's own word; None where the code may be of another version of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except (SyntaxError, ValueError) as problem:
        return None if any(word in str(problem) for word in _OTHER_VERSION) else False
    except (RecursionError, MemoryError):  # what nests deeper than anybody writes
        return None
    return True


def _is_sound(language: str, code: str) -> bool:
    return python_parses(code) is not False if language == "python" else parses(language, code) is True


def _readings(language: str, code: str) -> Iterator[str]:
    typed = code
    for way in (*_WAYS.get(language, ()), textwrap.dedent, _without_elisions):
        other = way(code)
        if other != code:
            typed = other if typed == code else typed
            yield other
    plain = _without_elisions(typed)
    for around in _AROUND.get(language, ()):
        yield around.format(plain)


def _session(prompt: patterns.Pattern[str]) -> Callable[[str], str]:
    """What was typed at the prompts of a session; the code itself where it does not begin with one."""

    def typed(code: str) -> str:
        first = next((line for line in code.split("\n") if line.strip() and not _COMMENT.match(line)), "")
        if not prompt.match(first):
            return code
        found = [prompt.match(line) for line in code.split("\n")]
        lines = [next((group for group in match.groups() if group is not None), "") for match in found if match]
        return "\n".join(lines) + "\n"

    return typed


def _without_magics(code: str) -> str:
    """Cells without the lines that are IPython's and not Python's."""
    return "\n".join("" if _MAGIC.match(line) else line for line in code.split("\n"))


def _filled(code: str) -> str:
    """Commands with a word for each placeholder, and for each `!(…)`, which interactive shells take."""
    typed = _EXTENDED_GLOB.sub("word", _EXTENDED_GLOB.sub("word", _SHELL_TYPED(code)))
    return _without_elisions(_PLACEHOLDER.sub("word", typed)).replace(" ...", " word").replace("…", "word")


def _without_elisions(code: str) -> str:
    return "\n".join("" if _ELISION.match(line) else line for line in code.split("\n"))


def _without_script(code: str) -> str:
    found = _SCRIPT.match(code)
    return found[1] if found else code


def _without_hidden(code: str) -> str:
    """Rustdoc's examples with the lines that it hides."""
    return "\n".join(line[2:] if line.startswith("# ") else "" if line == "#" else line for line in code.split("\n"))


def is_balanced(code: str) -> bool:
    """Whether brackets outside of strings, comments of the C kind and macros match, and conditions of the preprocessor;
    strings end with their line. Of `#if` and `#else` the first branch counts."""
    depth = 0
    for match in _CONDITIONS.finditer(code):
        depth += 1 if match[1].startswith("if") else -1
        if depth < 0:
            return False
    stack: list[str] = []
    for token in _bare(_first_branches(code)):
        if token == "/*":
            return False
        if token in "([{":
            stack.append(token)
        elif token in _CLOSING and (not stack or stack.pop() != _CLOSING[token]):
            return False
    return not stack and not depth


def _first_branches(code: str) -> str:
    """``code`` without the lines of the preprocessor, whose macros may hold half a bracket, and without what stands
    between `#else` or `#elif` and its `#endif`."""
    lines: list[str] = []
    others, continued = list[bool](), False
    for line in code.split("\n"):
        directive = None if continued else _DIRECTIVE.match(line)
        if directive is not None:
            word = directive[1]
            if word.startswith("if"):
                others.append(False)
            elif word in ("else", "elif") and others:
                others[-1] = True
            elif word == "endif" and others:
                others.pop()
        inside = directive is not None or continued
        continued = inside and line.endswith("\\")
        # A comment that begins beside a directive ends on a later line.
        opens = inside and line.rfind("/*") > line.rfind("*/")
        lines.append(("/*" if opens else "") if inside or any(others) else line)
    return "\n".join(lines)


def _ends_outside(code: str) -> bool:
    """Whether the last comment of the C kind is closed."""
    return code.rfind("*/") > code.rfind("/*") or "/*" not in _bare(code)


def _bare(code: str) -> list[str]:
    """The brackets of ``code`` outside of strings and comments; ``/*`` at the end where a comment stays open."""
    found, until = list[str](), None
    for match in _TOKENS.finditer(code):
        token = match[0]
        if until is not None:
            until = None if token == until else until
        elif token in _COMMENTS:
            until = _COMMENTS[token]
        elif token in _BRACKETS:
            found.append(token)
    return [*found, "/*"] if until == "*/" else found


_BRACKETS = frozenset("([{}])")
_BLOCK_COMMENTS = frozenset(("c", "cpp", "go", "java", "javascript", "rust", "tsx", "typescript"))
_CONDITIONS = patterns.compile(r"(?m)^[ \t]*#[ \t]*(if|endif)")
_DIRECTIVE = patterns.compile(r"[ \t]*#[ \t]*([a-z]*)")
_CLOSING = {")": "(", "]": "[", "}": "{"}
_COMMENTS = {"/*": "*/", "//": "\n"}
_TOKENS = patterns.compile(r"""//|/\*|\*/|\n|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.){1,10}'|[()\[\]{}]""")
_SHELL_TYPED = _session(_SHELL_PROMPT)
_JS_WAYS = (_without_script, _session(_OTHER_PROMPT))
_WAYS: dict[str, tuple[Callable[[str], str], ...]] = {
    "python": (
        _session(_PYTHON_PROMPT),
        _session(_IPYTHON_PROMPT),
        _without_magics,
        lambda c: _without_magics(textwrap.dedent(c)),
    ),
    "bash": (_SHELL_TYPED, _filled),
    "javascript": _JS_WAYS,
    "typescript": _JS_WAYS,
    "java": (_session(_OTHER_PROMPT),),
    "rust": (_without_hidden,),
}
