"""From the command line to the files: what is written, gone on with, compared and refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sxl_data.sandbox.run import missing
from sxl_train.evaluate import benchmark
from sxl_train.evaluate.__main__ import main
from sxl_train.evaluate.ask import Ask
from sxl_train.evaluate.benchmark import evaluate, read_report
from sxl_train.evaluate.known import KnownAnswers, read_answers
from sxl_train.evaluate.page import write_page
from sxl_train.evaluate.samples import read_samples, write_samples
from sxl_train.generate.kept import read_lines
from sxl_train.generate.types import Request, Sample, Score
from sxl_train.suites.types import Options, Outcome

boxed = pytest.mark.skipif(missing() is not None, reason="no sandbox here")
COUNT = 12


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {
            "task_id": f"HumanEval/{n}",
            "prompt": f'def plus(x):\n    """Add {n}."""\n',
            "entry_point": "plus",
            "canonical_solution": f"    return x + {n}\n",
            "test": f"def check(candidate):\n    assert candidate(1) == {n + 1}\n",
        }
        for n in range(COUNT)
    ]
    with gzip.open(tmp_path / "HumanEval.jsonl.gz", "wt") as file:
        file.write("\n".join(map(json.dumps, rows)))
    return tmp_path


def samples(path: Path, right: int) -> Path:
    lines = [
        {"task_id": f"HumanEval/{n}", "completion": f"    return x + {n if n < right else 99}\n"} for n in range(COUNT)
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


@boxed
def test_samples_of_others_are_graded_and_two_evaluations_compared(data, tmp_path, capsys):
    for name, right in (("a", 2), ("b", 11)):
        file = samples(tmp_path / f"{name}.jsonl", right)
        words = ["--suite", "humaneval", "--samples", str(file), "--data", str(data), "-o", str(tmp_path / name)]
        assert main(words) == 0
        shown = capsys.readouterr().out
        assert "pass@1" in shown and f"{100 * right / COUNT:.1f} %" in shown and "12 items" in shown
    report = read_report(tmp_path / "a")
    suite = report.suites["humaneval"]
    assert (suite.items, suite.samples, suite.measured.measures["pass@1"].n) == (12, 12, 12)
    assert list(suite.files) == ["HumanEval.jsonl.gz"] and suite.measured.kinds == {"wrong answer": 10}
    assert len(read_samples(tmp_path / "a" / "samples.parquet")) == 12
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    shown = capsys.readouterr().out
    assert "second is better" in shown and "9 : 0" in shown and "0.004" in shown
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "a"), "--json"]) == 0
    assert {row["noise"] for row in json.loads(capsys.readouterr().out)} == {True}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["model", "--suite", "humanevil"], "T303"),
        (["--suite", "humaneval"], "U401"),
        (["--suite", "humaneval", "--samples", "nowhere.jsonl"], "U201"),
        (["compare", "nowhere", "nowhere"], "U201"),
        (["compare", "nowhere"], "U401"),
    ],
)
def test_what_cannot_be_done_is_said(words, code, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert code in capsys.readouterr().err


@pytest.mark.parametrize("line", ["{}", "[]", "nope", '{"task_id": 1}', '{"task_id": 1, "completion": 2}', ""])
def test_samples_that_are_none_are_refused(line, tmp_path):
    from sxl_data.contract.errors import UserError

    (tmp_path / "s.jsonl").write_text(line)
    with pytest.raises(UserError) as caught:
        read_answers(tmp_path / "s.jsonl")
    assert caught.value.findings[0].code == "T302"


class Halting(KnownAnswers):
    """Stops in the middle, as a person does."""

    def __init__(self, answers, after: int) -> None:
        super().__init__(answers)
        self.after = after

    def generate(self, requests, progress=None) -> Iterator[Sample]:
        for number, sample in enumerate(super().generate(requests)):
            if number == self.after:
                raise KeyboardInterrupt
            yield sample


@boxed
def test_an_interrupted_evaluation_goes_on_and_asks_nothing_twice(data, tmp_path):
    answers = read_answers(samples(tmp_path / "s.jsonl", 7)).answers
    options, out = Options(data=data), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        evaluate(Halting(answers, 5), ["humaneval"], options, out)
    with (out / "samples.jsonl").open("ab") as file:
        file.write(b'{"key": "half a li')
    report = evaluate(KnownAnswers(answers), ["humaneval"], options, out)
    assert report.suites["humaneval"].generated == COUNT - 5
    whole = evaluate(KnownAnswers(answers), ["humaneval"], options, tmp_path / "whole")
    assert report.suites["humaneval"].measured == whole.suites["humaneval"].measured
    again = evaluate(KnownAnswers(answers), ["humaneval"], options, out)
    assert again.suites["humaneval"].generated == 0
    assert (
        evaluate(KnownAnswers(answers), ["humaneval"], options, out, resume=False).suites["humaneval"].generated == 12
    )


def test_time_that_is_left_is_that_of_the_answers_asked_for_now(monkeypatch, capsys):
    """The second question of a suite (calls held to a grammar, a further turn) starts its own clock."""
    clock = [0.0]
    monkeypatch.setattr(benchmark.time, "monotonic", lambda: clock[0])
    tell = benchmark._teller("bfcl")

    def answer(first: int, of: int, seconds: float) -> None:
        for done in range(first, of + 1):
            tell(done, of)
            clock[0] += seconds

    answer(4, 10, 100.0)
    answer(0, 4, 20.0)
    answer(0, 2, 1.0)
    assert [line.split(maxsplit=1)[1] for line in capsys.readouterr().err.splitlines() if "samples" in line] == [
        "5 of 10 samples, 8 min 20 s left",
        "6 of 10 samples, 6 min 40 s left",
        "7 of 10 samples, 5 min 00 s left",
        "8 of 10 samples, 3 min 20 s left",
        "9 of 10 samples, 1 min 40 s left",
        "10 of 10 samples",
        "round 2: 0 of 4 samples",
        "round 2: 1 of 4 samples, 60.0 s left",
        "round 2: 2 of 4 samples, 40.0 s left",
        "round 2: 3 of 4 samples, 20.0 s left",
        "round 2: 4 of 4 samples",
        "round 3: 0 of 2 samples",
    ]


def test_another_prompt_is_another_question_and_more_samples_keep_the_first(tmp_path):
    backend = KnownAnswers({"a": ["one", "two", "three"]})
    ask = Ask(backend, tmp_path / "s.jsonl")
    one = Request(id="a", prompt="x")
    assert [s.text for s in ask([one])[0]] == ["one"] and ask.generated == 1
    more = msgspec.structs.replace(one, samples=3)
    assert [s.text for s in ask([more])[0]] == ["one", "two", "three"] and ask.generated == 3
    ask([msgspec.structs.replace(one, prompt="y")])
    assert ask.generated == 4 and len(list(read_lines(tmp_path / "s.jsonl"))) == 4


class Weighed(KnownAnswers):
    """Has weights, and counts the likelihoods that it is asked for."""

    def __init__(self, weights: str, answer: str) -> None:
        super().__init__({"a": [answer]}, name="a model")
        self.weights, self.asked = weights, 0

    def score(self, pairs):
        self.asked += len(pairs)
        return [Score(logprob=-float(len(tail)), tokens=len(tail), greedy=False) for _, tail in pairs]


def test_other_weights_under_the_same_name_are_asked_anew_and_likelihoods_are_kept(tmp_path):
    file, request = tmp_path / "s.jsonl", Request(id="a", prompt="x")
    first, other = Weighed("1", "one"), Weighed("2", "two")
    assert Ask(first, file)([request])[0][0].text == "one" and Ask(other, file)([request])[0][0].text == "two"
    pairs = [("a", "b"), ("a", "cd"), ("a", "b")]
    scores = Ask(first, file).score(pairs)
    assert [score.logprob for score in scores] == [-1, -2, -1] and first.asked == 2
    assert Ask(first, file).score(pairs) == scores and first.asked == 2
    Ask(other, file).score(pairs)
    assert other.asked == 2


@boxed
def test_results_of_another_suite_stay_for_the_same_weights_and_are_said_to_go_for_others(data, tmp_path, capsys):
    answers = read_answers(samples(tmp_path / "s.jsonl", 7)).answers
    options, out = Options(data=data), tmp_path / "out"

    def measure(suite: str, weights: str) -> dict[str, int]:
        backend = KnownAnswers(answers)
        backend.weights = weights
        return {name: part.items for name, part in evaluate(backend, [suite], options, out).suites.items()}

    assert {"humaneval": 12} == measure("humaneval", "1")
    assert {"humaneval": 12, "humaneval-chat": 12} == measure("humaneval-chat", "1")
    assert {"humaneval", "humaneval-chat"} == {item.suite for item in read_samples(out / "samples.parquet")}
    capsys.readouterr()
    assert {"humaneval": 12} == measure("humaneval", "2")
    assert "held results of humaneval-chat" in capsys.readouterr().err


HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e" + "A" * 20_000


def outcome(**values):
    given = {"suite": HOSTILE, "item": HOSTILE, "scores": {"pass": 0.0}, "kind": HOSTILE, "detail": HOSTILE}
    return Outcome(**given | {"request": HOSTILE, "text": HOSTILE, "wanted": HOSTILE} | values)


def test_hostile_answers_do_nothing_on_the_page():
    page = write_page(HOSTILE, [outcome(), outcome(kind="x")])
    body = page.partition("</head>")[2]
    assert "<script" not in page and "<img" not in page and "\x1b" not in page and "\u202e" not in page
    assert "default-src 'none'" in page and body.count("<details>") == body.count("</details>") == 2


def test_prompts_and_conversations_can_be_read_on_the_page():
    talk = [{"role": "user", "content": "Go\nnow"}, {"role": "assistant", "tool_calls": [{"function": {"name": "go"}}]}]
    page = write_page("m", [outcome(request=json.dumps("def f():\n    pass"), text=json.dumps(talk), wanted="[1, 2]")])
    assert (
        "def f():\n    pass" in page and "[user] Go\nnow" in page and "calls {&quot;name&quot;:&quot;go&quot;}" in page
    )
    assert "[1, 2]" in page
    for odd in ('[{"role": 1, "tool_calls": 5}]', '[{"role": "x", "tool_calls": ["y"]}]', "[" * 3000):
        assert write_page("m", [outcome(text=odd)])


def test_outcomes_come_back_from_their_table(tmp_path):
    given = [outcome(counts={"calls": (1, 2)}, group="g", index=3, tokens=5), outcome(text="half \ud83d a character")]
    write_samples(given, tmp_path / "s.parquet")
    back = read_samples(tmp_path / "s.parquet")
    assert back[0] == given[0] and back[1].text == "half ? a character"


def test_suites_of_a_recipe_are_checked_before_anything_runs(tmp_path, monkeypatch):
    from sxl_train.config import Evaluate, Recipe
    from sxl_train.suites.registry import check_suites

    def codes(*names, data="", steps=("evaluate",)):
        recipe = Recipe(evaluate=Evaluate(suites=names, data=data), steps=steps)
        return [finding.code for finding in check_suites(recipe)]

    monkeypatch.chdir(tmp_path)
    assert codes("toolsets") == [] and codes("humanevil") == ["T303"] and codes("mbpp", "nope") == ["T301", "T303"]
    assert codes("mbpp", steps=("tune",)) == []
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mbpp.jsonl").write_text("")
    assert codes("mbpp", data=str(tmp_path)) == []
