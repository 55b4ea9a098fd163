"""What a struct of keys declares: the words under its fields, its schema, the structs inside it.

In: a type. Out: texts, a JSON Schema, and the struct or field that a place in plain values is about.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec


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
    for struct in reachable(cls).values():
        docs = field_docs(struct)
        properties = components[struct.__name__].get("properties", {})
        for name, prop in properties.items():
            if name in docs:
                prop["description"] = docs[name]
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": id, "title": title}
    return schema | root | {"$defs": dict(sorted(components.items()))}


def reachable(kind: object, found: dict[str, type[msgspec.Struct]] | None = None) -> dict[str, type[msgspec.Struct]]:
    """Every struct type reachable from ``kind``, by name."""
    found = {} if found is None else found
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__name__ not in found:
        found[kind.__name__] = kind
        for hint in typing.get_type_hints(kind).values():
            reachable(hint, found)
    for argument in typing.get_args(kind):
        reachable(argument, found)
    return found


def nested(cls: type, values: dict[str, Any], pointer: str) -> Iterator[tuple[type, dict[str, Any], str]]:
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


def field_at(cls: type, pointer: str) -> tuple[Any, Any]:
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
