"""Calls and results as they really come: reused ids, late answers, copies, other orders."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from sxl_data.rules.order import check as check_order
from sxl_data.rules.pairing import check
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


@pytest.mark.parametrize(
    ("sketch", "expected"),
    [
        ("user; call a b; got a b; end", []),
        ("user; call a; got a; call a; got a; end", ["P102"]),
        ("user; call a b; got b a; end", ["P109"]),
        ("user; call a a; got a a; end", ["P101"]),
        ("user; call a; got a a; end", ["P106"]),
        ("user; call a b; got a; end", ["P103"]),
        ("user; call a; got a; call b", ["P104"]),
        ("user; call a b; got a", ["P104"]),
        ("user; call a b; got a; call c; got b c; end", ["P110"]),
        ("user; call a; got a x; end", ["P105"]),
        ("user; call a; got a b; call b; got; end", ["P110"]),
        ("user; call ''; got ''; end", ["P107", "P107"]),
        ("user; call a; got; end", ["P111"]),
        ("user; call a b", ["P111"]),
    ],
)
def test_pairing(sketch: str, expected: list[str]):
    assert [fault.code for fault in check(trace(*sketch.split("; ")))] == expected


@pytest.mark.parametrize(
    ("sketch", "expected"),
    [
        ("user; think; call a; got a; end", []),
        ("user; end; user; end", []),
        ("user; think; think; say; user; end", []),
        ("say; user; end", ["O201"]),
        ("user; call a; env; got a; end", ["O202"]),
        ("user; got x; end", ["O203"]),
        ("user; think; user; end", ["O204"]),
        ("user; call a; user; got a; end", ["O206"]),
        ("user; call a; got a", ["O207"]),
        ("user; call a", []),
        ("user; end; end", ["O208"]),
        ("user; end; call a; got a; say", ["O209"]),
        ("user; env", ["O212"]),
        ("", ["O212"]),
    ],
)
def test_order(sketch: str, expected: list[str]):
    assert [fault.code for fault in check_order(trace(*filter(None, sketch.split("; "))))] == expected


@pytest.mark.parametrize(
    "sketch",
    [
        "user; call a; user; got a; end",
        "user; call a; env; got a; end",
        "user; got x; end",
        "user; call a b; got a; call c; got b c; end",
    ],
)
def test_one_thing_that_is_wrong_is_said_by_one_family(sketch: str):
    made = trace(*sketch.split("; "))
    assert len([*check(made), *check_order(made)]) == 1


@pytest.mark.parametrize("sketch", ["user; call a b; got a; end", "user; call a; end", "user; call a b; got b; call a"])
def test_a_call_that_the_host_runs_needs_no_result(sketch: str) -> None:
    made = trace(*sketch.split("; "))
    steps = tuple(
        replace(step, calls=tuple(replace(call, kind="server") for call in step.calls))
        if isinstance(step, Act)
        else step
        for step in made.steps
    )
    assert {"P103", "P104", "P111"} & {fault.code for fault in check(made)}
    assert {"P102"} >= {fault.code for fault in check(replace(made, steps=steps))}
