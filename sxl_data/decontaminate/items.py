"""A benchmark's own files → items, and items → the parts that a training row must not share.

In: records of JSON, JSONL or CSV. Out: for each item its name and its parts, each a name and a text: what is asked,
what the documentation says without its examples, the solution, with and without comments, and the parts whose shape is
taken too, in which renamed identifiers change nothing. One part found is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from sxl_data.contract import patterns

Kind = Literal["words", "shape"]

ASKED = (
    "prompt",
    "question",
    "text",
    "problem_statement",
    "instruct_prompt",
    "instruction",
    "query",
    "problem",
    "task",
)
SOLVED = ("canonical_solution", "code", "patch", "solution", "answer", "output", "completion", "response")
IDS = ("task_id", "instance_id", "id", "_id", "uid", "name")

_DOCSTRING = patterns.compile(r"(?s)\"\"\"(.*?)\"\"\"|'''(.*?)'''|/\*\*?(.*?)\*/")
_COMMENT_LINES = patterns.compile(r"(?m)(?:^[ \t]*//[^\n]*\n?)+")
_COMMENT = patterns.compile(r"(?m)(?:^|[ \t])(?:#|//)[^\n]*$")
_DIFF = patterns.compile(r"(?m)^diff --git |^@@ ")
_EXAMPLE = patterns.compile(r"(?i)^[\s/*#]*(?:>>>|(?:for )?examples?\b.{0,12}$|assert |e\.g\.)")
_CODE = patterns.compile(
    r"(?m)^\s*(?:def|class|return|for|while|if|import|from|func|fn|let|const|public|diff --git)\b|[;{]\s*$"
)


class Part(NamedTuple):
    """``label`` names item and part, as `HumanEval/3 solution`."""

    label: str
    text: str
    kind: Kind


def parts_of(
    record: dict[str, Any], number: int, fields: Iterable[str] = (), id_field: str | None = None
) -> list[Part]:
    """The parts of one item: of ``fields``, or of the usual ones, or of every text that it has."""
    names = (id_field,) if id_field else IDS
    name = next((str(record[key]) for key in names if record.get(key) not in (None, "")), str(number))
    wanted = list(fields) or [key for key in (*ASKED, *SOLVED) if record.get(key)]
    wanted = wanted or [key for key, value in record.items() if isinstance(value, str)]
    found: list[Part] = []
    for field in wanted:
        text = "\n".join(strings(record.get(field)))
        if text.strip():
            found += _parts(f"{name} {field}", text)
    begun, rest = ("\n".join(strings(record.get(field))) for field in ("prompt", "canonical_solution"))
    if {"prompt", "canonical_solution"} <= set(wanted) and _CODE.search(begun) and rest.strip():
        found.append(Part(f"{name} whole, renamed", without_comments(begun + rest), "shape"))
        found.append(Part(f"{name} whole with examples, renamed", begun + rest, "shape"))
    return found


def _parts(label: str, text: str) -> Iterator[Part]:
    yield Part(label, text, "words")
    if not _DIFF.search(text) and (words := description(text)) and 0.1 < len(words) / len(text) < 0.9:
        yield Part(f"{label}, described", words, "words")
    if _CODE.search(text):
        bare = without_comments(text)
        if 2 * len(bare.strip()) < len(text.strip()):
            return  # a signature below its documentation: many programs have it
        if bare != text:
            yield Part(f"{label}, bare", bare, "words")
        yield Part(f"{label}, renamed", bare, "shape")


def description(text: str) -> str:
    """What the documentation in ``text`` says in words, without its examples; empty where there is none."""
    found = _DOCSTRING.search(text)
    if found is not None:
        said = next(group for group in found.groups() if group is not None)
    else:
        above = _COMMENT_LINES.search(text)
        said = above[0] if above is not None else ""
    lines: list[str] = []
    for line in said.split("\n"):
        if _EXAMPLE.match(line):
            break
        lines.append(line)
    return "\n".join(lines).strip()


def without_comments(text: str) -> str:
    """Code without documentation and comments, as far as marks at the beginning of a word show them."""
    return _COMMENT.sub("", _DOCSTRING.sub(" ", text))


def strings(value: Any) -> Iterator[str]:
    """All texts of a JSON value, depth first and in order, without recursion; numbers as they are written."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            stack += [inner for key, inner in reversed(item.items()) if key != "role"]
        elif isinstance(item, list):
            stack += reversed(item)
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            yield str(item)
