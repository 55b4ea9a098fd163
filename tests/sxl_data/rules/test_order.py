"""The loop of steps: who may stand first, last and between, and which decision fits what follows."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from sxl_data.rules import Fault
from sxl_data.rules.order import check
from sxl_data.trace.types import Observe, Trace
from tests.sxl_data.rules.sketches import trace


def sketched(text: str) -> Trace:
    return trace(*filter(None, text.split("; ")))


def changed(made: Trace, step: int, **fields: Any) -> Trace:
    steps = list(made.steps)
    steps[step] = replace(steps[step], **fields)
    return replace(made, steps=tuple(steps))


@pytest.mark.parametrize(
    "sketch",
    [
        "user; think; call a; got a; end",
        "user; end; user; end",
        "user; think; think; say; user; end",
        "user; call a",
        "user; call a b; got a",
        "user; call a; env; call b; got a; end",
        "user; call a; end",
        "user; call a; call b; got a b; end",
    ],
)
def test_a_whole_loop_has_no_fault(sketch: str):
    assert [] == [*check(sketched(sketch))]


@pytest.mark.parametrize(
    ("sketch", "expected"),
    [
        ("say; user; end", Fault("O201", "/steps/0", "an Act as the first step", "an Observe")),
        ("think; say", Fault("O201", "/steps/0", "a Reflect as the first step", "an Observe")),
        (
            "user; call a; env; got a; end",
            Fault("O202", "/steps/2", "an Observe before the results", "the Iterate of the act", ("/steps/3",)),
        ),
        ("user; got x; end", Fault("O203", "/steps/1", "an Iterate after an Observe", "an act with calls before it")),
        ("user; say; got x; end", Fault("O203", "/steps/2", "an Iterate after an Act", "an act with calls before it")),
        ("user; think; user; end", Fault("O204", "/steps/1", "an Observe next", "the act of its turn")),
        ("user; think; think; user; end", Fault("O204", "/steps/2", "an Observe next", "the act of its turn")),
        (
            "user; call a; user; got a; end",
            Fault("O206", "/steps/2", "the user before the results", "the results", ("/steps/3",)),
        ),
        ("user; call a; got a", Fault("O207", "/steps/2", "an Iterate at the end", "an act")),
        ("user; say; env", Fault("O207", "/steps/2", "an Observe at the end", "an act")),
        ("user; end; end", Fault("O208", "/steps/2/final", "a second final act", "one", ("/steps/1",))),
        ("user; end; think; end", Fault("O208", "/steps/3/final", "a second final act", "one", ("/steps/1",))),
        (
            "user; end; say; user; end",
            Fault("O209", "/steps/2", "an Act after the final act", "the end, or the user", ("/steps/1",)),
        ),
        (
            "user; end; env; say",
            Fault("O209", "/steps/3", "an Act after the final act", "the end, or the user", ("/steps/1",)),
        ),
        ("user; env", Fault("O212", "/steps", "2 steps and no act", "at least one act")),
        ("", Fault("O212", "/steps", "0 steps and no act", "at least one act")),
    ],
)
def test_a_fault_of_order_names_the_place_and_what_stands_there(sketch: str, expected: Fault):
    assert [expected] == [*check(sketched(sketch))]


def test_what_stands_before_the_results_is_named_by_what_it_is():
    expected = Fault("O202", "/steps/2", "a Reflect before the results", "the Iterate of the act", ("/steps/3",))
    assert expected in [*check(sketched("user; call a; think; got a; end"))]


def test_the_result_of_an_act_that_the_host_interrupted_is_no_iterate_without_act():
    assert ["O202"] == [fault.code for fault in check(sketched("user; call a; env; got a; end"))]
    assert ["O203"] == [fault.code for fault in check(sketched("user; call a; got a; env; got b; end"))]


@pytest.mark.parametrize("origin", ["system", "developer"])
def test_instructions_may_stand_before_the_first_step_and_count_as_none(origin: str):
    made = changed(sketched("user; call a; got a; end"), 0, origin=origin)
    assert [Fault("O201", "/steps/1", "an Act as the first step", "an Observe")] == [*check(made)]
    assert [] == [*check(replace(made, steps=(made.steps[0], Observe(index=0, origin="user"), *made.steps[1:])))]


@pytest.mark.parametrize("origin", ["user", "parent"])
def test_whoever_asks_may_go_on_after_a_final_act(origin: str):
    assert [] == [*check(changed(sketched("user; end; user; end"), 2, origin=origin))]


def test_a_turn_has_one_act():
    made = changed(sketched("user; call a; got a; end"), 3, turn=1)
    assert [Fault("O205", "/steps/3", "a second act in turn 1", "one act for each turn")] == [*check(made)]


def test_a_reflection_belongs_to_the_turn_of_its_act():
    made = changed(sketched("user; think; say"), 1, turn=7)
    assert [Fault("O204", "/steps/1", "an Act next", "the act of its turn")] == [*check(made)]


@pytest.mark.parametrize(
    ("sketch", "fields", "found"),
    [
        ("user; call a b; got a b; end", {"kind": "message"}, "an act of kind `message` with 2 calls"),
        ("user; say; user; end", {"kind": "tool"}, "an act of kind `tool` with no calls"),
        ("user; call a; got a; user", {"final": True}, "an act of kind `tool` with 1 calls, final"),
    ],
)
def test_the_kind_of_an_act_follows_from_its_calls_and_a_final_one_has_none(
    sketch: str, fields: dict[str, Any], found: str
):
    expected = Fault("O213", "/steps/1", found, "kind `tool` with calls, or kind `message` without")
    assert expected in [*check(changed(sketched(sketch), 1, **fields))]


@pytest.mark.parametrize(
    ("calls", "expected"), [(16, []), (17, [Fault("O211", "/steps/1/calls", "17 calls", "at most 16")])]
)
def test_sixteen_calls_are_what_one_act_may_make(calls: int, expected: list[Fault]):
    ids = " ".join(map(str, range(calls)))
    assert expected == [*check(trace("user", f"call {ids}", f"got {ids}", "end"))]


@pytest.mark.parametrize(
    ("sketch", "decision", "following"),
    [
        ("user; call a; got a; call b; got b; end", "finish", "an act of kind `tool` with 1 calls"),
        ("user; call a; got a; think; call b c; got b c; end", "finish", "an act of kind `tool` with 2 calls"),
        ("user; call a; got a; end", "continue", "an act of kind `message` with no calls, final"),
        ("user; call a; got a; end", "retry", "an act of kind `message` with no calls, final"),
        ("user; call a; got a; end", "abort", "an act of kind `message` with no calls, final"),
        ("user; call a; got a; call b; got b; end", "abort", "an act of kind `tool` with 1 calls"),
    ],
)
def test_a_decision_that_what_follows_contradicts_is_named(sketch: str, decision: str, following: str):
    expected = Fault(
        "O210", "/steps/2/decision", f"`{decision}`, then {following}", "a decision that fits what follows"
    )
    assert [expected] == [*check(changed(sketched(sketch), 2, decision=decision))]


@pytest.mark.parametrize(
    ("sketch", "decision"),
    [
        ("user; call a; got a; end", "finish"),
        ("user; call a; got a; call b; got b; end", "continue"),
        ("user; call a; got a; call b; got b; end", "retry"),
        ("user; call a; got a; user; end", "abort"),
        ("user; call a; got a; say; end", "continue"),
        ("user; call a; got a", "finish"),
        ("user; call a; got a", "abort"),
    ],
)
def test_a_decision_that_fits_what_follows_is_no_fault(sketch: str, decision: str):
    assert [] == [*check(changed(sketched(sketch), 2, decision=decision))]


@pytest.mark.parametrize("decision", ["continue", "retry", "unknown"])
def test_an_end_without_the_will_to_end_is_a_fault(decision: str):
    made = changed(sketched("user; call a; got a"), 2, decision=decision)
    assert [Fault("O207", "/steps/2", "an Iterate at the end", "an act")] == [*check(made)]
