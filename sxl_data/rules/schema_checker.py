"""Values against somebody else's JSON Schema, in bounded time.

In: a schema as parsed, which may come from anywhere, and values. Out: whether they fit, and what does not. Nothing is
fetched. Patterns run in linear time, or are cut short where they look around. References can make any value costly
(`unrolled`): where a schema allows it, the value is checked in a process of its own, which is stopped after it has
computed for a while.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sxl_data.engine.confined import Confined, Exceeded
from sxl_data.files.json_text import is_deep
from sxl_data.rules.plain_words import words
from sxl_data.rules.unrolled import MOST, deepest, unroll

_BACKTRACKS = 10_000
_SECONDS = 2
_DEEP = 500  # no value is deeper
_MOST_ERRORS = 100


class Error(NamedTuple):
    """What does not fit: the place in the value, the keyword of the schema, and words."""

    path: list[str]
    keyword: str
    message: str


class Checker:
    """A compiled schema. Raises what jsonschema_rs raises for what is no schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        size, back = unroll(schema)
        self.deepest = 0 if size > MOST else deepest(back)
        self.stopped: str | None = None
        self._validator = make_validator(schema)

    def is_valid(self, value: Any) -> bool:
        """Whether ``value`` fits. Raises `Exceeded` where that takes too long to say."""
        if self._is_costly(value):
            return not self.errors(value)
        return bool(self._validator.is_valid(value))

    def errors(self, value: Any) -> list[Error]:
        """What does not fit, `_MOST_ERRORS` at most. Raises `Exceeded`."""
        if not self._is_costly(value):
            return _errors(self._validator, value)
        if self.stopped is not None:
            raise Exceeded(self.stopped)
        try:
            found = _process().call({"schema": self.schema, "value": value})
        except Exceeded as problem:
            self.stopped = str(problem)
            raise
        return [Error(*item) for item in found]

    def _is_costly(self, value: Any) -> bool:
        return self.deepest < _DEEP and is_deep(value, self.deepest)


def make_validator(schema: dict[str, Any]) -> Any:
    """A validator that fetches nothing and whose patterns do not backtrack for ever."""
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(schema, pattern_options=jsonschema_rs.RegexOptions(), retriever=refuse)
    except jsonschema_rs.ValidationError:  # perhaps for a pattern that only ECMA has
        patterns = jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACKS)
        return jsonschema_rs.validator_for(schema, pattern_options=patterns, retriever=refuse)


def refuse(uri: str) -> Any:
    """Every reference to another document."""
    raise ValueError(f"{uri} is outside the document and is not fetched")


def answer(asked: dict[str, Any]) -> list[Error]:
    """In the process of its own: the errors of ``{"schema": …, "value": …}``."""
    return _errors(make_validator(asked["schema"]), asked["value"])


@cache
def _process() -> Confined:
    return Confined("sxl_data.rules.schema_checker:answer", seconds=_SECONDS, strikes=None)


def _errors(validator: Any, value: Any) -> list[Error]:
    found = []
    for error in validator.iter_errors(value):
        found.append(Error([str(part) for part in error.instance_path], error.kind.name, words(error)))
        if len(found) == _MOST_ERRORS:
            break
    return found
