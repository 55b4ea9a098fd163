"""Suites that ask one model at the same time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sxl_train.evaluate import together
from sxl_train.evaluate.ask import Ask
from sxl_train.generate.types import Request, Sample, Score


class Many:
    """A model that says each request's prompt back, and which batches it was asked."""

    def __init__(self) -> None:
        self.name, self.rows, self.batches = "many", 8, list[list[str]]()

    def generate(self, requests, progress=None, skip=frozenset()) -> Iterator[Sample]:
        self.batches.append([request.id for request in requests])
        for request in reversed(requests):
            for index in range(request.samples):
                if request.prompt == "break":
                    raise OSError("the model is gone")
                if (request.id, index) not in skip:
                    text = f"{request.prompt} {index}"
                    yield Sample(request=request.id, index=index, text=text, finish="stop", prompt_tokens=1, tokens=1)

    def score(self, pairs) -> list[Score]:
        return [Score(logprob=-float(len(text)), tokens=1, greedy=False) for _, text in pairs]

    def close(self) -> None:
        raise AssertionError("not theirs to close")


def conversation(name: str, turns: int, samples: int = 1):
    """So many questions, each after the answer to the one before."""

    def work(backend) -> list[str]:
        ask, said = Ask(backend), []
        for turn in range(turns):
            (found,) = ask([Request(id=f"{name}#{turn}", prompt=f"{name} {turn}", samples=samples)])
            said += [sample.text for sample in found]
        backend.close()
        return said

    return work


def test_what_is_asked_at_the_same_time_is_one_batch_and_each_gets_its_own():
    model = Many()
    found = together.run(model, [conversation("a", 3), conversation("b", 1, samples=2), conversation("c", 2)])
    assert found == [["a 0 0", "a 1 0", "a 2 0"], ["b 0 0", "b 0 1"], ["c 0 0", "c 1 0"]]
    assert [sorted(batch) for batch in model.batches] == [["a#0", "b#0", "c#0"], ["a#1", "c#1"], ["a#2"]]


def test_requests_of_one_name_are_not_mixed_up():
    model = Many()

    def work(word: str):
        return lambda backend: [
            found[0].text for found in Ask(backend)([Request(id="same", prompt=word), Request(id=word, prompt=word)])
        ]

    assert together.run(model, [work("x"), work("y"), work("z")]) == [[f"{word} 0"] * 2 for word in "xyz"]
    assert len(model.batches) == 3


def test_likelihoods_and_samples_are_asked_side_by_side():
    model = Many()
    scores, said = together.run(
        model, [lambda backend: Ask(backend).score([("q", "yes"), ("q", "no")]), conversation("a", 2)]
    )
    assert [score.logprob for score in scores] == [-3.0, -2.0] and said == ["a 0 0", "a 1 0"]


def test_kept_samples_are_not_asked_again(tmp_path):
    file, model = tmp_path / "samples.jsonl", Many()
    first = Request(id="a", prompt="a", samples=1)
    Ask(model, file)([first])

    def more(backend):
        (found,) = Ask(backend, file)([Request(id="a", prompt="a", samples=3)])
        return [sample.text for sample in found]

    assert together.run(model, [more, conversation("b", 1)])[0] == ["a 0", "a 1", "a 2"]
    assert len(file.read_bytes().splitlines()) == 3


@pytest.mark.parametrize("turn", [0, 1])
def test_an_error_ends_all_and_is_raised(turn):
    def fails(backend):
        for number in range(turn):
            Ask(backend)([Request(id=f"f{number}", prompt="f")])
        raise ValueError("a suite fails")

    model = Many()
    with pytest.raises(ValueError, match="a suite fails"):
        together.run(model, [conversation("a", 5), fails])
    assert len(model.batches) <= turn + 1


def test_a_model_that_fails_ends_all():
    def asks(backend):
        return Ask(backend)([Request(id="x", prompt="break")])

    with pytest.raises(OSError, match="the model is gone"):
        together.run(Many(), [conversation("a", 5), asks])
