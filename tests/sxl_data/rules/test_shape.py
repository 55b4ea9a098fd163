"""Numbers of steps, rounds and turns, times, and JSON inside a trace."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from sxl_data.rules import Fault
from sxl_data.rules.shape import check, time_of
from sxl_data.trace.types import Act, Agent, Iterate, Observe, Outcome, Provenance, Reflect, Result, Step, Trace


def trace(*steps: Step, **fields: Any) -> Trace:
    return Trace(
        schema_version="1.0",
        trace_id="t",
        kind="agent",
        steps=tuple(replace(step, index=i) if step.index < 0 else step for i, step in enumerate(steps)),
        provenance=Provenance(source="s"),
        **fields,
    )


def see(**fields: Any) -> Observe:
    return Observe(**({"index": -1, "origin": "user"} | fields))


def think(**fields: Any) -> Reflect:
    return Reflect(**({"index": -1, "text": "hm"} | fields))


def act(**fields: Any) -> Act:
    return Act(**({"index": -1, "kind": "message"} | fields))


def look(**fields: Any) -> Iterate:
    return Iterate(**({"index": -1} | fields))


def timed(*times: str | None) -> list[Fault]:
    return [*check(trace(*(see(timestamp=time) for time in times)))]


def test_a_sound_trace_of_two_rounds_has_no_fault():
    made = trace(
        see(),
        think(turn=1),
        act(turn=1),
        look(turn=1),
        think(turn=2, iteration=1),
        act(turn=2, iteration=1),
        look(turn=2, iteration=1),
        act(turn=3, iteration=2),
    )
    assert [] == [*check(made)]


def test_an_index_is_the_place_of_its_step():
    assert [Fault("S301", "/steps/1/index", "5", "1")] == [*check(trace(see(), act(index=5)))]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (trace(see(iteration=1)), [Fault("S302", "/steps/0/iteration", "1", "0")]),
        (trace(see(), act(iteration=1)), [Fault("S302", "/steps/1/iteration", "1", "0")]),
        (trace(act(), look(), act()), [Fault("S302", "/steps/2/iteration", "0", "1")]),
        (trace(act(), look(), act(iteration=2)), [Fault("S302", "/steps/2/iteration", "2", "1")]),
        (
            trace(act(), look(), act(iteration=1), act(iteration=0), act(iteration=0)),
            [Fault("S302", "/steps/3/iteration", "0", "1")],
        ),
    ],
)
def test_a_round_begins_after_an_iterate_and_nowhere_else(made: Trace, expected: list[Fault]):
    assert expected == [*check(made)]


@pytest.mark.parametrize("make", [see, think, act, look])
def test_no_step_goes_back_to_a_turn_that_is_over(make: Any):
    fault = Fault("S303", "/steps/1/turn", "1", "at least 2")
    assert [fault] == [*check(trace(act(turn=2), make(turn=1)))]
    assert [fault] == [*check(trace(think(turn=2), make(turn=1)))]


@pytest.mark.parametrize("make", [see, look])
def test_only_the_models_own_steps_begin_a_turn(make: Any):
    assert [] == [*check(trace(make(turn=9), think(turn=1, iteration=int(make is look))))]


def test_a_turn_that_went_back_is_measured_by_the_last_one_that_did_not():
    faults = [*check(trace(act(turn=5), act(turn=3), act(turn=4)))]
    assert [("/steps/1/turn", "at least 5"), ("/steps/2/turn", "at least 5")] == [
        (f.pointer, f.expected) for f in faults
    ]


@pytest.mark.parametrize(
    "times",
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
        ("2026-01-01T00:00:00Z", None, "2026-01-01T00:00:00.5Z"),
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00"),
        ("2026-01-01T00:00:00Z", "2025-12-31T23:30:00-01:00"),
        ("2026-01-01 00:00:00", "2026-01-01t00:00:01z"),
        ("2026-01-01T00:00:00.9Z", "2026-01-01T00:00:01Z"),
    ],
)
def test_times_that_go_forwards_however_they_are_written_are_fine(times: tuple[str | None, ...]):
    assert [] == timed(*times)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00.9Z", "2026-01-01T00:00:00.5Z"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:30:00+01:00"),
        ("2026-01-01T00:00:00+01:00", "2025-12-31T22:59:59+00:00"),
        ("2026-01-01T00:00:01", "2026-01-01T00:00:00"),
    ],
)
def test_a_time_before_the_one_that_was_last_said_is_named(before: str, after: str):
    expected = Fault("S304", "/steps/1/timestamp", after, f"{before} or later", ("/steps/0",))
    assert [expected] == timed(before, after)


@pytest.mark.parametrize(
    "text", ["", "now", "2026-01-01", "2026-01-01T25:00:00Z", "2026-01-01x00:00:00Z", "1767225600"]
)
def test_what_is_no_time_is_named_and_compared_with_nothing(text: str):
    expected = Fault("S305", "/steps/1/timestamp", repr(text), "an RFC 3339 time")
    first, earlier = "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
    assert [expected] == timed(first, text)
    assert [expected, ("S304", "/steps/2/timestamp", earlier, f"{first} or later", ("/steps/0",))] == timed(
        first, text, earlier
    )
    assert [("S305", "/steps/0/timestamp", repr(text), "an RFC 3339 time", ())] == timed(text, "2026-01-01T00:00:00Z")


def test_the_step_that_said_the_later_time_is_named_and_not_the_one_between():
    first, earlier = "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
    assert [Fault("S304", "/steps/2/timestamp", earlier, f"{first} or later", ("/steps/0",))] == timed(
        first, None, earlier
    )


@pytest.mark.parametrize("times", [("now",), ("2026-01-01T00:00:00Z", "now"), ("2026-01-01T00:00:00Z", "2025-01-01")])
def test_a_step_with_a_wrong_time_is_looked_at_further(times: tuple[str, ...]):
    made = trace(*(see(timestamp=time, ext_json="{") for time in times))
    wrong = [f.pointer for f in check(made) if f.code == "S206"]
    assert [f"/steps/{i}/ext_json" for i in range(len(times))] == wrong


def test_a_time_without_a_zone_is_in_utc():
    assert time_of("2026-01-01T00:00:00Z") == time_of("2026-01-01T00:00:00") == time_of("2026-01-01T01:00:00+01:00")
    assert time_of("2026-01-01T00:00") == time_of("2026-01-01T00:00Z") is not None
    assert time_of("2026-01-01T0") is None


def test_text_that_should_be_json_and_is_none_is_named_at_its_place():
    cut = '{"a": '
    made = trace(
        see(ext_json=cut),
        look(results=(Result(call_id="a", structured_json="{}"), Result(call_id="b", structured_json=cut))),
        ext_json=cut,
        outcome=Outcome(scores_json=cut),
        agent=Agent(ext_json=cut),
    )
    faults = [*check(made)]
    places = ["/steps/0/ext_json", "/ext_json", "/outcome/scores_json", "/agent/ext_json"]
    assert [*places, "/steps/1/results/1/structured_json"] == [fault.pointer for fault in faults]
    assert {("S206", "JSON text")} == {(fault.code, fault.expected) for fault in faults}
    assert all((fault.found or "").startswith(repr(cut)) for fault in faults)


def test_a_long_text_that_is_no_json_is_shown_by_its_first_80_characters():
    (fault,) = check(trace(see(ext_json="x" * 1000)))
    assert (fault.found or "").startswith(repr("x" * 80) + " (")


def test_json_that_is_json_is_fine_everywhere():
    made = trace(see(ext_json="1"), ext_json="[]", outcome=Outcome(scores_json="{}"), agent=Agent(ext_json="null"))
    assert [] == [*check(made)]
