"""The places of a trace where something is planted, behind every escape that hides it there."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from sxl_data.trace.types import Act, Agent, Call, Iterate, Observe, Part, Provenance, Reflect, Result, Tool, Trace


def trace(number: int, said: str = "Look at this.", **more: Any) -> Trace:
    """A small agent trace; ``more`` are parts of it that hold what is planted."""
    call = Call(
        call_id=more.get("call_id", "c1"),
        name=more.get("name", "bash"),
        arguments_json=more.get("arguments", '{"command": "ls"}'),
    )
    result = Result(
        call_id=call.call_id,
        status="ok",
        content=more.get("content", (Part(text="a b"),)),
        structured_json=more.get("structured"),
        error_message=more.get("message"),
    )
    steps = (
        Observe(index=0, origin="user", content=(Part(text=said),)),
        Reflect(index=1, turn=1, text=more.get("thought", "I list the files.")),
        Act(index=2, turn=1, kind="tool", calls=(call,)),
        Iterate(index=3, turn=1, results=(result,), decision="continue"),
        Act(
            index=4, turn=2, iteration=1, kind="message", content=(Part(text=more.get("answer", "Done.")),), final=True
        ),
    )
    return Trace(
        schema_version="1.0",
        trace_id=f"planted:{number:06d}",
        kind="agent",
        task=more.get("task", "List."),
        steps=steps,
        tools=(
            Tool(
                name=call.name,
                description=more.get("tool", "A shell."),
                parameters_json=more.get("schema", '{"type": "object"}'),
            ),
        ),
        agent=Agent(name="a", model=more.get("model", "m")),
        ext_json=more.get("ext"),
        provenance=Provenance(source="planted", source_id=more.get("source_id", "1")),
        subtraces=more.get("subtraces", ()),
    )


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def unicode_escaped(text: str) -> str:
    return '{"command": "' + "".join(f"\\u{ord(c):04x}" for c in text) + '"}'


def wrapped(text: str) -> str:
    width = max(8, len(text) // 2 + 1)
    return "\n".join(text[i : i + width] for i in range(0, len(text), width))


def halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def address(text: str) -> str:
    return f"https://h.io/x?q={quote(text, safe='')}"


def coloured(text: str) -> str:
    return "\x1b[32m" + "\n\x1b[1;31m".join(text.split("\n")) + "\x1b[0m ok"


WHOLE: dict[str, Callable[[str, int], Trace]] = {
    "user": lambda s, n: trace(n, f"Here it is:\n{s}\nUse it."),
    "answer": lambda s, n: trace(n, answer=f"I found this:\n\n```\n{s}\n```\n"),
    "reasoning": lambda s, n: trace(n, thought=f"The file says\n{s}\nso I go on."),
    "result": lambda s, n: trace(n, content=(Part(text=f"$ cat x\n{s}\n$"),)),
    "task": lambda s, n: trace(n, task=f"Deploy with\n{s}"),
    "arguments": lambda s, n: trace(n, arguments=dumps({"command": s})),
    "arguments, escaped newline": lambda s, n: trace(n, arguments=dumps({"command": f"set -e\n{s}\necho x"})),
    "JSON in arguments": lambda s, n: trace(n, arguments=dumps({"body": dumps({"text": f"a\n{s}\nb"})})),
    "arguments, \\u escapes": lambda s, n: trace(n, arguments=unicode_escaped(s)),
    "tool description": lambda s, n: trace(n, tool=f"Calls it with\n{s}"),
    "tool schema": lambda s, n: trace(n, schema=dumps({"type": "object", "description": f"x\n{s}"})),
    "data part": lambda s, n: trace(n, content=(Part(type="data", data_json=dumps({"a": [f"{s}"]})),)),
    "structured result": lambda s, n: trace(n, structured=dumps({"stdout": f"> \t{s}\n"})),
    "error message": lambda s, n: trace(n, message=f"failed:\n{s}"),
    "extension": lambda s, n: trace(n, ext=dumps({"x": {"raw": s}})),
    "subtrace": lambda s, n: trace(n, subtraces=(trace(10**5 + n, f"It is:\n{s}"),)),
    "uri, percent-encoded": lambda s, n: trace(n, content=(Part(type="file", uri=address(s)),)),
    "coloured": lambda s, n: trace(n, content=(Part(text=coloured(s)),)),
    "base64": lambda s, n: trace(n, content=(Part(text="blob: " + base64.b64encode(b"a: b\n" + s.encode()).decode()),)),
}
"""Places for any text."""
TOKEN: dict[str, Callable[[str, int], Trace]] = {
    "call id": lambda s, n: trace(n, call_id=s),
    "tool name": lambda s, n: trace(n, name=s),
    "model": lambda s, n: trace(n, model=s),
    "source id": lambda s, n: trace(n, source_id=f"run-{s}"),
    "split over lines": lambda s, n: trace(n, content=(Part(text=f"key:\n{wrapped(s)}\n"),)),
    "split over messages": lambda s, n: trace(
        n, content=(Part(text=f"got {halves(s)[0]}"),), answer=f"{halves(s)[1]} is it"
    ),
}
"""Places for a token that stands alone."""
