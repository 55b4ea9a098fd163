"""Tool parameters in the dialects that are found in the wild, as JSON Schema.

In: a schema as parsed. Out: the schema that was meant, and each change as (pointer, found, expected).
Known: Python, Java and upper-case type names, ``List[str]`` and ``Optional[int]``, ``required: true`` at a
property, and a bare mapping of names to types without ``properties``. Anything else stays as it is, for
the meta-schema to judge.
"""

from __future__ import annotations

from typing import Any

from sxl_data.contract import patterns

Change = tuple[str, str, str]

JSON_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_TYPES = {
    "dict": "object",
    "mapping": "object",
    "map": "object",
    "json": "object",
    "hashmap": "object",
    "hashtable": "object",
    "struct": "object",
    "list": "array",
    "tuple": "array",
    "set": "array",
    "sequence": "array",
    "arraylist": "array",
    "vector": "array",
    "str": "string",
    "text": "string",
    "char": "string",
    "date": "string",
    "datetime": "string",
    "uuid": "string",
    "url": "string",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "real": "number",
    "int": "integer",
    "long": "integer",
    "short": "integer",
    "byte": "integer",
    "bigint": "integer",
    "bool": "boolean",
    "none": "null",
    "nonetype": "null",
}
_ANY = frozenset({"any", "all", "mixed", "unknown"})
_GENERIC = patterns.compile(r"(?:typing\.)?(\w+)\s*\[(.+)\]\z|(\w+)\s*<(.+)>\z")
_NESTED = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
_NESTED_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_NESTED_MAPS = ("$defs", "definitions", "patternProperties")
_DEPTH = 50


def normalise(schema: Any) -> tuple[Any, list[Change]]:
    """``schema`` as JSON Schema, and what was changed; the same object where nothing was."""
    changes: list[Change] = []
    if isinstance(schema, dict) and _is_bare(schema):
        changes.append(("", "names of parameters at the top", "an object schema with `properties`"))
        schema = {"type": "object", "properties": schema}
        fixed = _node(schema, "", changes, 0)
    else:
        fixed = _node(schema, "", changes, 0)
    return (fixed if changes else schema), changes


def _is_bare(schema: dict[str, Any]) -> bool:
    """A mapping of names to schemas: every value is an object with a `type`, and none is a keyword's."""
    return (
        bool(schema)
        and not isinstance(schema.get("type"), (str, list))
        and not {"properties", "$ref", "anyOf", "oneOf", "allOf", "$defs", "enum"} & schema.keys()
        and all(isinstance(value, dict) and ("type" in value or "description" in value) for value in schema.values())
    )


def _node(schema: Any, at: str, changes: list[Change], depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEPTH:
        return schema
    before = len(changes)
    out = dict(schema)
    if isinstance(out.get("required"), (bool, str)) and depth:
        # The parent has taken note of it.
        del out["required"]
    if "type" in out:
        _type(out, at, changes)
    properties = out.get("properties")
    if isinstance(properties, dict):
        _properties(out, properties, at, changes, depth)
    for key in _NESTED:
        if isinstance(out.get(key), dict):
            out[key] = _node(out[key], f"{at}/{key}", changes, depth + 1)
    for key in _NESTED_LISTS:
        if isinstance(out.get(key), list):
            out[key] = [_node(item, f"{at}/{key}/{i}", changes, depth + 1) for i, item in enumerate(out[key])]
    for key in _NESTED_MAPS:
        if isinstance(out.get(key), dict):
            out[key] = {name: _node(item, f"{at}/{key}/{name}", changes, depth + 1) for name, item in out[key].items()}
    return out if len(changes) > before or out != schema else schema


def _properties(out: dict[str, Any], properties: dict[str, Any], at: str, changes: list[Change], depth: int) -> None:
    needed = [
        name
        for name, item in properties.items()
        if isinstance(item, dict) and item.get("required") in (True, "true", "True", "yes")
    ]
    marked = [
        name
        for name, item in properties.items()
        if isinstance(item, dict) and isinstance(item.get("required"), (bool, str))
    ]
    for name in marked:
        found = f"`required: {str(properties[name]['required']).lower()}` at a property"
        changes.append((f"{at}/properties/{name}/required", found, "a list `required` beside `properties`"))
    out["properties"] = {
        name: _node(_worded(item, f"{at}/properties/{name}", changes), f"{at}/properties/{name}", changes, depth + 1)
        for name, item in properties.items()
    }
    if isinstance(out.get("required"), (bool, str)) or out.get("required", ()) is None:
        changes.append((f"{at}/required", f"`required: {out['required']}`", "a list of names"))
        out.pop("required")
    if needed:
        listed = out.get("required")
        names = listed if isinstance(listed, list) else []
        out["required"] = [*names, *(name for name in needed if name not in names)]


def _worded(item: Any, at: str, changes: list[Change]) -> Any:
    """A property that is given as the name of a type only."""
    meant = meaning(item) if isinstance(item, str) else None
    if meant is None:
        return item
    changes.append((at, f"`{item}`", "a schema"))
    return meant


def _type(out: dict[str, Any], at: str, changes: list[Change]) -> None:
    kind = out["type"]
    if isinstance(kind, list):
        fixed = [_TYPES.get(str(k).lower(), k) if k not in JSON_TYPES else k for k in kind]
        if fixed != kind:
            changes.append((f"{at}/type", repr(kind), repr(fixed)))
            out["type"] = fixed
        return
    if not isinstance(kind, str) or kind in JSON_TYPES:
        return
    meant = meaning(kind)
    if meant is None:
        return
    shown = meant.get("type", "no `type`")
    changes.append((f"{at}/type", f"`{kind}`", f"`{shown}`" if isinstance(shown, str) else repr(shown)))
    stated = dict(out)
    out.clear()
    for key, value in stated.items():  # keys keep their order: it changes the tokens that a model reads
        if key == "type":
            out.update({name: said for name, said in meant.items() if name == "type" or name not in stated})
        else:
            out[key] = value


def meaning(kind: str) -> dict[str, Any] | None:
    """The keywords that say what the type name ``kind`` means (``List[int]`` → array of integer), or None where it
    means nothing known."""
    lowered = kind.strip().lower()
    if lowered in JSON_TYPES:
        return {"type": lowered}
    if lowered in _ANY:
        return {}
    if lowered in _TYPES:
        return {"type": _TYPES[lowered]}
    match = _GENERIC.match(kind.strip())
    if match is None:
        return None
    name, inner = (match.group(1) or match.group(3)).lower(), match.group(2) or match.group(4)
    first = meaning(inner.split(",")[0].strip())
    if name == "optional":
        return None if first is None else {"type": [first["type"], "null"]} if "type" in first else {}
    if name in ("literal", "union"):
        return {}
    outer = meaning(name)
    if outer is None:
        return None
    return {**outer, "items": first} if outer.get("type") == "array" and first else outer
