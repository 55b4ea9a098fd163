"""Jinja as transformers renders chat templates in it, rebuilt here so that checking needs no torch.

In: a template's source and its values. Out: the text, with marks around what ``{% generation %}`` blocks render.
`render` and `check` take and give JSON values, so that they can be called in a process of their own.
Source: https://huggingface.co/docs/transformers/chat_templating.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

OPEN, CLOSE = "\ufdd0", "\ufdd1"  # noncharacters, which Unicode keeps out of texts for good
TODAY = datetime(2026, 1, 31)
"""What templates take for today: the same trace must give the same text, and so the same tokens, tomorrow."""


def answer(asked: dict[str, Any]) -> Any:
    """What `render` or, without values, `check` says of ``{"source": …, "values": …}``."""
    if "values" in asked:
        return render(asked["source"], asked["values"])
    return check(asked["source"])


def render(source: str, values: dict[str, Any]) -> str:
    """The text that ``source`` makes of ``values``. Raises whatever the template's author chose."""
    return str(_compiled(source).render(**values))


def check(source: str) -> tuple[int, str] | None:
    """Line and reason where ``source`` is no Jinja."""
    from jinja2 import TemplateSyntaxError

    try:
        _compiled(source)
    except TemplateSyntaxError as problem:
        return problem.lineno, problem.message or "a syntax error"
    return None


@lru_cache(maxsize=8)
def _compiled(source: str) -> Any:
    return _environment().from_string(source)


def _environment() -> Any:
    from jinja2 import nodes
    from jinja2.exceptions import TemplateError
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """``{% generation %} … {% endgeneration %}`` puts marks around what it renders."""

        tags = {"generation"}  # noqa: RUF012

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.CallBlock(self.call_method("_mark"), [], [], body).set_lineno(line)

        def _mark(self, caller: Any) -> str:
            return f"{OPEN}{caller()}{CLOSE}"

    def refuse(message: str) -> None:
        raise TemplateError(message)

    def tojson(
        value: Any,
        ensure_ascii: bool = False,
        indent: int | None = None,
        separators: Any = None,
        sort_keys: bool = False,
    ) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = TODAY.strftime
    return environment
