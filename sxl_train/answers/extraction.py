"""The program in a model's answer: where a continuation ends, which block of a chat answer is meant.

In: text as it was generated. Out: Python, or the text itself where nothing better is in it. The same text always gives
the same program, and every rule is in this file, because scores move by several points with such rules.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable
from typing import NamedTuple

from sxl_data.contract import patterns

_FENCE = patterns.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([^`\s]*)[^`]*$")
_PYTHON = frozenset(("", "python", "py", "python3", "python2", "py3", "pycon", "ipython"))
_THOUGHT = "</think>"
_BEGINS = ("def ", "async def ", "class ", "import ", "from ", "@")
_MOST_TRIES = 40


class Block(NamedTuple):
    """One fenced block."""

    language: str
    body: str
    closed: bool


def cut(text: str, stops: Iterable[str]) -> str:
    """``text`` up to the first of ``stops``."""
    ends = [at for at in (text.find(stop) for stop in stops if stop) if at >= 0]
    return text[: min(ends)] if ends else text


def find_blocks(text: str) -> list[Block]:
    """The fenced blocks of Markdown, the last one perhaps not closed (CommonMark 4.5, indents of any width)."""
    found: list[Block] = []
    fence, language = "", ""
    lines: list[str] = []
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if not fence:
            if mark is not None:
                fence, language, lines = mark[1], mark[2].lower(), []
        elif mark is not None and not mark[2] and mark[1][0] == fence[0] and len(mark[1]) >= len(fence):
            found.append(Block(language, textwrap.dedent("\n".join(lines)), True))
            fence = ""
        else:
            lines.append(line)
    if fence:
        found.append(Block(language, textwrap.dedent("\n".join(lines)), False))
    return found


def extract(text: str, entry: str) -> str:
    """The program of a chat answer that should define ``entry``.

    What a model thought comes first and is left out. Then: the first Python block that defines ``entry``, with the
    Python blocks before it that parse (imports, helpers); else the longest Python block; else, without blocks, the
    longest run of lines from the first that begins a definition or an import that parses; else the text.
    """
    if _THOUGHT in text:
        text = text.rpartition(_THOUGHT)[2]
    blocks = [block for block in find_blocks(text) if block.language in _PYTHON]
    for place, block in enumerate(blocks):
        if defines(block.body, entry):
            before = [each.body for each in blocks[:place] if _parses(each.body) and not _shows(each.body, entry)]
            return "\n\n".join([*before, block.body]) + "\n"
    if blocks:
        return max(blocks, key=lambda block: len(block.body)).body + "\n"
    return _bare(text)


def defines(source: str, entry: str) -> bool:
    """Whether some line of ``source`` begins the definition of ``entry``, or gives it a value; it need not parse."""
    heads = (f"def {entry}(", f"def {entry} (", f"async def {entry}(", f"class {entry}", f"{entry} =", f"{entry}=")
    return any(line.startswith(heads) for line in source.splitlines())


def preamble(prompt: str, entry: str) -> str:
    """What stands before ``entry`` in a prompt: imports and functions that its solution may use."""
    at = prompt.find(f"def {entry}")
    return prompt[:at] if at > 0 else ""


def assemble(prompt: str, text: str, entry: str) -> str:
    """The program of an answer to ``prompt`` that is a whole function, or else only its body."""
    found = extract(text, entry)
    if defines(found, entry):
        return preamble(prompt, entry) + "\n" + found
    body = textwrap.dedent(found)
    if prompt and not any(line.startswith(_BEGINS) for line in body.splitlines()[:1]):
        return prompt + textwrap.indent(body, "    ")
    return preamble(prompt, entry) + "\n" + found


def _bare(text: str) -> str:
    lines = text.splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith(_BEGINS)), None)
    if start is None:
        return text
    end = len(lines)
    for _ in range(_MOST_TRIES):
        try:
            ast.parse("\n".join(lines[start:end]))
        except SyntaxError as problem:
            # Prose after a program: go back to where the parser lost its way.
            wrong = start + (problem.lineno or 1) - 1
            end = min(end - 1, max(wrong, start))
            if end <= start:
                break
        except (ValueError, RecursionError, MemoryError):
            break
        else:
            return "\n".join(lines[start:end]) + "\n"
    return "\n".join(lines[start:]) + "\n"


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _shows(source: str, entry: str) -> bool:
    """Whether a block only shows how ``entry`` is called, before it is defined."""
    return f"{entry}(" in source
