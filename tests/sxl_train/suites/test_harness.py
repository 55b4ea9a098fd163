"""MMLU and GSM8K through lm-evaluation-harness: its prompts on our files, its scores as our outcomes."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.evaluate.ask import Ask
from sxl_train.generate.types import Sample, Score
from sxl_train.suites import harness
from sxl_train.suites.registry import get
from sxl_train.suites.score import score
from sxl_train.suites.types import Options

pytestmark = pytest.mark.slow


class Oracle:
    """Knows that the right answer holds an r, and sums of GSM8K by heart for even questions."""

    name = "oracle"

    def generate(self, requests, progress=None):
        for request in requests:
            number = int(request.prompt.rpartition("Question: ")[2].partition(" ")[0])
            text = f" {number}+1={number + 1}\n#### {number + 1}" if number % 2 == 0 else f" It is {number + 1}."
            yield Sample(request=request.id, index=0, text=text, finish="stop", prompt_tokens=9, tokens=9)

    def score(self, pairs):
        self.pairs = pairs
        return [Score(logprob=0.0 if self._right(c, t) else -5.0, tokens=1, greedy=True) for c, t in pairs]

    def _right(self, context, text):
        question = context.rpartition("\n\n")[2]
        if text.strip() in "ABCD":
            lines = [line for line in question.splitlines() if line.startswith(f"{text.strip()}. ")]
            return "right" in lines[0]
        return "right" in text

    def close(self):
        pass


@pytest.fixture
def data(tmp_path):
    rows = [
        [f"Q{n}?", *("right" if place == n % 4 else f"no{place}" for place in range(4)), "ABCD"[n % 4]]
        for n in range(6)
    ]
    text = "\n".join(",".join(row) for row in rows)
    with tarfile.open(tmp_path / "mmlu_dev_test.tar.gz", "w:gz") as archive:
        for split in ("dev", "test"):
            entry = tarfile.TarInfo(f"{split}/world_history_{split}.csv")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    asked = [{"question": f"{n} and 1?", "answer": f"{n}+1={n + 1}\n#### {n + 1}"} for n in range(8)]
    for name in ("train", "test"):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, asked)))
    return tmp_path


def test_an_archive_that_is_none_of_mmlu_is_refused(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(b"nothing")
    with pytest.raises(UserError) as caught:
        harness.mmlu_rows(tmp_path / "a.tar.gz")
    assert caught.value.findings[0].code == "T302"


def test_letters_cloze_and_numbers(data):
    pytest.importorskip("lm_eval")
    oracle = Oracle()
    measured = score(get("mmlu").measure(Ask(oracle), Options(data=data))).measures
    assert measured["acc"].value == 1.0 and measured["acc"].n == 6
    context, letter = oracle.pairs[0]
    assert context.startswith("The following are multiple choice questions (with answers) about world history.")
    assert context.count("Answer:") == 6 and letter == " A"
    measured = score(get("mmlu-cloze").measure(Ask(oracle), Options(data=data, limit=4))).measures
    assert measured["acc_norm"].value == 1.0 and measured["acc_norm"].n == 4
    found = get("gsm8k").measure(Ask(oracle), Options(data=data))
    measured = score(found).measures
    assert (measured["strict"].value, measured["flexible"].value, measured["strict"].n) == (0.5, 1.0, 8)
    assert found[0].text.endswith("#### 1")
