"""GSM8K with the calculator that its training rows call: word problems, calls that really run, the last number.

The question alone, without examples, in the model's own template, with the tool declared as `sxl_data` reads it out of
the annotations of the training rows. Each call is worked out by the calculator that builds use, which knows arithmetic
on exact fractions and nothing else, and its result is the next message, until the model answers without a call. Three
ways from one model: calls as generated, after stated repairs, and held to the grammar of the tool.
(Cobbe and others 2021, arXiv 2110.14168.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from sxl_data.contract import patterns
from sxl_data.contract.errors import error
from sxl_data.files.json_text import dump
from sxl_data.ground.calculator import NotArithmetic, calculate
from sxl_data.ground.tools import count
from sxl_data.read.adapters.gsm8k import CALCULATOR
from sxl_data.trace.messages import Message, declare, text_of
from sxl_data.trace.types import Call as TraceCall
from sxl_train.answers.markup import Call, read_schemas
from sxl_train.answers.tool_calls import valid
from sxl_train.answers.turns import apart, assistant, unclosed
from sxl_train.generate.types import Request, Sample
from sxl_train.run.objects import Object
from sxl_train.suites import files, ways
from sxl_train.suites.types import Asker, Options, Outcome, Suite, spread

NAME = "gsm8k-calculator"
FILES = ("test.jsonl",)
TURNS = 12
"""Answers of the model to one question at most; nine in ten solutions use six calls or fewer."""
MOST_CALLS = 20
TOOL = declare(CALCULATOR)
SCHEMAS = read_schemas([TOOL])
_NUMBER = patterns.compile(r"-?\$?\d[\d,]*(?:\.\d+)?")


def find(data: Path) -> Path:
    """``test.jsonl`` is a common name: the one whose rows have a question and an answer with ``####``, beside a
    ``train.jsonl``. Raises `UserError` T301."""
    for path in sorted(data.rglob("test.jsonl")) if data.is_dir() else ():
        try:
            first = next(files.rows(path), {})
        except Exception:  # somebody else's file
            continue
        if {"question", "answer"} <= first.keys() and path.with_name("train.jsonl").is_file():
            return path
    raise error("T301", file=str(data), found="gsm8k: no test.jsonl and train.jsonl of GSM8K")


def last_number(text: str) -> str:
    """The number behind the last ``####``, else the last number of ``text``, without separators; "" where none is."""
    _, _, behind = text.rpartition("####")
    found = _NUMBER.findall(behind) or _NUMBER.findall(text)
    return found[-1].replace(",", "").replace("$", "") if found else ""


def same(left: str, right: str) -> bool:
    """Whether two numbers as written are the same."""
    try:
        return calculate(left) == calculate(right)
    except NotArithmetic:
        return False


class Talk:
    """One question in one way: the messages so far, and what was called."""

    def __init__(self, number: int, question: str, way: str) -> None:
        self.number, self.way = number, way
        self.asked: Message = {"role": "user", "content": question}
        self.messages: list[Message] = [self.asked]
        self.made: list[Call | None] = []
        self.valid = self.refused = self.prompt_tokens = self.tokens = 0
        self.done, self.final, self.kind, self.finish = False, "", "no end within the turns that there are", ""

    def take(self, sample: Sample) -> None:
        """The model's next answer: work its calls out, or end."""
        self.finish = sample.finish
        self.prompt_tokens += sample.prompt_tokens
        self.tokens += sample.tokens
        thought, text = apart(sample.text)
        found = ways.READERS[self.way](text, SCHEMAS)
        calls = [call for call in found.calls if call is not None]
        self.made += found.calls
        self.valid += sum(valid(call, SCHEMAS) for call in calls)
        if sample.error or len(calls) < len(found.calls) or len(calls) > MOST_CALLS:
            self.done = True
            unread = "a call does not parse" if None in found.calls else "more calls than are made"
            self.kind = "nothing was generated" if sample.error else unread
            self.messages.append({"role": "assistant", "content": sample.text})
        elif calls:
            self._work_out(calls, found.content, thought)
        else:
            late, said = unclosed(text.strip())
            self.done, self.final = True, said or thought
            self.kind = "another number" if sample.finish == "stop" else "cut off"
            self.messages.append(assistant(said, thought or late))

    def _work_out(self, calls: Sequence[Call], content: str, thought: str) -> None:
        named = [(f"call_{len(self.made) - len(calls) + at + 1}", call) for at, call in enumerate(calls)]
        self.messages.append(assistant(content, thought, named))
        for key, call in named:
            made = TraceCall(call_id=key, name=call.name, arguments_json=dump(call.arguments))
            given = call.arguments.get("expression")
            if call.name == CALCULATOR.name and isinstance(given, str):
                result = count(made, given)
                said = text_of(result.content) or str(result.error_message or "")
                self.refused += result.status != "ok"
            else:
                said, self.refused = "calculator(expression) is the only tool", self.refused + 1
            self.messages.append({"role": "tool", "tool_call_id": key, "content": said})


def measure(ask: Asker, options: Options) -> list[Outcome]:
    """Every chosen question, in each way; the open ones of all ways a turn at a time."""
    rows = spread(list(enumerate(_rows(find(options.data)))), options.limit)
    talks = {way: [Talk(number, str(row["question"]), way) for number, row in rows] for way in ways.wanted(options)}
    for turn in range(TURNS):
        open_ = [talk for some in talks.values() for talk in some if not talk.done]
        for talk, sample in zip(open_, _answers(open_, turn, ask, options)):
            talk.take(sample)
    return [
        _judge(number, row, {way: some[place] for way, some in talks.items()})
        for place, (number, row) in enumerate(rows)
    ]


def _rows(path: Path) -> Iterator[Object]:
    """The questions. Raises `UserError` T302 for a row that has none, or no number to compare with."""
    for number, row in enumerate(files.rows(path), 1):
        question, answer = row.get("question"), row.get("answer")
        if not isinstance(question, str) or not isinstance(answer, str) or not last_number(answer):
            raise error("T302", file=str(path), line=number, found="no question, or no answer with a number")
        yield row


def _answers(talks: Sequence[Talk], turn: int, ask: Asker, options: Options) -> list[Sample]:
    """The next answer of each of ``talks``. Ways that were told the same so far share one: the same prompt asked twice
    in a batch need not be answered alike, and they are to differ by what they read alone."""
    keys = [json.dumps([talk.number, talk.way == ways.HELD, talk.messages]) for talk in talks]
    requests: dict[str, Request] = {}
    for key, talk in zip(keys, talks):
        name = f"{NAME}:{talk.number}{talk.way}#{turn}"
        requests.setdefault(key, ways.request(name, talk.messages, [TOOL], options, talk.way))
    answers = dict(zip(requests, ask(list(requests.values())))) if requests else {}
    return [answers[key][0] for key in keys]


def _judge(number: int, row: Object, done: dict[str, Talk]) -> Outcome:
    wanted = last_number(str(row["answer"]))
    scores: dict[str, float] = {}
    counts: dict[str, tuple[int, int]] = {}
    for way, talk in done.items():
        scores["right" + way] = float(same(last_number(talk.final), wanted))
        counts |= ways.count(way, talk.made, talk.valid)
        counts["calls refused" + way] = (talk.refused, len(talk.made))
    plain = done[""]
    return Outcome(
        suite=NAME,
        item=str(number),
        scores=scores,
        counts=counts,
        kind="" if scores["right"] else plain.kind,
        request=json.dumps([plain.asked], ensure_ascii=False),
        text=json.dumps(plain.messages[1:], ensure_ascii=False),
        wanted=wanted,
        finish=plain.finish,
        prompt_tokens=plain.prompt_tokens,
        tokens=plain.tokens,
    )


SUITES = (
    Suite(
        name=NAME,
        title="GSM8K with a calculator",
        protocol=f"0-shot, multi-turn with a calculator that runs, at most {TURNS} answers; right = the number behind "
        "####, else the last number of the answer, has the reference's value",
        main="right",
        measure=measure,
        files=FILES,
        locate=find,
    ),
)
