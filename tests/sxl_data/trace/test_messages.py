"""The columns that TRL trains on."""

from __future__ import annotations

from sxl_data.trace.messages import to_messages
from sxl_data.trace.types import Act, Call, Iterate, Observe, Part, Provenance, Reflect, Result, Step, Tool, Trace


def trace(*steps: Step, tools: tuple[Tool, ...] = ()) -> Trace:
    return Trace(
        schema_version="1.0", trace_id="t:1", kind="agent", steps=steps, tools=tools, provenance=Provenance(source="t")
    )


def say(text: str) -> tuple[Part, ...]:
    return (Part(text=text),)


def test_one_turn_becomes_one_assistant_message_with_reasoning_beside_it() -> None:
    made = trace(
        Observe(index=0, origin="user", content=say("2+2?")),
        Reflect(index=1, turn=1, text="Easy."),
        Reflect(index=2, turn=1, text="Four."),
        Act(index=3, turn=1, kind="message", content=say("4"), final=True),
    )
    expected = [
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": "4", "reasoning_content": "Easy.\n\nFour."},
    ]
    assert (expected, None) == to_messages(made)


def test_arguments_are_objects_in_the_order_of_the_source() -> None:
    call = Call(call_id="a", name="f", arguments_json='{"z":1.0,"a":2}', arguments_form="string")
    (message,), _ = to_messages(trace(Act(index=0, kind="tool", calls=(call,))))
    assert [("z", 1.0), ("a", 2)] == list(message["tool_calls"][0]["function"]["arguments"].items())


def test_arguments_that_are_no_object_are_kept_under_a_key() -> None:
    calls = (
        Call(call_id="a", name="run", arguments_json="ls", kind="code", arguments_form="raw"),
        Call(call_id="b", name="f", arguments_json="{broken", arguments_form="string"),
    )
    (message,), _ = to_messages(trace(Act(index=0, kind="tool", calls=calls)))
    assert [{"code": "ls"}, {"input": "{broken"}] == [c["function"]["arguments"] for c in message["tool_calls"]]


def test_results_come_in_the_order_of_their_calls_even_when_ids_repeat() -> None:
    calls = tuple(Call(call_id=i, name="f", arguments_json="{}") for i in ("a", "b", "a"))
    results = tuple(Result(call_id=i, content=say(t)) for i, t in (("b", "2"), ("x", "9"), ("a", "1"), ("a", "3")))
    messages, _ = to_messages(trace(Act(index=0, kind="tool", calls=calls), Iterate(index=1, results=results)))
    assert ["1", "2", "3", "9"] == [m["content"] for m in messages[1:]]


def test_a_call_without_a_result_gets_no_message() -> None:
    call = Call(call_id="a", name="f", arguments_json="{}")
    messages, _ = to_messages(trace(Act(index=0, kind="tool", calls=(call,))))
    assert ["assistant"] == [m["role"] for m in messages]


def test_no_value_is_null() -> None:
    call = Call(call_id="a", name="f", arguments_json="{}")
    made = trace(
        Observe(index=0, origin="developer"),
        Act(index=1, turn=1, kind="tool", calls=(call,)),
        Iterate(index=2, turn=1, results=(Result(call_id="a"),)),
        tools=(Tool(name="f"),),
    )
    messages, tools = to_messages(made)
    assert [] == [(m["role"], k) for m in messages for k, v in m.items() if v is None]
    assert tools is not None
    assert {"type": "object", "properties": {}} == tools[0]["function"]["parameters"]


def test_encrypted_reasoning_is_not_rendered() -> None:
    made = trace(
        Reflect(index=0, turn=1, text="", form="encrypted", signature="x"),
        Act(index=1, turn=1, kind="message", content=say("hi")),
    )
    assert ([{"role": "assistant", "content": "hi"}], None) == to_messages(made)


def test_a_message_says_so_when_it_must_carry_no_loss() -> None:
    made = trace(
        Reflect(index=0, turn=1, text="Copied.", train=False),
        Act(index=1, turn=1, kind="message", content=say("old"), train=False),
        Act(index=2, turn=2, kind="message", content=say("new"), final=True),
    )
    expected = [
        {"role": "assistant", "content": "old", "reasoning_content": "Copied.", "train": False},
        {"role": "assistant", "content": "new"},
    ]
    assert (expected, None) == to_messages(made)
