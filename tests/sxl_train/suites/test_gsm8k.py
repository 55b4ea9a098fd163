"""GSM8K with a calculator: who answers as a training row does is right, and nothing but arithmetic is worked out."""

from __future__ import annotations

import json

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.generate.types import Sample
from sxl_train.suites import gsm8k
from sxl_train.suites.registry import find, get
from sxl_train.suites.score import score
from sxl_train.suites.types import Options

QUESTION = {
    "question": "Three boxes of 12 pens cost $1,080. What does a pen cost?",
    "answer": "12*3=<<12*3=36>>36\n#### 30",
}


@pytest.fixture
def data(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "test.jsonl").write_text('{"text": "not it"}\n')
    place = tmp_path / "sums"
    place.mkdir()
    for name in ("test.jsonl", "train.jsonl"):
        (place / name).write_text(json.dumps(QUESTION) + "\n")
    return tmp_path


def call(expression: object, thought: str = "") -> str:
    said = json.dumps({"name": "calculator", "arguments": {"expression": expression}})
    return (f"<think>{thought}</think>" if thought else "") + f"<tool_call>{said}</tool_call>"


class Script:
    """Says its lines one after the other, the last one again and again; remembers what it was shown."""

    def __init__(self, *lines: str) -> None:
        self.lines, self.shown = lines, list[tuple[dict, ...]]()

    def __call__(self, requests):
        answers = []
        for request in requests:
            self.shown.append(request.messages)
            turn = sum(message["role"] == "assistant" for message in request.messages)
            text = self.lines[min(turn, len(self.lines) - 1)]
            answers.append([Sample(request=request.id, index=0, text=text, finish="stop", prompt_tokens=5, tokens=3)])
        return answers


def run(data, script, **options):
    (outcome,) = gsm8k.measure(script, Options(data=data, **options))
    return outcome


def test_an_answer_like_a_training_row_is_right_in_every_way(data):
    script = Script(call("12*3", "Pens: 12*3 = "), call("1080/36"), "<think>A pen costs $30.</think>30")
    outcome = run(data, script, constrained=True)
    assert outcome.scores == {"right": 1.0, "right, repaired": 1.0, "right, constrained": 1.0}
    assert outcome.counts["calls valid"] == (2, 2) and outcome.counts["calls refused"] == (0, 2)
    last = max(script.shown, key=len)
    assert [m["content"] for m in last if m["role"] == "tool"] == ["36", "30"]
    # As it was written: the tokens of the next prompt are those that were made.
    assert last[1]["reasoning_content"] == "Pens: 12*3 = "
    assert score([outcome]).measures["right"].value == 1.0


@pytest.mark.parametrize(
    ("final", "right"),
    [("30", 1.0), ("$30.00", 1.0), ("#### 30 and not 31", 0.0), ("31, so #### 30", 1.0), ("31", 0.0), ("none", 0.0)],
)
def test_the_number_behind_the_mark_or_the_last_one_counts(data, final, right):
    assert run(data, Script(final)).scores["right"] == right


@pytest.mark.parametrize(
    "expression", ["__import__('os')", "9**9**9", "**".join("1" * 900), "1/0", "7" * 100_000, "", {"a": 1}]
)
def test_what_is_no_arithmetic_is_refused_and_the_talk_goes_on(data, expression):
    script = Script(call(expression), "30")
    outcome = run(data, script)
    assert outcome.scores["right"] == 1.0 and outcome.counts["calls refused"] == (1, 1)
    assert len(max(script.shown, key=len)[-1]["content"]) < 300


def test_other_tools_do_not_run(data):
    outcome = run(data, Script('<tool_call>{"name": "shell", "arguments": {"command": "ls"}}</tool_call>', "30"))
    assert outcome.counts["calls valid"] == (0, 1) and outcome.counts["calls refused"] == (1, 1)


def test_one_that_never_ends_is_stopped(data):
    script = Script(call("1+1"))
    outcome = run(data, script)
    assert outcome.kind.startswith("no end") and outcome.counts["calls parse"] == (gsm8k.TURNS, gsm8k.TURNS)
    many = run(data, Script(call("1+1") * (gsm8k.MOST_CALLS + 1)))
    assert many.scores["right"] == 0.0 and many.kind == "more calls than are made"


# Of an answer that is too long no call is read; half a character, which JSON can spell, no encoder takes.
@pytest.mark.parametrize(
    "said", ["<tool_call>{oops</tool_call>", call("7" * 10**6), call("\ud800")], ids=["oops", "too long", "half"]
)
def test_a_call_that_does_not_parse_ends_it(data, said):
    outcome = run(data, Script(said, "30"))
    assert outcome.kind == "a call does not parse" and outcome.counts["calls parse"] == (0, 1)


def test_files_that_are_missing_are_said(tmp_path):
    with pytest.raises(UserError, match="T301"):
        find(get("gsm8k-calculator"), tmp_path)


@pytest.mark.parametrize("row", [{"q": 1}, {"question": 1, "answer": 2}, {"question": "a", "answer": "none"}])
def test_a_row_that_asks_nothing_is_said_before_anything_is_asked(data, row):
    with (data / "sums" / "test.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
    script = Script("30")
    with pytest.raises(UserError, match="T302"):
        run(data, script)
    assert not script.shown


def test_reasoning_that_never_closes_is_no_answer(data):
    outcome = run(data, Script("<think>A pen costs 1080/36 = 30"))
    assert outcome.scores["right"] == 0.0


def test_ways_share_an_answer_until_they_read_it_differently(data):
    # Asked twice, the same prompt gets another answer each time: what is shared is asked once.
    answers = iter([call("12*3"), "30", "29", "28"])

    def ask(requests):
        return [
            [Sample(request=r.id, index=0, text=next(answers), finish="stop", prompt_tokens=5, tokens=3)]
            for r in requests
        ]

    assert run(data, ask).scores == {"right": 1.0, "right, repaired": 1.0}
    assert list(answers) == ["29", "28"]


def test_a_way_that_read_more_goes_on_alone(data):
    # One bracket is missing: only the repaired way has a call.
    script = Script('<tool_call>{"name": "calculator", "arguments": {"expression": "1080/36"}</tool_call>', "30")
    outcome = run(data, script)
    assert outcome.scores == {"right": 0.0, "right, repaired": 1.0}
    assert [len(messages) for messages in script.shown] == [1, 3]


@pytest.mark.parametrize("name", ["gsm8k", "gsm8k-calculator"])
def test_the_file_that_is_read_is_found_among_others_of_its_name(data, name):
    assert find(get(name), data) == data / "sums" / "test.jsonl"
