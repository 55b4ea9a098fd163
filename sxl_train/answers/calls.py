"""Calls that a model wrote in, verdicts on them out: does one parse, is the tool declared, do the arguments satisfy
its schema. Nothing is run. Calls and turns are counted apart: a turn may hold several calls, or none.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sxl_data.engine.confined import Exceeded
from sxl_data.rules.schema_checker import Checker
from sxl_train.answers.markup import Call, Schemas, read_schemas
from sxl_train.run.objects import Object


class Verdict(msgspec.Struct, frozen=True):
    """Of one call. Each of the three needs the one before it."""

    parses: bool
    declared: bool = False
    valid: bool = False


class Tally(msgspec.Struct):
    """Counts. ``turns``, ``exact`` and ``stopped`` are turns, the others are calls."""

    turns: int = 0
    exact: int = 0
    """Turns whose calls are the true ones, in name, arguments and order."""
    stopped: int = 0
    """Turns that ended with the stop token."""
    wanted: int = 0
    """Calls of the true turns."""
    made: int = 0
    parse: int = 0
    declared: int = 0
    valid: int = 0

    def add(
        self, calls: Sequence[Call | None], true: Sequence[Call], tools: list[Object] | None, stopped: bool = False
    ) -> None:
        """Count one turn: the calls it made (None: one that does not parse), and those it should have made."""
        self.turns += 1
        self.stopped += stopped
        self.wanted += len(true)
        self.exact += bool(true) and list(calls) == list(true)
        schemas = read_schemas(tools)
        for verdict in (judge(call, schemas) for call in calls):
            self.made += 1
            self.parse += verdict.parses
            self.declared += verdict.declared
            self.valid += verdict.valid


def read_true(message: Object) -> list[Call]:
    """The calls of an assistant's message."""
    functions = [call.get("function") or call for call in message.get("tool_calls") or []]
    return [Call(function["name"], function.get("arguments") or {}) for function in functions]


def judge(call: Call | None, schemas: Schemas) -> Verdict:
    """One call against the tools that its conversation declares."""
    if call is None:
        return Verdict(False)
    if call.name not in schemas:
        return Verdict(True)
    return Verdict(True, True, _satisfies(call.arguments, schemas[call.name]))


def _satisfies(arguments: Object, schema: Object) -> bool:
    try:
        return Checker(schema).is_valid(arguments)
    except Exceeded:
        return False
    except ValueError:  # the declared schema is not valid itself: nothing can be said against the call
        return True
