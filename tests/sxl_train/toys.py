"""Toy rows, a toy dataset folder and a tiny base for the training tests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.write.manifest import Manifest, encode, seal

ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
            "additionalProperties": False,
        },
    },
}


def make_messages(a: int, b: int, loops: int = 1) -> list[dict[str, Any]]:
    """A task with ``loops`` calls of add, each with reasoning, and a final answer."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": f"What is {a} plus {b}, {loops} times?"}]
    for index in range(loops):
        call = {"id": f"c{index}", "type": "function", "function": {"name": "add", "arguments": {"a": a, "b": b}}}
        messages.append(
            {
                "role": "assistant",
                "content": "",
                "reasoning_content": f"Round {index}: I add {a} and {b}.",
                "tool_calls": [call],
            }
        )
        messages.append({"role": "tool", "content": str(a + b), "name": "add", "tool_call_id": f"c{index}"})
    messages.append({"role": "assistant", "content": f"The sum is {a + b}."})
    return messages


def write_dataset(folder: Path, train: int = 60, validation: int = 8) -> Path:
    """A folder like the one that sxl-data build writes."""
    (folder / "data").mkdir(parents=True)
    count = 0
    for split, size in (("train", train), ("validation", validation), ("test", validation)):
        rows = []
        for _ in range(size):
            a, b = count % 17, count % 13
            messages = make_messages(a, b, 1 + count % 3)
            for message in messages:
                for call in message.get("tool_calls", []):
                    call["function"]["arguments"] = json.dumps(call["function"]["arguments"])
            rows.append({"trace_id": f"toy:{count:04d}", "messages": messages, "tools": json.dumps([ADD])})
            count += 1
        pq.write_table(pa.Table.from_pylist(rows), folder / "data" / f"{split}-00000-of-00001.parquet")
    write_manifest(folder)
    return folder


def write_manifest(folder: Path) -> None:
    """The manifest of what lies in ``folder / "data"``."""
    digests = {
        f"data/{path.name}": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted((folder / "data").iterdir())
    }
    manifest = Manifest(
        name="toy",
        sxl_version="0",
        seed=0,
        recipe={},
        sources=[],
        stages=[],
        splits={},
        leakage={},
        benchmarks={},
        files=digests,
        versions={},
    )
    (folder / "manifest.json").write_bytes(encode(seal(manifest)))


TINY = (
    "base.vocabulary=512",
    "base.hidden=64",
    "base.layers=2",
    "base.heads=2",
    "base.groups=1",
    "base.mlp=128",
    "base.context=512",
    "base.steps=3",
    "base.tokens=512",
)
"""Overrides that make the toy base tiny."""
