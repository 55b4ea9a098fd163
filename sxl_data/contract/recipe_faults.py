"""What is wrong with the values of a recipe: unknown and missing keys, or else values that do not fit.

In: the struct that they are for, the values as parsed, and the line of each pointer. Out: findings, each with the
nearest name or what was expected.
"""

from __future__ import annotations

import copy
import typing
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from sxl_data.contract.errors import Finding, finding, shorten
from sxl_data.contract.nearest import nearest
from sxl_data.contract.sizes import is_size
from sxl_data.contract.structs import field_at, field_docs, nested


def faults_of_keys(cls: type, values: dict[str, Any], file: str | None, lines: dict[str, int]) -> list[Finding]:
    """Keys that ``cls`` does not know, keys that it needs, and numbers that are too large: U101, U105, U102."""
    found = [*_oversized(values, file, lines), *_unknown(cls, cls, values, "", file, lines)]
    return [*found, *_missing(cls, values, "", file, lines)]


def faults_of_values(cls: type, values: dict[str, Any], file: str | None, lines: dict[str, int]) -> list[Finding]:
    """The values, under keys that are right, which do not fit: U102."""
    return _find_all(values, lambda rest: _first_wrong(cls, rest, file, lines))


def _oversized(values: dict[str, Any], file: str | None, lines: dict[str, int]) -> Iterator[Finding]:
    """Whole numbers that no library under us takes."""
    for key in leaves(values):
        value: Any = values
        for part in key.split("."):
            if isinstance(value, list):
                value = value[int(part)]
            else:
                value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, int) and value.bit_length() > 63:
            pointer = "/" + key.replace(".", "/")
            yield finding(
                "U102",
                file=file,
                line=lines.get(pointer),
                pointer=pointer,
                found=shorten(str(value), 60),
                expected="a number of 64 bits",
            )


def _unknown(
    root: type, cls: type, values: dict[str, Any], pointer: str, file: str | None, lines: dict[str, int]
) -> Iterator[Finding]:
    names = list(cls.__struct_encode_fields__)  # type: ignore[attr-defined]
    gone: dict[str, str] = getattr(cls, "GONE", {})
    """Keys that there were in an earlier version, and why there are none now."""
    for name in values:
        if name not in names:
            near = _nearest(root, cls, str(name))
            near = f"{near}?" if near else "one of " + ", ".join(names)
            place = f"{pointer}/{name}"
            yield finding(
                "U101",
                file=file,
                line=lines.get(place),
                pointer=place,
                found=name,
                expected=f"nothing: {gone[name]}" if name in gone else near,
            )
    for struct, inner, place in nested(cls, values, pointer):
        yield from _unknown(root, struct, inner, place, file, lines)


def _nearest(root: type, cls: type, name: str) -> str | None:
    """The key that was meant: the same in another section, spelt alike here, or documented by these words here."""
    names = list(cls.__struct_encode_fields__)  # type: ignore[attr-defined]
    elsewhere = [
        f"{section}.{name}"
        for section, hint in typing.get_type_hints(root).items()
        if isinstance(hint, type) and name in getattr(hint, "__struct_encode_fields__", ())
    ]
    if elsewhere:
        return ", ".join(elsewhere)
    if cls is not root and name in root.__struct_encode_fields__:  # type: ignore[attr-defined]
        return f"{name} at the top of the recipe"
    if near := nearest(name, names):
        return near
    words = name.replace("_", " ").lower()
    return next((key for key, text in field_docs(cls).items() if text.lower().startswith(words)), None)


def _missing(
    cls: type, values: dict[str, Any], pointer: str, file: str | None, lines: dict[str, int]
) -> Iterator[Finding]:
    for field in msgspec.structs.fields(cls):
        if field.required and field.encode_name not in values:
            docs = field_docs(cls).get(field.name, "")
            yield finding(
                "U105",
                file=file,
                line=lines.get(pointer),
                pointer=f"{pointer}/{field.encode_name}",
                found="nothing",
                expected=docs or field.encode_name,
            )
    for struct, inner, place in nested(cls, values, pointer):
        yield from _missing(struct, inner, place, file, lines)


def _find_all(values: Any, find: Callable[[Any], Finding | None]) -> list[Finding]:
    """The findings of ``find``, which stops at its first, about ``values``: what it found is taken out of a copy, and
    it is asked again. It ends where a finding is about something that holds an earlier one: it misses what was taken
    out."""
    rest, found = copy.deepcopy(values), list[Finding]()
    while (item := find(rest)) is not None:
        if any(f"{earlier.pointer}/".startswith(f"{item.pointer}/".replace("//", "/")) for earlier in found):
            break
        found.append(item)
        if not _take_out(rest, item.pointer or ""):
            break
    return found


def _take_out(values: Any, pointer: str) -> bool:
    """Remove the key at ``pointer``, or the nearest above it, from ``values``; whether there was one."""
    holder, key = None, ""
    for part in [part for part in pointer.split("/") if part]:
        if isinstance(values, dict) and part in values:
            holder, key, values = values, part, values[part]
        elif isinstance(values, list) and part.isdigit() and int(part) < len(values):
            values = values[int(part)]
        else:
            break
    if holder is None:
        return False
    del holder[key]
    return True


def _first_wrong(cls: type, values: Any, file: str | None, lines: dict[str, int]) -> Finding | None:
    try:
        msgspec.convert(values, cls)
    except msgspec.ValidationError as problem:
        return _wrong_value(str(problem), cls, values, file, lines)
    return None


def _wrong_value(message: str, cls: type, values: Any, file: str | None, lines: dict[str, int]) -> Finding:
    """msgspec says ``Expected `int`, got `str` - at `$.dedup.bands` `` or, from a struct's own check,
    a sentence; both become one finding."""
    text, _, path = message.partition(" - at `$")
    pointer = path.rstrip("`").replace("[", ".").replace("]", "").replace(".", "/")
    key, colon, said = text.partition(": ")  # a struct's own check begins with the key that it is about
    below = f"{pointer}/{key.replace('.', '/')}"
    if colon and field_at(cls, below)[0] is not None:
        text, pointer = said, below
    found: Any = values
    for part in [p for p in pointer.split("/") if p]:
        try:
            found = found[int(part)] if isinstance(found, list) else found[part]
        except (KeyError, IndexError, ValueError, TypeError):
            found = None
    shown = None if isinstance(found, dict | list) else repr(found)
    expected = text.removeprefix("Expected ").replace("`", "")
    hint, default = field_at(cls, pointer)
    if (choices := _choices(hint)) and text.startswith(("Expected ", "Invalid enum value")):
        expected = choices
    elif isinstance(found, int | float) and isinstance(default, str) and is_size(default):
        expected = f"a size with its unit, such as {default}"
    elif isinstance(default, str | int | float) and default != "":
        expected += f"; the default is {default}"
    return finding("U102", file=file, line=lines.get(pointer), pointer=pointer or "/", found=shown, expected=expected)


def _choices(hint: Any) -> str:
    """The words that a value of the type ``hint`` may be, and what else it may be; empty where any word is right."""
    parts = (hint,) if typing.get_origin(hint) is typing.Literal else typing.get_args(hint)
    words = [str(word) for part in parts if typing.get_origin(part) is typing.Literal for word in typing.get_args(part)]
    if not words or str in parts:
        return ""
    lists = any(typing.get_origin(part) in (tuple, list) for part in parts)
    return "one of " + ", ".join(words) + (", null" if type(None) in parts else "") + (", or a list" if lists else "")


def leaves(values: Any, prefix: str = "") -> Iterator[str]:
    """The dotted keys of all plain values inside ``values``."""
    items: Any = ()
    if isinstance(values, dict):
        items = values.items()
    elif isinstance(values, list | tuple):
        items = enumerate(values)
    if not items and prefix:
        yield prefix
    for key, value in items:
        yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
