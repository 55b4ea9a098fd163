"""Recipe file + ``key=value`` overrides → one frozen typed struct, and where each value came from.

All keys that are unknown or missing are reported at once, each with its line and the nearest name; where there is
none, all values that are wrong. The string under a field
is its documentation: `--help`, the JSON Schema and the docs all read it (`field_docs`).
"""

from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.errors import Finding, UserError, error, finding, shorten
from sxl_data.contract.mistakes import find_all

T = TypeVar("T")
Origin = typing.Literal["default", "recipe", "command line"]


_SIZE = patterns.compile(r"\s*([0-9]*\.?[0-9]+)\s*([kKMGT]?B)\s*")
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def parse_size(text: str) -> int:
    """``"300MB"`` → 300 000 000. Decimal units, because download pages and disks use them. ValueError for no size."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"a size such as 300MB, not {text!r}")
    return round(float(match[1]) * UNITS[match[2].upper()])


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

    origins: dict[str, Origin] = dict.fromkeys(_leaves(values), "recipe")
    values = _copy(values)
    for override in overrides:
        key, sep, text = override.partition("=")
        if not sep or not key:
            raise error("U401", found=override, expected=f"key=value, such as {key or 'name'}=…")
        if _set(values, key.split("."), _parse(text)[0]):
            origins[key] = "command line"
        else:
            raise error("U101", pointer="/" + key.replace(".", "/"), found=key, expected="an existing key")

    problems = [*_oversized(values, file, lines), *_unknown(cls, cls, values, "", file, lines)]
    problems += _missing(cls, values, "", file, lines)
    value: Any = None
    if not problems:
        _spell_switches(cls, values)
        try:
            value = msgspec.convert(values, cls)
        except msgspec.ValidationError:
            problems = find_all(values, lambda rest: _first_wrong(cls, rest, file, lines))
    if problems:
        spoken = {"/" + key.replace(".", "/") for key, origin in origins.items() if origin == "command line"}
        raise UserError(
            *(
                msgspec.structs.replace(item, file="command line", line=None) if item.pointer in spoken else item
                for item in problems
            )
        )
    full: dict[str, Origin] = dict.fromkeys(_leaves(msgspec.to_builtins(value)), "default")
    for key, origin in origins.items():
        for leaf in full:
            if leaf == key or leaf.startswith(key + ".") or key.startswith(leaf + "."):
                full[leaf] = origin
    return Loaded(value, full, file)


def field_docs(cls: type) -> dict[str, str]:
    """The string literal under each field of ``cls``, whitespace folded; own and inherited fields."""
    docs: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if not (isinstance(base, type) and issubclass(base, msgspec.Struct) and base is not msgspec.Struct):
            continue
        try:
            source = inspect.getsource(base)
        except OSError:  # no source on disk: a frozen application, or a class typed into a console
            continue
        body = ast.parse(textwrap.dedent(source)).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, below in zip(body.body, body.body[1:]):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
                and isinstance(below.value.value, str)
            ):
                docs[field.target.id] = " ".join(below.value.value.split())
    return docs


def json_schema(cls: type, id: str, title: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of ``cls`` with every field's description; ``id`` becomes ``$id``."""
    (root,), components = msgspec.json.schema_components([cls], ref_template="#/$defs/{name}")
    for struct in _structs(cls, {}).values():
        docs = field_docs(struct)
        properties = components[struct.__name__].get("properties", {})
        for name, prop in properties.items():
            if name in docs:
                prop["description"] = docs[name]
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": id, "title": title}
    return schema | root | {"$defs": dict(sorted(components.items()))}


def _structs(kind: Any, found: dict[str, type]) -> dict[str, type]:
    """Every struct type reachable from ``kind``, by name."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind.__name__ not in found:
            found[kind.__name__] = kind
            for hint in typing.get_type_hints(kind).values():
                _structs(hint, found)
    for argument in typing.get_args(kind):
        _structs(argument, found)
    return found


def _struct_of(kind: Any) -> tuple[type | None, bool]:
    """The struct inside ``kind`` and whether it is the element of a list; ``(None, …)`` for leaves."""
    origin = typing.get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind, False
    if origin in (typing.Union, types.UnionType):
        for option in typing.get_args(kind):
            inner = _struct_of(option)
            if inner[0]:
                return inner
    if origin in (list, tuple):
        return _struct_of(typing.get_args(kind)[0])[0], True
    return None, False


def _nested(cls: type, values: dict[str, Any], pointer: str) -> Iterator[tuple[type, dict[str, Any], str]]:
    """The structs one level below ``cls`` with their values and pointers."""
    hints = typing.get_type_hints(cls)
    for name, value in values.items():
        struct, is_list = _struct_of(hints[name]) if name in hints else (None, False)
        if struct is None:
            continue
        pairs = enumerate(value) if is_list and isinstance(value, list) else [(None, value)]
        for index, inner in pairs:
            if isinstance(inner, dict):
                place = f"{pointer}/{name}" if index is None else f"{pointer}/{name}/{index}"
                yield struct, inner, place


def _spell_switches(cls: type, values: dict[str, Any]) -> None:
    """YAML reads the words `off`, `no`, `on` and `yes` as truth values; a key that offers the word means the word."""
    for field in msgspec.structs.fields(cls):
        value = values.get(field.encode_name)
        if isinstance(value, bool):
            words = ("on", "yes") if value else ("off", "no")
            offered = [word for word in typing.get_args(field.type) if word in words]
            values[field.encode_name] = offered[0] if len(offered) == 1 else value
    for struct, inner, _ in _nested(cls, values, ""):
        _spell_switches(struct, inner)


def _oversized(values: dict[str, Any], file: str | None, lines: dict[str, int]) -> Iterator[Finding]:
    """Whole numbers that no library under us takes."""
    for key in _leaves(values):
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
    for name in values:
        if name not in names:
            near = _nearest(root, cls, str(name))
            place = f"{pointer}/{name}"
            yield finding(
                "U101",
                file=file,
                line=lines.get(place),
                pointer=place,
                found=name,
                expected=f"{near}?" if near else "one of " + ", ".join(names),
            )
    for struct, inner, place in _nested(cls, values, pointer):
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
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return near[0]
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
    for struct, inner, place in _nested(cls, values, pointer):
        yield from _missing(struct, inner, place, file, lines)


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
    if colon and _field_at(cls, below)[0] is not None:
        text, pointer = said, below
    found: Any = values
    for part in [p for p in pointer.split("/") if p]:
        try:
            found = found[int(part)] if isinstance(found, list) else found[part]
        except (KeyError, IndexError, ValueError, TypeError):
            found = None
    shown = None if isinstance(found, dict | list) else repr(found)
    expected = text.removeprefix("Expected ").replace("`", "")
    hint, default = _field_at(cls, pointer)
    if typing.get_origin(hint) is typing.Literal:
        expected = "one of " + ", ".join(map(str, typing.get_args(hint)))
    elif isinstance(found, int | float) and isinstance(default, str) and _is_size(default):
        expected = f"a size with its unit, such as {default}"
    elif isinstance(default, str | int | float) and default != "":
        expected += f"; the default is {default}"
    return finding("U102", file=file, line=lines.get(pointer), pointer=pointer or "/", found=shown, expected=expected)


def _is_size(text: str) -> bool:
    try:
        return parse_size(text) > 0
    except ValueError:
        return False


def _parse(text: str, file: str | None = None) -> tuple[Any, dict[str, int]]:
    from sxl_data.contract import yaml  # 10 ms that a command without a recipe does not need

    return yaml.parse(text, file)


def _field_at(cls: type, pointer: str) -> tuple[Any, Any]:
    """Type and default of the field that ``pointer`` names, or ``(None, None)``."""
    struct: type | None = cls
    hint, default = None, None
    for part in pointer.strip("/").split("/"):
        if part.isdigit():
            hint = (typing.get_args(hint) or (None,))[0]
            continue
        fields = {f.encode_name: f for f in msgspec.structs.fields(struct)} if struct is not None else {}
        if part not in fields:
            return None, None
        hint, default = fields[part].type, fields[part].default
        struct = _struct_of(hint)[0]
    return hint, default


def _leaves(values: Any, prefix: str = "") -> Iterator[str]:
    items: Any = ()
    if isinstance(values, dict):
        items = values.items()
    elif isinstance(values, list | tuple):
        items = enumerate(values)
    if not items and prefix:
        yield prefix
    for key, value in items:
        yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))


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
