"""API-Bank with its tools: the dialogues, and what the tools' own source says of them.

In: the folder or archive with ``lv1-lv2-samples/*/*.jsonl`` and ``apis/*.py``. Out: the traces of
`formats.api_bank`, with the tools that the dialogue calls declared as their classes describe them,
normalised to JSON Schema. The classes are read as syntax and never imported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from sxl_data.formats.api_bank import ROLES, read_dialogue
from sxl_data.formats.declared_tools import declared_tool, inferred_tools, parameters
from sxl_data.read.adapters.folders import json_lines
from sxl_data.trace.format import Document, Origin, Reading, RowError, Unit
from sxl_data.trace.types import Tool


class ApiBankFolder:
    """Levels 1 and 2 of the published folder."""

    name = "api_bank_folder"
    title = "API-Bank dialogues with the tools' own declarations"
    unit: Unit = "folder"
    suffixes = (".jsonl", ".py")

    def detect(self, sample: Any) -> str | None:
        return None  # a folder is not guessed at

    def read(self, document: Document, origin: Origin) -> Iterator[Reading | RowError]:
        catalogue = {
            tool.name: tool
            for path, text in sorted(document.value.items())
            if path.endswith(".py")
            for tool in declared_in(text)
        }
        for path, text in sorted(document.value.items()):
            if not path.endswith(".jsonl"):
                continue
            records, lines = [], []
            for line, record in json_lines(path, text):
                if isinstance(record, RowError):
                    yield record
                else:
                    records.append(record)
                    lines.append(line)
            if not records or not all(isinstance(r, dict) and r.get("role") in ROLES for r in records):
                yield RowError("a file without turns", "records of role User, AI and API", file=path, line=1)
                continue
            calls = [(str(r.get("api_name")), r.get("param_dict")) for r in records if r["role"] == "API"]
            tools = [catalogue.get(tool.name, tool) for tool in inferred_tools(calls)]
            dialogue = Document(file=path, value=records, lines=tuple(lines), sha256=document.sha256)
            try:
                yield read_dialogue(dialogue, origin, "api_bank", tools)
            except RowError as problem:
                problem.file = path
                yield problem


def declared_in(source: str) -> Iterator[Tool]:
    """The tools of a module: classes with ``description`` and ``input_parameters``."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in module.body:
        if not isinstance(node, ast.ClassDef):
            continue
        values: dict[str, Any] = {}
        for item in node.body:
            if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
                try:
                    values[item.targets[0].id] = ast.literal_eval(item.value)
                except (ValueError, RecursionError):
                    continue
        given, output = values.get("input_parameters"), values.get("output_parameters")
        if isinstance(given, dict) and isinstance(values.get("description"), str):
            kept = ("description", "input_parameters", "output_parameters")
            yield declared_tool(
                node.name,
                values["description"],
                _written(parameters(given, _required(node, list(given)))),
                {name: values[name] for name in kept if name in values},
                parameters(output) if isinstance(output, dict) else None,
            )


def _required(node: ast.ClassDef, names: list[str]) -> list[str]:
    """Parameters that the class's ``call`` does not do without; all of them where it cannot be told."""
    call = next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "call"), None)
    if call is None:
        return names
    taken = [argument.arg for argument in call.args.args[1:]]
    return taken[: len(taken) - len(call.args.defaults)]


def _written(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with text allowed for every value: the dialogues write numbers and lists as text, and
    API-Bank's own front end converts them by the declared type."""
    for value in schema["properties"].values():
        if isinstance(value.get("type"), str) and value["type"] != "string":
            value["type"] = [value["type"], "string"]
    return schema


FORMAT = ApiBankFolder()
