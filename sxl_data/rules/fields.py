"""S2: every field of a submitted sxl trace against the types, with all faults and not only the first.

In: a plain JSON value. Out: faults, and the value with what is wrong left out, so that the other checks
can go on. The fast way is msgspec's typed decoder; this walk is only for rows that it refuses. Steps are
looked up by their `phase`, so a message names the one phase that was meant.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from sxl_data.contract.codes import table
from sxl_data.contract.nearest import meant
from sxl_data.files.numbers import encode_json
from sxl_data.rules import Fault
from sxl_data.trace.types import SCHEMA_VERSION, Act, Iterate, Observe, Reflect, Trace

CODES = table("""
S201 error schema-violation
    title  A field has the wrong type or a value that is not allowed
    why    the trace does not follow the schema, so nothing can rely on that field
    fix    give the field a value of the expected kind
S202 error unknown-field
    title  A field that the schema does not have
    why    a misspelt field would be lost without a word
    fix    use the name suggested, or put the value under `ext_json`
S203 error missing-field
    title  A required field is missing
    why    it has no default that could be assumed
    fix    add the field
S204 error unknown-version
    title  The trace is of a schema version that cannot be read
    why    another major version may mean something else by the same field
    fix    convert it, or use a release of sxl that reads this version
S205 warning newer-version
    title  The trace is of a newer minor version
    why    it is read as far as this version knows the fields
    fix    update sxl
""")

PHASES: dict[str, type[msgspec.Struct]] = {"observe": Observe, "reflect": Reflect, "act": Act, "iterate": Iterate}
_NUMBERING = ("turn", "iteration")
_MISSING = object()
_INT64 = range(-(2**63), 2**63)


def examine(value: Any) -> tuple[list[Fault], Trace | None]:
    """The faults of ``value`` as a trace, and a trace of what is sound, or None."""
    stated: list[Fault] = []
    if isinstance(value, dict) and isinstance(value.get("schema_version"), str):
        version(value["schema_version"], stated)
        if stated and stated[0].code == "S204":
            return stated, None
    faults: list[Fault] = []
    sound = _struct(value, Trace, "", faults)
    if stated:  # what a newer minor version has beyond ours is no fault of the row
        faults = [*stated, *(fault for fault in faults if fault.code != "S202")]
    try:
        return faults, None if sound is _MISSING else msgspec.convert(sound, Trace)
    except msgspec.ValidationError:
        return faults, None


def version(text: str, faults: list[Fault]) -> None:
    """Add a fault where ``text`` is another version than ours."""
    ours, theirs = SCHEMA_VERSION.split("."), text.split(".")
    if theirs[0] != ours[0] or len(theirs) != 2 or not theirs[1].isdigit():
        faults.append(Fault("S204", "/schema_version", repr(text), f'"{SCHEMA_VERSION}"'))
    elif int(theirs[1]) > int(ours[1]):
        faults.append(Fault("S205", "/schema_version", repr(text), f'at most "{SCHEMA_VERSION}"'))


@cache
def _fields(cls: type[msgspec.Struct]) -> dict[str, inspect.Field]:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return {field.encode_name: field for field in info.fields}


def _struct(value: Any, cls: type[msgspec.Struct], at: str, faults: list[Fault]) -> Any:
    if not isinstance(value, dict):
        faults.append(Fault("S201", at, _shown(value), f"an object ({cls.__name__})"))
        return _MISSING
    fields = _fields(cls)
    tag = cls.__struct_config__.tag_field
    out: dict[str, Any] = {}
    usable = True
    for name, item in value.items():
        if name == tag:
            out[name] = item
            continue
        field = fields.get(name)
        if field is None:
            expected = meant(name, fields)
            faults.append(Fault("S202", f"{at}/{_escape(name)}", f"unknown field of {cls.__name__}", expected))
            continue
        checked = _value(item, field.type, f"{at}/{_escape(name)}", faults)
        if checked is not _MISSING:
            out[name] = checked
        elif field.required or isinstance(field.type, inspect.VarTupleType) or name in _NUMBERING:
            # A list with a hole or a step in no turn would show other checks what is only a consequence.
            usable = False
    for name, field in fields.items():
        if field.required and name not in value:
            faults.append(Fault("S203", at, f"{cls.__name__} without `{name}`", f"`{name}`"))
            usable = False
    return out if usable else _MISSING


def _value(value: Any, kind: inspect.Type, at: str, faults: list[Fault]) -> Any:
    if isinstance(kind, inspect.UnionType):
        structs = [t for t in kind.types if isinstance(t, inspect.StructType)]
        if len(structs) > 1:
            return _step(value, at, faults)
        if value is None and any(isinstance(t, inspect.NoneType) for t in kind.types):
            return None
        return _value(value, next(t for t in kind.types if not isinstance(t, inspect.NoneType)), at, faults)
    if isinstance(kind, inspect.StructType):
        return _struct(value, kind.cls, at, faults)
    if isinstance(kind, (inspect.VarTupleType, inspect.ListType)):
        if not isinstance(value, list):
            faults.append(Fault("S201", at, _shown(value), "an array"))
            return _MISSING
        items = [_value(item, kind.item_type, f"{at}/{i}", faults) for i, item in enumerate(value)]
        return _MISSING if any(item is _MISSING for item in items) else items
    return _scalar(value, kind, at, faults)


def _step(value: Any, at: str, faults: list[Fault]) -> Any:
    phase = value.get("phase") if isinstance(value, dict) else None
    if not isinstance(value, dict):
        faults.append(Fault("S201", at, _shown(value), "a step object"))
    elif "phase" not in value:
        faults.append(Fault("S203", at, "a step without `phase`", "`phase`: " + ", ".join(PHASES)))
    elif not isinstance(phase, str) or phase not in PHASES:
        faults.append(Fault("S201", f"{at}/phase", _shown(phase), "one of " + ", ".join(PHASES)))
    else:
        return _struct(value, PHASES[phase], at, faults)
    return _MISSING


def _scalar(value: Any, kind: inspect.Type, at: str, faults: list[Fault]) -> Any:
    ok, expected = True, ""
    if isinstance(kind, inspect.StrType):
        ok, expected = isinstance(value, str), "a string"
    elif isinstance(kind, inspect.BoolType):
        ok, expected = isinstance(value, bool), "true or false"
    elif isinstance(kind, inspect.IntType):
        ok = isinstance(value, int) and not isinstance(value, bool) and value in _INT64
        expected = "an integer of 64 bits"
    elif isinstance(kind, inspect.FloatType):
        ok, expected = isinstance(value, (int, float)) and not isinstance(value, bool), "a number"
    elif isinstance(kind, inspect.LiteralType):
        ok, expected = value in kind.values, "one of " + ", ".join(map(str, kind.values))
    if ok:
        return value
    faults.append(Fault("S201", at, _shown(value), expected))
    return _MISSING


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "an array"
    text = encode_json(value).decode()
    return text if len(text) <= 80 else text[:77] + "…"


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
