"""sxl_data.rules.worth"""

from __future__ import annotations

import msgspec
import pytest

from sxl_data.rules.worth import check, is_object
from sxl_data.trace.types import Act, Observe, Outcome, Part, Provenance, Trace
from tests.sxl_data.rules.sketches import trace as sketch


def pair(prompt: str, answer: str, kind: str = "instruction") -> Trace:
    steps = (
        Observe(index=0, origin="user", content=(Part(text=prompt),)),
        Act(index=1, turn=1, kind="message", content=(Part(text=answer),), final=True),
    )
    return Trace(schema_version="1.0", trace_id="t", kind=kind, steps=steps, provenance=Provenance(source="s"))  # type: ignore[arg-type]


def codes(trace: Trace) -> list[str]:
    return [fault.code for fault in check(trace)]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("{'api': 'get', 'parameters': {'a': 1}}", True),
        ('[{"role": "user", "content": "hi"}]', True),
        ("{'api': 'performEDA', 'parameters': {'data': 'x.csv'}, 'responses': ", True),
        ('{"a": 1}\n\nConvert this to YAML.', False),
        ("Sort [3, 1, 2]", False),
        ("{name} is not an object", False),
        ("{'" * 50_000, False),
    ],
)
def test_a_prompt_that_is_an_object_is_no_request(prompt: str, expected: bool):
    assert expected is is_object(prompt)
    assert expected is ("Q801" in codes(pair(prompt, "done")))


LONG = "def add(first, second):\n    return first + second  # of two numbers"


@pytest.mark.parametrize(
    ("prompt", "answer", "expected"),
    [
        (f"Write a function that adds two numbers, like the one that we have here:\n{LONG}", LONG, True),
        ("What is 6 × 7?\nGold answer: 42", "42", True),
        ("What is 6 × 7?\n**Ground truth:** 42", "It is 42", True),
        ("Capital of France?\nreference_answer = Paris", "Paris", True),
        ("Reverse a list.\n# The pseudo code of the above instruction:\nreverse it", "xs[::-1]", True),
        ("What is 6 × 7?", "42", False),
        ("Expected output: 42. Write the function.", "def f(): return 42", False),
        ("Correct this: " + LONG, LONG, False),
        ("The correct answer: 4 or 5?", "14", False),
    ],
)
def test_an_answer_that_stands_in_the_prompt_is_found(prompt: str, answer: str, expected: bool):
    assert expected is ("Q802" in codes(pair(prompt, answer)))


def test_loops_end_in_an_answer():
    assert [] == codes(sketch("user", "call a", "got a", "end"))
    assert ["Q803"] == [c for c in codes(sketch("user", "call a", "got a", "call b", "got b")) if c != "Q804"]
    assert [] == codes(sketch("user", "call a"))  # asked for a call, and nothing came back
    assert [] == codes(sketch("user", "call a", "got a", "end", "user"))  # thanks


def test_a_last_result_with_an_error_is_an_end_in_error():
    trace = sketch("user", "call a", "got a")
    step = trace.steps[2]
    broken = msgspec.structs.replace(step.results[0], status="error")
    ended = msgspec.structs.replace(trace, steps=(*trace.steps[:2], msgspec.structs.replace(step, results=(broken,))))
    assert "Q804" in codes(ended) and "Q804" not in codes(trace)
    assert "Q804" in codes(pair("Do it", "API Error: 529 overloaded", "agent"))
    assert "Q804" not in codes(pair("What is this?", "Error: it means that the file is not there", "instruction"))


def test_failures_and_facts_are_named():
    failed = msgspec.structs.replace(pair("Do it", "Done", "agent"), outcome=Outcome(status="failure"))
    assert ["Q805"] == codes(failed)
    asked = pair("Is ice light?", "yes", "reasoning")
    fact = Observe(index=1, origin="environment", content=(Part(text="Ice floats."),))
    given = msgspec.structs.replace(asked, steps=(asked.steps[0], fact, asked.steps[1]))
    assert ["Q806"] == codes(given) and [] == codes(asked)
