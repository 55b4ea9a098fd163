"""Calls and results as they really come: reused ids, late answers, copies, other orders."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sxl_data.rules import Fault
from sxl_data.rules.order import check as check_order
from sxl_data.rules.pairing import check
from sxl_data.trace.types import Act
from tests.sxl_data.rules.sketches import trace


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


FAULTS = [
    (
        "user; call a; got a; call a; got a; end",
        [Fault("P102", "/steps/3/calls/0/call_id", "'a'", "another id", ("/steps/1/calls/0",))],
    ),
    (
        "user; call a a; got a a; end",
        [Fault("P101", "/steps/1/calls/1/call_id", "'a'", "another id", ("/steps/1/calls/0",))],
    ),
    (
        "user; call a b c; got b c a; end",
        [Fault("P109", "/steps/2/results/2", "b, c, a", "the order of the calls: a, b, c")],
    ),
    (
        "user; call a b c; got c b a; end",
        [Fault("P109", "/steps/2/results/1", "c, b, a", "the order of the calls: a, b, c")],
    ),
    (
        "user; call a; got a a; end",
        [
            Fault(
                "P106",
                "/steps/2/results/1",
                "a second result for 'a'",
                "one result for each call",
                ("/steps/2/results/0",),
            )
        ],
    ),
    ("user; call a b; got a; end", [Fault("P103", "/steps/1/calls/1", "no result for 'b'", "a result")]),
    ("user; call a; got a; call b", [Fault("P104", "/steps/3/calls/0", "no result for 'b'", "a result")]),
    ("user; call a; got a; call b; got; user", [Fault("P103", "/steps/3/calls/0", "no result for 'b'", "a result")]),
    ("user; call a; got; call b; got b", [Fault("P103", "/steps/1/calls/0", "no result for 'a'", "a result")]),
    (
        "user; call a b; got a; got b; end",
        [
            Fault(
                "P110",
                "/steps/3/results/0",
                "an answer to 'b' of an earlier act",
                "it right after its act",
                ("/steps/1/calls/1",),
            )
        ],
    ),
    (
        "user; call a; env; call b; got a b; end",
        [
            Fault(
                "P110",
                "/steps/4/results/0",
                "an answer to 'a' of an earlier act",
                "it right after its act",
                ("/steps/1/calls/0",),
            )
        ],
    ),
    (
        "user; call a; got b; call c b; got c",
        [
            Fault(
                "P110",
                "/steps/2/results/0",
                "an answer to 'b' before its call",
                "it right after its act",
                ("/steps/3/calls/1",),
            ),
            Fault("P103", "/steps/1/calls/0", "no result for 'a'", "a result"),
        ],
    ),
    (
        "got a; call b a; got b; end",
        [
            Fault(
                "P110",
                "/steps/0/results/0",
                "an answer to 'a' before its call",
                "it right after its act",
                ("/steps/1/calls/1",),
            )
        ],
    ),
    ("user; call a b; got a b x; end", [Fault("P105", "/steps/2/results/2/call_id", '"x"', 'one of "a", "b"')]),
    (
        "user; call a; got a; env; got b a; end",
        [
            Fault("P105", "/steps/4/results/0/call_id", '"b"', "the id of a call"),
            Fault(
                "P106",
                "/steps/4/results/1",
                "a second result for 'a'",
                "one result for each call",
                ("/steps/2/results/0",),
            ),
        ],
    ),
    (
        "user; call '' a; got '' a; end",
        [
            Fault("P107", "/steps/1/calls/0/call_id", '""', "an id"),
            Fault("P107", "/steps/2/results/0/call_id", '""', "the id of the call it answers"),
        ],
    ),
    ("user; call a; got; call b; got", [Fault("P111", "/steps/3", "calls without any result", "results")]),
    ("user; call a; user; got a; end", []),
    ("call a b; got a b; end", []),
    ("user; call a; user; call b; got a b; end", []),
    (
        "user; call a; call b; got a b; end",
        [
            Fault(
                "P110",
                "/steps/3/results/0",
                "an answer to 'a' of an earlier act",
                "it right after its act",
                ("/steps/1/calls/0",),
            )
        ],
    ),
    ("call a; env; got a; end", []),
    ("got x; user; call a", [Fault("P104", "/steps/2/calls/0", "no result for 'a'", "a result")]),
    ("user; call a; got a; got x; end", []),
]


@pytest.mark.parametrize(("sketch", "expected"), FAULTS)
def test_a_fault_of_pairing_names_the_place_what_is_there_and_what_it_has_to_do_with(
    sketch: str, expected: list[Fault]
):
    assert expected == [*check(trace(*sketch.split("; ")))]


@pytest.mark.parametrize(("calls", "more"), [(16, ""), (17, ", …")])
def test_a_message_lists_sixteen_ids(calls: int, more: str):
    ids = " ".join(f"c{k}" for k in range(calls))
    (fault,) = check(trace("user", f"call {ids}", f"got {ids} x", "end"))
    assert fault.expected == "one of " + ", ".join(f'"c{k}"' for k in range(16)) + more


def test_the_latest_call_of_an_id_is_answered_first():
    faults = [*check(trace(*"user; call a; call a; got a; end".split("; ")))]
    assert [("P102", "/steps/2/calls/0/call_id"), ("P103", "/steps/1/calls/0")] == [f[:2] for f in faults]


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
