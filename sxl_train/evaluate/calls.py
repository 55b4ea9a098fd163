"""Text that a model wrote in, verdicts on its tool calls out: does it parse, is the tool declared, do the arguments
satisfy its schema. Nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from sxl_data.engine.confined import Exceeded
from sxl_data.rules.schema_checker import Checker

OPEN, CLOSE = "<tool_call>", "</tool_call>"


class Verdict(msgspec.Struct, frozen=True):
    """Of one call. Each of the three needs the one before it."""

    parses: bool
    declared: bool = False
    valid: bool = False


class Tally(msgspec.Struct):
    """Counts over calls."""

    wanted: int = 0
    made: int = 0
    parse: int = 0
    declared: int = 0
    valid: int = 0
    exact: int = 0

    def add(self, verdicts: Iterable[Verdict], wanted: int, exact: bool) -> None:
        """Count one turn: the calls it made, of those it should have made."""
        self.wanted += wanted
        self.exact += exact
        for verdict in verdicts:
            self.made += 1
            self.parse += verdict.parses
            self.declared += verdict.declared
            self.valid += verdict.valid


def find_calls(text: str) -> list[str]:
    """The bodies of the calls in ``text``; one that was opened and not closed is a call that does not parse."""
    found: list[str] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0 and (end := text.find(CLOSE, start)) >= 0:
        found.append(text[start + len(OPEN) : end].strip())
        at = end + len(CLOSE)
    return found + ([""] if text.count(OPEN) > len(found) else [])


def judge(body: str, tools: list[dict[str, Any]] | None) -> Verdict:
    """One call body against the tools that its conversation declares."""
    try:
        call = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return Verdict(False)
    if not isinstance(call, dict) or not isinstance(call.get("name"), str):
        return Verdict(False)
    arguments = call.get("arguments", {})
    if not isinstance(arguments, dict):
        return Verdict(False)
    schemas = {}
    for tool in tools or []:
        function = tool.get("function") or tool
        schemas[function.get("name")] = function.get("parameters") or {}
    if call["name"] not in schemas:
        return Verdict(True)
    return Verdict(True, True, _satisfies(arguments, schemas[call["name"]]))


def _satisfies(arguments: dict[str, Any], schema: dict[str, Any]) -> bool:
    try:
        return Checker(schema).is_valid(arguments)
    except Exceeded:
        return False
    except ValueError:  # the declared schema is not valid itself: nothing can be said against the call
        return True
