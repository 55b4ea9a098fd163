"""YAML text → plain values and the line of each, refusing what a recipe never needs.

Aliases are refused because a few lines of them explode into gigabytes when walked, repeated keys because YAML
readers silently keep one of the two, and deep nesting because the parser needs hours for it. ``1e-4`` is a number, as
in YAML 1.2; in 1.1 it is a text.
"""

from __future__ import annotations

from typing import Any

import yaml

from sxl_data.contract import patterns
from sxl_data.contract.errors import UserError, error, finding, shorten

MAX_BYTES = 1_000_000
MAX_DEPTH = 100


class _Loader(yaml.SafeLoader):
    """Plain values, with exponents without a point as numbers."""


EXPONENT = patterns.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+\z")
"""A number with an exponent and no point; whoever writes YAML for this reader quotes a text that is like it."""
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", EXPONENT, list("-+0123456789"))


def parse(text: str, file: str | None = None) -> tuple[Any, dict[str, int]]:
    """``text`` as plain values, and the line of every key by JSON pointer.

    Raises `UserError` (U103) with the line for anything that is not plain YAML.
    """
    if len(text) > MAX_BYTES:
        raise error("U103", file=file, found=f"{len(text)} characters", expected=f"at most {MAX_BYTES}")
    lines: dict[str, int] = {}
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            line = event.start_mark.line + 1
            if isinstance(event, yaml.AliasEvent):
                raise error("U103", file=file, line=line, found="a YAML alias", expected="the value itself")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise error("U103", file=file, line=line, found=f"over {MAX_DEPTH} nested levels", expected="fewer")
        loader = _Loader(text)
        node = loader.get_single_node()
        _walk(node, "", lines, file)
        return None if node is None else loader.construct_document(node), lines
    except (ValueError, OverflowError, RecursionError) as problem:  # a number of 900,000 digits, the 99th of May
        raise error("U103", file=file, found=shorten(str(problem), 120), expected="values that can be read") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        what = getattr(problem, "problem", None) or str(problem)
        line = None if mark is None else mark.line + 1
        raise error("U103", file=file, line=line, found=what, expected="YAML") from None


def _walk(node: yaml.Node | None, pointer: str, lines: dict[str, int], file: str | None) -> None:
    if node is None:
        return
    lines.setdefault(pointer, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode) and "\0" in node.value:
        raise error(
            "U103",
            file=file,
            line=node.start_mark.line + 1,
            pointer=pointer,
            found="a NUL character",
            expected="text that a path or a name can hold",
        )
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise UserError(
                    finding(
                        "U103",
                        file=file,
                        line=key.start_mark.line + 1,
                        pointer=f"{pointer}/{name}",
                        found=f"the key {name!r} twice",
                        expected="each key once",
                    )
                )
            seen.add(name)
            lines[f"{pointer}/{name}"] = key.start_mark.line + 1
            _walk(value, f"{pointer}/{name}", lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, f"{pointer}/{index}", lines, file)
