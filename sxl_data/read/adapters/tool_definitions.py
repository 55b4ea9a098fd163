"""Requests and calls composed from tool definitions alone: nothing is read but the definitions, and nothing is run.

In: the number of a task. Out: a trace: a request in English, the tools on offer, and the calls that answer it without
results (Observe → Act), or a sentence that says that no tool fits. ``tools`` names files of definitions: OpenAI tools,
what an MCP server answers to ``tools/list``, Seal-Tools' catalogue, bare JSON Schemas with a name; without it the
functions that sxl ships are asked for. Every value of a call stands in its request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from sxl_data.composed.functions import Function, families, families_digest
from sxl_data.composed.inferred import infer
from sxl_data.composed.near import Near
from sxl_data.composed.tasks import IRRELEVANT, PARALLEL, SEVERAL, Shares, Task, compose
from sxl_data.contract import patterns
from sxl_data.contract.errors import error
from sxl_data.files.json_text import load
from sxl_data.formats.declarations import tool_of
from sxl_data.formats.declared_tools import declared_tool, schema_of
from sxl_data.formats.seal_tools import catalogued
from sxl_data.read.files import made_from
from sxl_data.rules.arguments import compile_schema
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Option, Origin, Reading, Unit
from sxl_data.trace.types import Tool

SHOWN = 6
_NAME = patterns.compile(r"[A-Za-z0-9_-]{1,64}")


class Definitions(msgspec.Struct, frozen=True):
    """What tasks are composed of."""

    near: Near
    sha256: str


class ToolDefinitions:
    """Makes its rows: `tasks` of the source says how many."""

    name = "tool_definitions"
    title = "requests and calls composed from tool definitions"
    unit: Unit = "made"
    options: ClassVar = {
        "tools": Option("files of tool definitions, by path or glob; the functions that sxl ships without it"),
        "seed": Option("another seed makes other tasks (0)", int),
        "irrelevant": Option(f"share of the requests that no offered tool fits ({IRRELEVANT})", float),
        "parallel": Option(f"share with several calls of one tool in one turn ({PARALLEL})", float),
        "several": Option(f"share with calls of two or three tools in one turn ({SEVERAL})", float),
        "shown": Option(f"offer at most so many tools ({SHOWN})", int),
    }

    def detect(self, sample: Any) -> str | None:
        return None  # a file of definitions holds no traces

    def ready(self, source: str, options: Mapping[str, Any]) -> None:
        """Raises `UserError` U201 for files that are not there, U102 for definitions that no request can be made of and
        for shares that are none."""
        tools = options.get("tools")
        shares = [options.get(name, share) for name, share in Shares()._asdict().items()]
        if all(isinstance(share, int | float) for share in shares) and (min(shares) < 0 or sum(shares) > 1):
            wanted = "shares from 0 to 1, together at most 1"
            raise error("U102", found=" + ".join(map(str, shares)), expected=f"{wanted}, in {source}")
        if tools is None or isinstance(tools, str):  # else the check of the options says so
            try:
                compose(definitions(tools).near, 0, 0, Shares(), SHOWN)
            except ValueError as wrong:
                raise error("U102", file=tools, found=str(wrong), expected=f"tool definitions, in {source}") from None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        made_of = definitions(origin.options.get("tools"))
        shares = Shares(
            irrelevant=origin.options.get("irrelevant", IRRELEVANT),
            parallel=origin.options.get("parallel", PARALLEL),
            several=origin.options.get("several", SEVERAL),
        )
        seed, shown = origin.options.get("seed", 0), origin.options.get("shown", SHOWN)
        task = compose(made_of.near, document.value, seed, shares, shown)
        yield _reading(task, document, origin, made_of.sha256)


def definitions(tools: str | None) -> Definitions:
    """The functions of the files that ``tools`` names. Raises `UserError` U201, and ValueError where none is usable."""
    paths = made_from(tools) if tools is not None else []
    return _load(tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths))


@lru_cache(8)
def _load(files: tuple[tuple[Path, int, int], ...]) -> Definitions:
    """The functions of ``files``, with what says whether one was written anew; those that ship without any."""
    if not files:
        return Definitions(Near(list(families().values())), families_digest())
    functions: dict[str, Function] = {}
    digest = hashlib.sha256()
    for path, _, _ in files:
        content = path.read_bytes()
        digest.update(content)
        for tool, family in declared(content.decode("utf-8", "replace")):
            function = infer(tool, family) if _sound(tool) else None
            if function is not None:
                functions.setdefault(tool.name, function)
    return Definitions(Near(list(functions.values())), digest.hexdigest())


def _sound(tool: Tool) -> bool:
    """Whether the validator takes ``tool``; what it only warns of, names that servers refuse, is left out too."""
    schema = compile_schema(tool.parameters_json)
    return _NAME.fullmatch(tool.name) is not None and not any(fault[0] == "A303" for fault in schema.faults)


def declared(text: str) -> Iterator[tuple[Tool, str]]:
    """The tools that a file declares, each with its field where one is stated."""
    try:
        values = [load(text)]
    except ValueError:
        values = [load(line) for line in text.splitlines() if line.strip()]
    for value in values:
        yield from _tools(value)


def _tools(value: Any) -> Iterator[tuple[Tool, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _tools(item)
    elif isinstance(value, dict) and "api_name" in value:
        yield catalogued(value), str(value.get("field") or "")
    elif isinstance(value, dict):
        tool = tool_of(value)
        if tool is None:
            for key in ("tools", "result", "functions"):
                if key in value:
                    yield from _tools(value[key])
        elif tool.parameters_json:
            schema = load(tool.parameters_json)
            normal = schema_of(schema)
            yield (tool if normal == schema else declared_tool(tool.name, tool.description or "", normal, value)), ""


def _reading(task: Task, document: Document, origin: Origin, sha256: str) -> Reading:
    builder = Builder("tool_use", task.request)
    for tool in task.tools:
        builder.tool(tool)
    builder.observe(task.request)
    for number, (name, arguments) in enumerate(task.calls):
        builder.call(name, arguments, f"call_{number}")
    if task.answer:
        builder.say(task.answer, final=True)
    builder.ext = {"composed": {"kind": task.kind}}
    document = msgspec.structs.replace(document, value={"task": document.value}, sha256=sha256)
    reading = builder.build(
        document, origin, ToolDefinitions.name, source_id=str(document.row), group=f"{origin.source}/{task.group}"
    )
    made = msgspec.structs.replace(
        reading.trace.provenance, synthetic=True if origin.synthetic is None else origin.synthetic
    )
    return msgspec.structs.replace(reading, trace=msgspec.structs.replace(reading.trace, provenance=made))


FORMAT = ToolDefinitions()
