"""BigCodeBench-Hard: asked in both ways, judged by unit tests, left out where its libraries are not there."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.sandbox.run import missing
from sxl_train.evaluate.ask import Ask
from sxl_train.evaluate.known import KnownAnswers
from sxl_train.suites import bigcodebench, files
from sxl_train.suites.registry import get
from sxl_train.suites.score import score
from sxl_train.suites.types import Options

DATA = Path(os.environ.get("SXL_EVAL_DATA", Path(__file__).parents[4] / "shared" / "data"))
NAMES = ("bigcodebench-hard", "bigcodebench-hard-instruct")
HEAD = "import statistics\ndef task_func(values):\n"
BODY = "    return statistics.mean(values)\n"
TEST = "import unittest\nclass TestCases(unittest.TestCase):\n    def test_mean(self):\n"
TEST += "        self.assertEqual(task_func([1, 2, 3]), 2)\n        self.assertEqual(task_func([4]), 4)\n"


def row(name: str, more: str = "") -> dict[str, str]:
    """A row in the fields of the published file."""
    return {
        "task_id": name,
        "complete_prompt": f'{HEAD}    """The mean."""\n',
        "instruct_prompt": "The mean.",
        "canonical_solution": BODY,
        "code_prompt": more + HEAD,
        "test": TEST,
        "entry_point": "task_func",
    }


ROWS = [row("BigCodeBench/1"), row("BigCodeBench/2"), row("BigCodeBench/3", "import no_such_library\n")]


@pytest.fixture
def data() -> Iterator[Path]:
    # Not pytest's own folder: that is closed to the user that programs run as where this is run by root.
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / bigcodebench.FOLDER).mkdir()
        (place / "bigcodebench_hard.json").write_text(json.dumps({each["task_id"]: each for each in ROWS}))
        place.chmod(0o755)
        yield place


@pytest.mark.skipif(missing() is not None, reason="no sandbox here")
def test_right_answers_pass_in_both_ways_and_problems_without_their_library_are_no_verdict(data):
    with pytest.raises(UserError, match="U402"):
        bigcodebench.check(data)  # two problems are no BigCodeBench
    wrong = "    return max(values)\n"
    for name, texts in zip(NAMES, ([BODY, wrong, BODY], [f"```python\n{HEAD}{b}```" for b in (BODY, wrong, BODY)])):
        ask = Ask(KnownAnswers({each["task_id"]: [text] for each, text in zip(ROWS, texts)}))
        found = get(name).measure(ask, Options(data=data))
        assert ask.generated == 2  # nothing is asked that could not be judged
        assert [o.scores["pass"] for o in found[:2]] == [1.0, 0.0] and found[1].kind == "wrong answer"
        measured = score(found)
        assert measured.measures["pass@1"].n == 2 and "no_such_library" in measured.excluded["BigCodeBench/3"]


@pytest.mark.skipif(not (DATA / "bigcodebench").is_dir(), reason="the benchmarks' files are not here")
def test_the_published_file_is_read():
    path = files.find(DATA / "bigcodebench", bigcodebench.FILES, NAMES[0])
    for chat in (False, True):
        items = bigcodebench.items(path, chat)
        assert len({item.problem.id for item in items}) == 148
        assert all(item.problem.judged == ("task_func",) for item in items)
        assert all((item.user is None) is not chat for item in items)
