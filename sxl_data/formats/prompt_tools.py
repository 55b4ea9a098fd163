"""Tools that are declared in the words of a system prompt.

In: the prompt. Out: `Tool`s. Hermes and Qwen write JSON between ``<tools>`` tags, a list or one declaration a line;
Qwen3-Coder writes ``<function><name>…`` there; OpenHands and SWE-agent write ``---- BEGIN FUNCTION #1: name ----``
with a numbered list of parameters. The tags are spoken of in the same prompts, so that one without a declaration in it
is no mistake.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sxl_data.contract import patterns
from sxl_data.files.json_text import load
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.declared_tools import declared_tool, schema_of
from sxl_data.formats.literal import json_end, value_of
from sxl_data.trace.types import Tool

_OPEN, _CLOSE, _BEGIN = "<tools>", "</tools>", "---- BEGIN FUNCTION #"
_LONGEST = 100_000  # characters of a prompt whose tools are remembered
_BLOCKS = patterns.compile(r"(?s)---- BEGIN FUNCTION #\d{1,4}:\s*(\S{1,200})\s*----\n(.*?)\n---- END FUNCTION #\d{1,4}")
_PARAMETER = patterns.compile(r"(?m)^[ \t]{0,8}\(\d{1,3}\) (\S{1,200}) \(([^()\n]{1,200})\):? ?(.*)$")
_ALLOWED = patterns.compile(r"Allowed values: \[([^\]\n]+)\]")
_ELEMENTS = tuple(patterns.compile(rf"(?s)<{tag}>\s*(.*?)\s*</{tag}>") for tag in ("name", "description", "type"))
_FUNCTIONS = patterns.compile(r"(?s)<function>(.*?)</function>")
_PARAMETERS = patterns.compile(r"(?s)<parameter>(.*?)</parameter>")
_REQUIRED = patterns.compile(r"(?s)<required>\s*(\[.*?\])\s*</required>")


def tools_told(prompt: str) -> list[Tool]:
    """The tools that ``prompt`` declares, in order. The rows of a set have one prompt nearly all."""
    if _OPEN not in prompt and _BEGIN not in prompt:
        return []
    return list(_remembered(prompt) if len(prompt) < _LONGEST else _told(prompt))


def _told(prompt: str) -> list[Tool]:
    found: list[Tool] = []
    at = prompt.find(_OPEN)
    while at >= 0:
        tools, at = _tagged(prompt, at + len(_OPEN))
        found += tools
        at = prompt.find(_OPEN, at)
    if not found and _BEGIN in prompt:
        found = [_listed(block[1], block[2]) for block in _BLOCKS.finditer(prompt)]
    return found


_remembered = lru_cache(32)(_told)


def _tagged(prompt: str, at: int) -> tuple[list[Tool], int]:
    """The declarations that begin at ``at``, and where looking goes on."""
    found: list[Tool] = []
    while True:
        while at < len(prompt) and (prompt[at].isspace() or prompt[at] == ","):
            at += 1
        end = json_end(prompt, at) if prompt.startswith(("{", "["), at) else -1
        if end < 0:
            break
        found += tools_of(load_lenient(prompt[at:end]))
        at = end
    close = prompt.find(_CLOSE, at)
    if found:
        return found, max(close, at)
    if close < 0:
        return [], len(prompt)
    following = prompt.find(_OPEN, at)
    if 0 <= following < close:
        return [], following
    inside = prompt[at:close].strip()
    if inside.startswith("<function>"):
        return [tool for block in _FUNCTIONS.findall(inside) if (tool := _element(block)) is not None], close
    try:
        return tools_of(value_of(inside)), close
    except ValueError:
        return [tool for line in inside.split("\n") for tool in tools_of(load_lenient(line.strip()))], close


def load_lenient(text: str) -> Any:
    """The value of ``text``, or None."""
    try:
        return value_of(text)
    except ValueError:
        return None


def _listed(name: str, block: str) -> Tool:
    """One tool as OpenHands lists it."""
    head, _, rest = block.partition("\nParameters:")
    description = head.removeprefix("Description:").removesuffix("No parameters are required for this function.")
    properties: dict[str, Any] = {}
    required: list[str] = []
    starts = list(_PARAMETER.finditer(rest))
    ends = [*(found.start() for found in starts[1:]), len(rest)]
    for found, end in zip(starts, ends):
        kind, _, need = found[2].partition(",")
        words = (found[3] + rest[found.end() : end]).strip()
        properties[found[1]] = {**schema_of(kind.strip()), "description": words}
        allowed = _ALLOWED.search(words)
        if allowed is not None:
            properties[found[1]]["enum"] = [value.strip().strip("`") for value in allowed[1].split(",")]
        if need.strip() == "required":
            required.append(found[1])
    schema = {"type": "object", "properties": properties, "required": required}
    return declared_tool(name, description.strip(), schema, block)


def _element(block: str) -> Tool | None:
    """One tool as Qwen3-Coder's template writes it."""
    head, _, rest = block.partition("<parameters>")
    name, description, _ = (pattern.search(head) for pattern in _ELEMENTS)
    if name is None:
        return None
    properties: dict[str, Any] = {}
    for parameter in _PARAMETERS.findall(rest):
        called, words, kind = (pattern.search(parameter) for pattern in _ELEMENTS)
        if called is not None:
            schema = schema_of(kind[1]) if kind is not None else {}
            properties[called[1]] = {**schema, **({"description": words[1]} if words is not None else {})}
    required = _REQUIRED.search(_PARAMETERS.sub("", rest))
    try:
        needed = [key for key in load(required[1]) if key in properties] if required is not None else []
    except (ValueError, TypeError):
        needed = []
    schema = {"type": "object", "properties": properties, "required": needed}
    return declared_tool(name[1], description[1] if description is not None else "", schema, block)
