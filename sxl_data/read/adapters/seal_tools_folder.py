"""Seal-Tools with its catalogue: requests, and the tools as the catalogue declares them.

In: the folder with ``tool.jsonl`` and any of ``train.jsonl``, ``dev.jsonl``, ``test_*.jsonl``. Out: the traces
of `formats.seal_tools`, each with the tools that it calls, normalised to JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.formats.seal_tools import catalogued, read_request
from sxl_data.read.adapters.folders import json_lines
from sxl_data.trace.format import Document, Origin, Reading, RowError, Unit


class SealToolsFolder:
    """The published folder."""

    name = "seal_tools_folder"
    title = "Seal-Tools requests with the tools of the catalogue"
    unit: Unit = "folder"
    suffixes = (".jsonl",)

    def detect(self, sample: Any) -> str | None:
        return None  # a folder is not guessed at

    def read(self, document: Document, origin: Origin) -> Iterator[Reading | RowError]:
        catalogue, requests = {}, []
        for path, text in sorted(document.value.items()):
            for row, (line, value) in enumerate(json_lines(path, text)):
                if isinstance(value, RowError):
                    yield value
                elif isinstance(value, dict) and "api_name" in value:
                    catalogue[str(value["api_name"])] = catalogued(value)
                else:
                    requests.append(Document(file=path, value=value, lines=(line,), sha256=document.sha256, row=row))
        for request in requests:
            try:
                yield read_request(request, origin, "seal_tools", catalogue)
            except RowError as problem:
                problem.file, problem.line = request.file, request.lines[0]
                yield problem


FORMAT = SealToolsFolder()
