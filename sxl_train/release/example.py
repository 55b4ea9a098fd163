"""The conversation of the snippets and of the check: a question with declared tools that the model was measured on.

Taken from an evaluation's samples, the first one whose calls are exact, else valid; without one, the first row of the
dataset's smallest split that begins with a call. What the person asks, and nothing of the answer, goes in.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data.contract.errors import error
from sxl_train.evaluate.samples import read_samples
from sxl_train.release.finished import Finished
from sxl_train.run.objects import Object, Value

BEST = ("exact calls", "exact", "valid calls", "valid")
"""Measures of single turns with calls, the strictest first."""


def choose(run: Finished) -> Object:
    """``messages`` and ``tools`` as chat templates take them. Raises `UserError` T601 where nothing calls a tool."""
    found = _measured(run.evaluations.get("release")) or _row(run.dataset)
    if found is None:
        raise error("T601", file=str(run.folder), found="no question with tools", expected="an evaluation or a dataset")
    return found


def _measured(folder: Path | None) -> Object | None:
    if folder is None or not (folder / "samples.parquet").is_file():
        return None
    outcomes = read_samples(folder / "samples.parquet")
    for measure in BEST:
        for outcome in outcomes:
            if outcome.scores.get(measure) == 1.0:
                request = msgspec.json.decode(outcome.request)
                if isinstance(request, dict) and request.get("tools") and request.get("messages"):
                    return {"messages": request["messages"], "tools": request["tools"]}
    return None


def _row(dataset: Path | None) -> Object | None:
    """A conversation up to its first call."""
    import pyarrow.parquet as pq

    files = sorted((dataset / "data").glob("*.parquet"), key=lambda path: path.stat().st_size) if dataset else []
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(64, columns=["messages", "tools"]):
                for row in batch.to_pylist():
                    messages: list[Object] = row["messages"]
                    at = next((n for n, m in enumerate(messages) if m["role"] == "assistant"), 0)
                    if at and row["tools"] and messages[at].get("tool_calls"):
                        asked = [{key: m[key] for key in ("role", "content")} for m in messages[:at]]
                        return {"messages": asked, "tools": _tools(row["tools"])}
    return None


def _tools(cell: Value) -> list[Object]:
    """Declarations of a row: a list, as JSON text of the whole or of each, as builds write them."""
    listed = msgspec.json.decode(cell) if isinstance(cell, str) else cell
    return [msgspec.json.decode(tool) if isinstance(tool, str) else tool for tool in listed]
