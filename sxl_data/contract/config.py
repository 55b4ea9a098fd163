"""Recipe file + ``key=value`` overrides → one frozen typed struct, and where each value came from.

All keys that are unknown or missing are reported at once, each with its line and the nearest name; where there is
none, all values that are wrong. The string under a field is its documentation: `--help`, the JSON Schema and the docs
all read it.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from sxl_data.contract.errors import UserError, error
from sxl_data.contract.recipe_faults import faults_of_keys, faults_of_values, leaves
from sxl_data.contract.structs import nested

T = TypeVar("T")
Origin = typing.Literal["default", "recipe", "command line"]


class Loaded(msgspec.Struct, Generic[T], frozen=True):
    """A configuration and the origin of every leaf by dotted key."""

    value: T
    origins: dict[str, Origin]
    file: str | None = None


def load(cls: type[T], source: Path | str | dict[str, Any], overrides: Sequence[str] = ()) -> Loaded[T]:
    """Read ``source`` (a path, or the values themselves), apply ``overrides``, check, convert.

    Raises `UserError` holding every finding: U101 unknown key, U102 wrong value, U103 not YAML,
    U105 missing key.
    """
    file: str | None = None
    lines: dict[str, int] = {}
    if isinstance(source, dict):
        values: Any = source
    else:
        file = str(source)
        try:
            text = Path(source).read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise error("U104", file=file, found="no such file", expected="a recipe") from None
        except (OSError, UnicodeDecodeError) as problem:
            raise error("U103", file=file, found=problem, expected="UTF-8 text") from None
        values, lines = _parse(text, file)
        values = {} if values is None else values
    if not isinstance(values, dict):
        raise error("U103", file=file, found=type(values).__name__, expected="a mapping of keys to values")

    origins: dict[str, Origin] = dict.fromkeys(leaves(values), "recipe")
    values = _copy(values)
    for override in overrides:
        key, sep, text = override.partition("=")
        if not sep or not key:
            raise error("U401", found=override, expected=f"key=value, such as {key or 'name'}=…")
        if _set(values, key.split("."), _parse(text)[0]):
            origins[key] = "command line"
        else:
            raise error("U101", pointer="/" + key.replace(".", "/"), found=key, expected="an existing key")

    problems = faults_of_keys(cls, values, file, lines)
    value: Any = None
    if not problems:
        _spell_switches(cls, values)
        try:
            value = msgspec.convert(values, cls)
        except msgspec.ValidationError:
            problems = faults_of_values(cls, values, file, lines)
    if problems:
        spoken = {"/" + key.replace(".", "/") for key, origin in origins.items() if origin == "command line"}
        raise UserError(
            *(
                msgspec.structs.replace(item, file="command line", line=None) if item.pointer in spoken else item
                for item in problems
            )
        )
    full: dict[str, Origin] = dict.fromkeys(leaves(msgspec.to_builtins(value)), "default")
    for key, origin in origins.items():
        for leaf in full:
            if leaf == key or leaf.startswith(key + ".") or key.startswith(leaf + "."):
                full[leaf] = origin
    return Loaded(value, full, file)


def _spell_switches(cls: type, values: dict[str, Any]) -> None:
    """YAML reads the words `off`, `no`, `on` and `yes` as truth values; a key that offers the word means the word."""
    for field in msgspec.structs.fields(cls):
        value = values.get(field.encode_name)
        if isinstance(value, bool):
            words = ("on", "yes") if value else ("off", "no")
            offered = [word for word in typing.get_args(field.type) if word in words]
            values[field.encode_name] = offered[0] if len(offered) == 1 else value
    for struct, inner, _ in nested(cls, values, ""):
        _spell_switches(struct, inner)


def _parse(text: str, file: str | None = None) -> tuple[Any, dict[str, int]]:
    from sxl_data.contract import yaml  # 10 ms that a command without a recipe does not need

    return yaml.parse(text, file)


def _copy(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: _copy(value) for key, value in values.items()}
    return [_copy(value) for value in values] if isinstance(values, list) else values


def _set(values: Any, path: list[str], value: Any) -> bool:
    """Put ``value`` at ``path``, making mappings on the way; ``False`` where the path cannot exist."""
    for index, part in enumerate(path):
        last = index == len(path) - 1
        if isinstance(values, list):
            if not part.isdigit() or int(part) >= len(values):
                return False
            if last:
                values[int(part)] = value
            else:
                values = values[int(part)]
        elif isinstance(values, dict):
            if last:
                values[part] = value
            else:
                if values.get(part) is None:
                    values[part] = {}
                values = values[part]
        else:
            return False
    return True
