"""Traces from a few words, for tests of the rules."""

from __future__ import annotations

from typing import Any

from sxl_data.trace.types import Act, Call, Iterate, Observe, Part, Provenance, Reflect, Result, Step, Trace

SAID = (Part(text="hello"),)


def trace(*sketch: str) -> Trace:
    """Steps by sketch: ``user``, ``env``, ``think``, ``say``, ``end``, ``call a b``, ``got a b``."""
    steps: list[Step] = []
    turn, acted = 0, True
    for index, line in enumerate(sketch):
        word, *ids = line.split()
        if word in ("think", "say", "end", "call") and acted:
            turn, acted = turn + 1, False
        common: dict[str, Any] = {"index": index, "turn": turn}
        if word in ("user", "env"):
            steps.append(Observe(origin="user" if word == "user" else "environment", content=SAID, **common))
        elif word == "think":
            steps.append(Reflect(text="hm", **common))
        elif word == "got":
            results = tuple(Result(call_id=i.strip("'"), status="ok", content=SAID) for i in ids)
            steps.append(Iterate(results=results, **common))
        else:
            acted = True
            calls = tuple(Call(call_id=i.strip("'"), name="f", arguments_json="{}") for i in ids)
            steps.append(
                Act(kind="tool" if calls else "message", content=SAID, calls=calls, final=word == "end", **common)
            )
    return Trace(
        schema_version="1.0", trace_id="t", kind="agent", steps=tuple(steps), provenance=Provenance(source="s")
    )
