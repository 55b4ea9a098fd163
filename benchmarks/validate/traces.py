"""Traces made by a seed: clean, of the size and shape of an agent's."""

from __future__ import annotations

import json
import random
from typing import Any

WORDS = [
    "the",
    "a",
    "file",
    "test",
    "run",
    "fix",
    "error",
    "line",
    "python",
    "module",
    "function",
    "value",
    "return",
    "list",
    "dict",
    "parse",
    "check",
    "update",
    "config",
    "server",
    "client",
    "data",
    "path",
    "name",
    "open",
    "read",
    "write",
    "result",
    "failed",
    "passed",
    "build",
    "import",
    "class",
    "self",
    "def",
]
TOOL = {
    "type": "object",
    "properties": {"command": {"type": "string"}, "timeout": {"type": "integer"}},
    "required": ["command"],
}

# One registry for all traces, as its command line has it: the tools are the same in each.


def words(rng: random.Random, size: int) -> str:
    """About ``size`` characters of text."""
    out: list[str] = []
    while size > 0:
        out.append(rng.choice(WORDS))
        size -= len(out[-1]) + 1
    return " ".join(out)


def make_trace(number: int, rng: random.Random) -> dict[str, Any]:
    """A clean ten-step trace: system, task, two loops with two parallel calls each, thought, answer."""

    def text(size: int) -> list[dict[str, str]]:
        return [{"type": "text", "text": words(rng, size)}]

    steps: list[dict[str, Any]] = [
        {"phase": "observe", "origin": "system", "content": text(700)},
        {"phase": "observe", "origin": "user", "content": text(500)},
    ]
    for loop in range(2):
        ids = [f"call_{number}_{loop}_{k}" for k in range(2)]
        steps.append({"phase": "reflect", "text": words(rng, 400)})
        calls = [
            {
                "call_id": i,
                "name": rng.choice(("bash", "edit")),
                "arguments_json": json.dumps({"command": words(rng, 120), "timeout": 30}),
            }
            for i in ids
        ]
        steps.append({"phase": "act", "kind": "tool", "content": text(100), "calls": calls})
        results = [{"call_id": i, "content": text(850), "status": "ok", "exit_code": 0} for i in ids]
        steps.append({"phase": "iterate", "results": results, "decision": "finish" if loop else "continue"})
    steps.append({"phase": "reflect", "text": words(rng, 200)})
    steps.append({"phase": "act", "kind": "message", "content": text(350), "final": True})
    turn = iteration = 0
    for index, step in enumerate(steps):
        turn += step["phase"] == "reflect"
        step.update(index=index, turn=turn, iteration=iteration)
        iteration += step["phase"] == "iterate"
    tools = [
        {"name": name, "description": f"The tool {name}.", "parameters_json": json.dumps(TOOL)}
        for name in ("bash", "edit")
    ]
    return {
        "schema_version": "1.0",
        "trace_id": f"bench:{number:016x}",
        "kind": "agent",
        "task": words(rng, 60),
        "agent": {"name": "bench"},
        "tools": tools,
        "steps": steps,
        "outcome": {"status": "success"},
        "provenance": {
            "source": "bench",
            "source_id": str(number),
            "source_sha256": f"{rng.getrandbits(256):064x}",
            "licence": "MIT",
            "converter": "bench",
            "converter_version": "1",
        },
    }
