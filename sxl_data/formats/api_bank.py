"""API-Bank dialogues: user, assistant and API turns, one JSONL file each.

In: the records ``{"role": "User" | "AI" | "API", …}`` of one dialogue; an API turn carries its arguments
and what the API returned. Out: one trace. An assistant's text right before an API turn belongs to the
same response. The files declare no tools, so the tools are inferred from the calls; the whole folder with
the tools' own source is read by the source adapter ``api_bank_folder``
(Li et al. 2023, https://github.com/AlibabaResearch/DAMO-ConvAI/tree/main/api-bank).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.declared_tools import inferred_tools
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Result, Tool, parts

ROLES = {"User", "AI", "API"}


class ApiBank:
    """Format of the dialogues of levels 1 and 2."""

    name = "api_bank"
    title = "API-Bank dialogues with API turns"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Records with role User, AI or API."""
        if (
            isinstance(sample, list)
            and sample
            and all(isinstance(r, dict) and str(r.get("role")) in ROLES for r in sample)
        ):
            return "has turns of role User, AI and API"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        yield read_dialogue(document, origin, self.name)


FORMAT = ApiBank()


def read_dialogue(document: Document, origin: Origin, name: str, tools: list[Tool] | None = None) -> Reading:
    """The trace of a dialogue, with ``tools`` or those that its calls show."""
    records = document.value
    if not isinstance(records, list) or not any(isinstance(r, dict) and r.get("role") == "User" for r in records):
        raise RowError("no turn of role User", "a dialogue")
    calls = [
        (str(r.get("api_name")), r.get("param_dict")) for r in records if isinstance(r, dict) and r.get("role") == "API"
    ]
    builder = Builder("tool_use")
    for tool in inferred_tools(calls) if tools is None else tools:
        builder.tool(tool)
    number = 0
    for i, record in enumerate(records):
        at, line = f"/{i}", document.lines[i] if i < len(document.lines) else None
        role = record.get("role") if isinstance(record, dict) else None
        if role == "User":
            builder.task = builder.task or str(record.get("text"))
            builder.observe(str(record.get("text")), at=at, line=line)
        elif role == "AI":
            builder.end_turn()
            builder.say(str(record.get("text")), at=at, line=line)
        elif role == "API":
            call_id = f"call_{number}"
            number += 1
            builder.call(str(record.get("api_name")), dump(record.get("param_dict")), call_id, at=at, line=line)
            if isinstance(record.get("result"), dict):
                builder.result(result_of(call_id, record["result"]), at=f"{at}/result", line=line)
        else:
            raise RowError(repr(role), "role User, AI or API", f"{at}/role")
    scenario = document.file.rsplit("/", 1)[-1].split("-level-")[0]
    return builder.build(document, origin, name, source_id=document.file, group=f"{origin.source}/{scenario}")


def result_of(call_id: str, returned: dict[str, Any]) -> Result:
    """What an API returned: its output, or the exception's text as an error."""
    output, exception = returned.get("output"), returned.get("exception")
    text = output if isinstance(output, str) else "" if output is None else dump(output)
    if exception is None:
        # The text of a number and a text of digits look alike; the JSON beside it tells them apart.
        structured = None if isinstance(output, str) or output is None else text
        return Result(call_id=call_id, content=parts(text), status="ok", structured_json=structured)
    return Result(call_id=call_id, content=parts(text), status="error", error_message=str(exception))
