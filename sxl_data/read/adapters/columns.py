"""Rows of any table, by the names of their columns.

In: a row, and the recipe's ``columns:``, which says what each column is for: ``prompt`` and ``answer``, or
``messages``; beside them ``reasoning``, ``system``, ``input``, ``tools``, ``language``, ``group`` and ``id``. A name
that no column has is a path into it (``reply.text``). Out: the trace of the pair, or of the messages, as if the row had
been written with the names that sxl knows. A column that is not named is kept under ``ext_json``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar

import msgspec

from sxl_data.contract.errors import error
from sxl_data.files.json_text import dump, load_object, open_text
from sxl_data.formats.beside import as_format, in_its_form
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.openai_chat import read_row
from sxl_data.formats.spoken import is_marked_up, tell
from sxl_data.read.language import guess_language
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Option, Origin, Reading, RowError, Unit

NAME = "columns"
ROLES = ("prompt", "answer", "messages", "reasoning", "system", "input", "tools", "language", "group", "id")


def refused(columns: Any) -> str | None:
    """What is wrong with the table ``columns`` of role and column; None where it can be read by."""
    if not isinstance(columns, dict) or not columns:
        return "no columns"
    unknown = [role for role in columns if role not in ROLES]
    if unknown:
        return f"the role {unknown[0]!r}"
    if "messages" not in columns and not {"prompt", "answer"} <= columns.keys():
        return "columns without a prompt and an answer"
    return None


def named(text: str) -> dict[str, str]:
    """The columns of a command line, ``prompt=Customer Prompt,answer=reply``; a comma may be part of a name where no
    role follows it. Raises `UserError` U401."""
    found: dict[str, str] = {}
    last = ""
    for piece in text.split(","):
        role, equals, name = piece.partition("=")
        if equals and role.strip() in ROLES:
            last = role.strip()
            found[last] = name.strip()
        elif last:
            found[last] += f",{piece}"
        else:
            raise error("U401", found=f"--columns {text}", expected=f"ROLE=COLUMN,… with roles of {', '.join(ROLES)}")
    if (wrong := refused(found)) is not None:
        raise error("U401", found=f"--columns {text}: {wrong}", expected="prompt and answer, or messages")
    return found


class Columns:
    """Rows of a table whose columns the recipe names."""

    name = NAME
    title = "rows of any table, their columns named in the recipe"
    unit: Unit = "row"
    options: ClassVar = {"columns": Option("what each column is for, as the key `columns` of a source", dict[str, str])}
    composes = (("observe", "a prompt and its input are put together"), ("task", "a prompt and its input"))

    def detect(self, sample: Any) -> str | None:
        return None  # nobody can know what a column is for

    def ready(self, source: str, options: dict[str, Any]) -> None:
        """Refuses columns by which no row can be read."""
        if (wrong := refused(options.get("columns"))) is not None:
            expected = f"prompt and answer, or messages, and of {', '.join(ROLES)}"
            raise error("U102", found=f"{wrong} in {source}", expected=expected)

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row, columns = document.value, origin.options.get("columns", {})
        if not isinstance(row, dict):
            raise RowError(type(row).__name__, "a row with columns")
        if (wrong := refused(columns)) is not None:
            raise RowError(wrong, "columns of prompt and answer, or of messages")
        told = {role: _value(row, name) for role, name in columns.items()}
        needed = ("messages",) if "messages" in columns else ("prompt", "answer")
        for role in needed:
            if told[role] is None or told[role] in ("", []):
                there = _top(row, columns[role]) in row
                found = "nothing" if there else f"columns {', '.join(map(str, row))}"
                raise RowError(found, f"the {role} in {columns[role]!r}", f"/{_pointed(row, columns[role])}")
        reading = (_messages if "messages" in columns else _pair)(document, origin, told, columns)
        used = {_top(row, name) for name in columns.values()}
        rest = {key: value for key, value in row.items() if key not in used and value not in (None, "", [], {})}
        if rest and origin.lossless:
            ext = {**(load_object(reading.trace.ext_json) or {}), NAME: rest}
            trace = msgspec.structs.replace(reading.trace, ext_json=dump(ext))
            reading = msgspec.structs.replace(reading, trace=trace)
        group = told.get("group")
        yield reading if group is None else msgspec.structs.replace(reading, group=str(group))


FORMAT = Columns()


def _top(row: dict[str, Any], name: str) -> str:
    return name if name in row else name.split(".")[0]


def _pointed(row: dict[str, Any], name: str) -> str:
    """``name`` as a JSON pointer without its first slash."""
    parts = [name] if name in row else name.split(".")
    return "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


def _value(row: dict[str, Any], name: str) -> Any:
    """What ``row`` has in the column ``name``, or at that path."""
    if name in row:
        return row[name]
    held: Any = row
    for key in name.split("."):
        held = held.get(key) if isinstance(held, dict) else None
    return held


def _messages(document: Document, origin: Origin, told: dict[str, Any], columns: dict[str, str]) -> Reading:
    messages = open_text(told["messages"])
    if not isinstance(messages, list):
        raise RowError(type(messages).__name__, "a list of messages", f"/{columns['messages']}")
    flat: dict[str, Any] = {"messages": messages}
    if told.get("tools"):
        flat["tools"] = open_text(told["tools"])
    if isinstance(told.get("system"), str):
        flat["system"] = told["system"]
    if told.get("id") is not None:
        flat["id"] = str(told["id"])
    places = {f"/{role}": f"/{_pointed(document.value, name)}" for role, name in columns.items()}
    return as_format(read_row(flat, in_its_form(document, document.value), origin, NAME), NAME, places)


def _pair(document: Document, origin: Origin, told: dict[str, Any], columns: dict[str, str]) -> Reading:
    texts = {role: _text(value) for role, value in told.items() if value is not None and role not in ("tools", "group")}
    at = {role: f"/{_pointed(document.value, name)}" for role, name in columns.items()}
    builder = Builder("reasoning" if texts.get("reasoning") else "instruction")
    for tool in tools_of(open_text(told.get("tools"))):
        builder.tool(tool, at=at["tools"])
    if texts.get("system"):
        builder.observe(texts["system"], "system", at=at["system"])
    builder.task = "\n\n".join(text for text in (texts["prompt"], texts.get("input", "")) if text.strip())
    builder.observe(builder.task, at=at["prompt"])
    if texts.get("reasoning"):
        builder.reflect(texts["reasoning"], at=at["reasoning"])
    if is_marked_up(texts["answer"]):
        tell(builder, texts["answer"], count(), {}, at=at["answer"])
    else:
        builder.say(texts["answer"], final=True, at=at["answer"])
    language = guess_language(texts["answer"], texts.get("language") or None)
    return builder.build(document, origin, NAME, source_id=texts.get("id") or None, language=language)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dump(value)
