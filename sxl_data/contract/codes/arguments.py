"""A: tools and the arguments of calls."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="A301",
        rule="undeclared-tool",
        level="error",
        title="A call names a tool that is not declared",
        why="the model would learn to call tools that it was not offered",
        fix="declare the tool, or correct the name",
    ),
    Code(
        code="A302",
        rule="tools-missing",
        level="warning",
        title="The trace has calls and declares no tool",
        why="the model would learn calls without seeing what it can call",
        fix="add the tool declarations that the model had",
    ),
    Code(
        code="A303",
        rule="invalid-tool-schema",
        level="error",
        title="A tool's parameters are no valid JSON Schema",
        why="servers refuse it, and arguments cannot be checked",
        fix="correct the schema (JSON Schema 2020-12)",
    ),
    Code(
        code="A304",
        rule="tool-schema-dialect",
        level="warning",
        fixable=True,
        title="A tool's parameters are in a dialect of JSON Schema",
        why="types such as `dict` or `float` and `required: true` mean nothing to a validator",
        fix="use `object`, `number`, … and a list `required`, or run validate --fix",
    ),
    Code(
        code="A305",
        rule="arguments-not-json",
        level="error",
        title="The arguments of a call are not JSON",
        why="the model would learn calls that cannot be parsed",
        fix="write them as JSON, or declare the call as `custom` if its input is free text",
    ),
    Code(
        code="A306",
        rule="arguments-not-object",
        level="error",
        title="The arguments of a call are no JSON object",
        why="a function takes named arguments",
        fix="wrap the value under the name of its parameter",
    ),
    Code(
        code="A307",
        rule="arguments-violate-schema",
        level="error",
        title="The arguments do not fit the tool's parameters",
        why="the model would learn calls that the tool refuses",
        fix="correct the arguments, or the declaration if it is the one that is wrong",
    ),
    Code(
        code="A308",
        rule="arguments-double-encoded",
        level="error",
        title="The arguments are JSON inside a JSON string",
        why="the template would render a quoted string where the model must write an object",
        fix="decode them once",
    ),
    Code(
        code="A309",
        rule="unknown-argument",
        level="warning",
        title="An argument is not among the tool's parameters",
        why="the schema allows it only because it does not forbid it; it is usually made up or misspelt",
        fix="use a declared name, or declare the parameter",
    ),
    Code(
        code="A310",
        rule="duplicate-tool-name",
        level="error",
        title="Two tools have the same name",
        why="a call cannot say which one it means",
        fix="rename or remove one",
    ),
    Code(
        code="A311",
        rule="unportable-tool-name",
        level="warning",
        title="A tool's name is refused by common APIs",
        why="they accept 1 to 64 letters, digits, _ and - only",
        fix="rename the tool in declarations and calls",
    ),
)
