"""The JSON Schemas that are published beside the package, generated from the types.

In: the types of `trace.types`, the ledger's Arrow schema and the codes. Out: `schemas/trace.v1.json`,
`ledger.v1.json` and `codes.v1.json` (JSON Schema 2020-12, a description on every field). A step is chosen
by ``if``/``then`` on its phase, not by ``anyOf``: a plain validator then names the field that is wrong
instead of saying that nothing matched. Write them with ``python -m sxl_data.trace.schema --write``.
"""

from __future__ import annotations

import sys
import typing
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.codes import CODES, Code
from sxl_data.contract.ledger import LEDGER_SCHEMA, Action
from sxl_data.contract.structs import field_docs
from sxl_data.trace import types
from sxl_data.trace.types import Trace

DRAFT = "https://json-schema.org/draft/2020-12/schema"
STEPS = ("Observe", "Reflect", "Act", "Iterate")
_PHASE = "Which of the four phases the step is."


def trace_schema() -> dict[str, Any]:
    """JSON Schema of one trace."""
    _, components = msgspec.json.schema_components([Trace])
    definitions: dict[str, Any] = {}
    for name, component in components.items():
        cls = getattr(types, name)
        docs = field_docs(cls)
        for field, schema in component["properties"].items():
            schema = _tighten(schema)
            component["properties"][field] = {"description": docs.get(field, _PHASE), **schema}
        definitions[name] = component
    definitions["Trace"]["properties"]["schema_version"]["pattern"] = r"^1\.[0-9]+$"
    definitions["Trace"]["properties"]["steps"]["items"] = {"$ref": "#/$defs/Step"}
    definitions["Step"] = {
        "title": "Step",
        "description": "One step of the loop; `phase` says which kind.",
        "type": "object",
        "required": ["phase"],
        "properties": {"phase": {"description": _PHASE, "enum": [name.lower() for name in STEPS]}},
        "allOf": [
            {
                "if": {"properties": {"phase": {"const": name.lower()}}, "required": ["phase"]},
                "then": {"$ref": f"#/$defs/{name}"},
            }
            for name in STEPS
        ],
    }
    return {
        "$schema": DRAFT,
        "$id": "urn:sxl:schema:trace:v1",
        "title": "sxl-trace 1.0",
        "description": "One task worked on by one agent, as a loop of Observe, Reflect, Act and Iterate.",
        "$ref": "#/$defs/Trace",
        "$defs": dict(sorted(definitions.items())),
    }


def ledger_schema() -> dict[str, Any]:
    """JSON Schema of one line of a build's ledger."""
    kinds = {"string": "string", "double": "number", "float": "number", "int64": "integer", "bool": "boolean"}
    properties = {
        field.name: {
            "description": _LEDGER[field.name],
            "type": [kinds[str(field.type)], "null"] if field.nullable else kinds[str(field.type)],
        }
        for field in LEDGER_SCHEMA
    }
    properties["action"]["enum"] = list(typing.get_args(Action))
    return {
        "$schema": DRAFT,
        "$id": "urn:sxl:schema:ledger:v1",
        "title": "sxl ledger 1.0",
        "description": "One row that was dropped, edited, flagged or quarantined, and why.",
        "type": "object",
        "properties": properties,
        "required": [field.name for field in LEDGER_SCHEMA if not field.nullable],
        "additionalProperties": False,
    }


_LEDGER = {
    "trace_id": "Id of the row, set once at reading.",
    "source": "Name of the source in the recipe.",
    "stage": "Stage that decided.",
    "action": "What was done to the row.",
    "code": "Code of the reason; `sxl-data explain CODE` says more.",
    "rule": "Name of the code.",
    "detail": "What was found, in words.",
    "twin_id": "The kept row that this one repeats.",
    "score": "Similarity to the twin, or another measure of the rule.",
}


def codes_table() -> dict[str, Any]:
    """All codes as data: append-only, so a suppression written today still works tomorrow."""
    return {
        "version": 1,
        "codes": [
            {name: getattr(entry, name) for name in Code.__struct_fields__} for _, entry in sorted(CODES.items())
        ],
    }


def documents() -> dict[str, str]:
    """File name → text, of everything that this module generates."""
    made = {"trace.v1.json": trace_schema(), "ledger.v1.json": ledger_schema(), "codes.v1.json": codes_table()}
    return {name: msgspec.json.format(msgspec.json.encode(item)).decode() + "\n" for name, item in made.items()}


def write(folder: Path) -> list[Path]:
    """Write the files that differ into ``folder``; returns those."""
    changed = []
    for name, text in documents().items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed


def _tighten(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with 64-bit limits on integers, which Arrow and most readers have."""
    if schema.get("type") == "integer":
        return {**schema, "minimum": -(2**63), "maximum": 2**63 - 1}
    if "anyOf" in schema:
        return {**schema, "anyOf": [_tighten(item) for item in schema["anyOf"]]}
    return schema


def main(arguments: list[str]) -> int:
    """``--write [FOLDER]`` writes, without it a difference makes the exit code 1."""
    folder = Path(arguments[1]) if len(arguments) > 1 else Path("schemas")
    if arguments[:1] == ["--write"]:
        for path in write(folder):
            print(path)
        return 0
    differing = [
        name
        for name, text in documents().items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]
    for name in differing:
        print(f"{folder / name} differs from the types; run python -m sxl_data.trace.schema --write", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
