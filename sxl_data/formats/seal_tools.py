"""Seal-Tools rows: a request and the API calls that answer it, all given in one response.

In: ``{"id", "query", "calling": [{"api", "parameters", "responses"}]}``; an argument ``API_call_0`` stands
for a value that an earlier call of the row returns. Out: Observe → one Act with all calls, in order. There
are no results. Tools are inferred from the calls; the source adapter ``seal_tools_folder`` takes them from
the catalogue (Wu et al. 2024, https://github.com/fairyshine/Seal-Tools).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.declared_tools import declared_tool, inferred_tools, parameters
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Tool


class SealTools:
    """Format of the train, dev and test files."""

    name = "seal_tools"
    title = "Seal-Tools requests with golden calls"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """Rows with a query and what it calls."""
        if (
            isinstance(sample, dict)
            and isinstance(sample.get("query"), str)
            and isinstance(sample.get("calling"), list)
        ):
            return "has `query` and `calling`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        yield read_request(document, origin, self.name, {})


FORMAT = SealTools()


def read_request(document: Document, origin: Origin, name: str, catalogue: dict[str, Tool]) -> Reading:
    """The trace of one request; a tool that ``catalogue`` lacks is inferred from its calls."""
    row = document.value
    if not isinstance(row, dict) or not isinstance(row.get("query"), str) or not isinstance(row.get("calling"), list):
        raise RowError("no `query` or `calling`", "a request and its calls")
    builder = Builder("tool_use", row["query"])
    calls = [item for item in row["calling"] if isinstance(item, dict)]
    names = dict.fromkeys(str(item.get("api")) for item in calls)
    inferred = {tool.name: tool for tool in inferred_tools([(str(c.get("api")), c.get("parameters")) for c in calls])}
    for known in names:
        builder.tool(catalogue.get(known) or inferred[known])
    builder.observe(row["query"], at="/query")
    for k, item in enumerate(calls):
        builder.call(str(item.get("api")), dump(item.get("parameters") or {}), f"call_{k}", at=f"/calling/{k}")
    returned = {f"call_{k}": item["responses"] for k, item in enumerate(calls) if item.get("responses")}
    if returned:
        builder.ext = {"seal_tools": {"responses": returned}}
    return builder.build(document, origin, name, source_id=str(row.get("id") or document.row))


def catalogued(item: dict[str, Any]) -> Tool:
    """A tool of the catalogue: ``{"api_name", "api_description", "parameters", "required", "responses"}``."""
    properties = item.get("parameters") if isinstance(item.get("parameters"), dict) else {}
    required = item.get("required") if isinstance(item.get("required"), list) else []
    output = item.get("responses") if isinstance(item.get("responses"), dict) else None
    return declared_tool(
        str(item["api_name"]),
        str(item.get("api_description") or ""),
        parameters(properties or {}, required or []),
        item,
        None if output is None else parameters(output, []),
    )
