"""HumanEval and MBPP: reference solutions pass, mutants fail, on a slice written here and on the real files where they are."""

from __future__ import annotations

import ast
import gzip
import json
import os
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.sandbox.run import missing
from sxl_train.evaluate.ask import Ask
from sxl_train.evaluate.known import KnownAnswers
from sxl_train.grade.grader import Grader
from sxl_train.suites import humaneval, mbpp
from sxl_train.suites.registry import NAMES, get
from sxl_train.suites.score import score
from sxl_train.suites.shapes import shape_of, shaped, with_complex
from sxl_train.suites.types import Options, spread

pytestmark = pytest.mark.skipif(missing() is not None, reason="no sandbox here")
DATA = Path(os.environ.get("SXL_EVAL_DATA", Path(__file__).parents[4] / "shared" / "data"))
real = pytest.mark.skipif(not (DATA / "mbpp").is_dir(), reason="the benchmarks' files are not here")

PROBLEMS = [
    {
        "task_id": "HumanEval/900",
        "prompt": "import math\n\n\ndef helper(x):\n    return x * x\n\n\ndef root(x: float) -> float:\n"
        '    """Inverse of helper."""\n',
        "entry_point": "root",
        "canonical_solution": "    return math.sqrt(x)\n",
        "test": "def check(candidate):\n    for x in range(5):\n"
        "        assert abs(helper(candidate(float(x))) - x) < 1e-6\n    assert candidate(4.0) == 2.0\n",
    },
    {
        "task_id": "HumanEval/901",
        "prompt": 'def words(text):\n    """The words."""\n',
        "entry_point": "words",
        "canonical_solution": "    return text.split()\n",
        "test": "METADATA = {}\n\n\ndef check(candidate):\n    assert candidate('a b') == ['a', 'b']\n    assert candidate('') == []\n",
    },
]
MBPP = [
    {
        "task_id": 12,
        "text": "Write a function to pair numbers.",
        "code": "class Pair(object):\r\n    def __init__(self, a, b):\r\n        self.a = a\r\n        self.b = b\r\n"
        "def total(pairs, n):\r\n    return sum(p.a + p.b for p in pairs[:n])",
        "test_setup_code": "",
        "test_list": ["assert total([Pair(1, 2), Pair(3, 4)], 2) == 10", "assert total([Pair(0, 0)], 1) == 0"],
    },
    {
        "task_id": 13,
        "text": "Write a function to measure a tree.",
        "code": "class Node:\r\n    def __init__(self, data):\r\n        self.data = data\r\n        self.left = None\r\n"
        "def height(node):\r\n    return 0 if node is None else 1 + height(node.left)",
        "test_setup_code": "root = Node(1)\r\nroot.left = Node(2)",
        "test_list": ["assert (height(root)) == 2", "assert height(root.left) == 1"][:1],
    },
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    with gzip.open(tmp_path / "deep" / "HumanEval.jsonl.gz", "wt") as file:
        file.write("\n".join(map(json.dumps, PROBLEMS)))
    (tmp_path / "mbpp.jsonl").write_text("\n".join(map(json.dumps, MBPP)))
    return tmp_path


def answers(rows, key="canonical_solution"):
    return KnownAnswers({str(row["task_id"]): [row[key]] for row in rows})


def test_reference_solutions_pass_continued_and_by_chat(data):
    options = Options(data=data)
    said = KnownAnswers(
        {row["task_id"]: [f"```python\n{row['prompt']}{row['canonical_solution']}```"] for row in PROBLEMS}
    )
    for name, backend in (("humaneval", answers(PROBLEMS)), ("humaneval-chat", said), ("mbpp", answers(MBPP, "code"))):
        found = get(name).measure(Ask(backend), options)
        assert [(o.kind, o.scores) for o in found] == [("", {"pass": 1.0, "runs": 1.0})] * 2, found


def test_a_file_of_humaneval_plus_is_judged_by_its_inputs_and_its_tolerance(tmp_path):
    """In the fields that EvalPlus writes; a root is right wherever it lies."""
    root = "    low, high = -100.0, 100.0\n    while high - low > 1e-9:\n        mid = (low + high) / 2\n"
    root += "        low, high = (mid, high) if xs[0] + xs[1] * mid < 0 else (low, mid)\n    return low\n"
    rows = [
        {
            "task_id": f"HumanEval/{number}",
            "prompt": f"def {entry}(xs):\n",
            "entry_point": entry,
            "canonical_solution": solution,
            "test": f"def check(candidate):\n    assert {test}",
            "contract": "",
            "base_input": [[inputs[0]]],
            "plus_input": [[each] for each in inputs[1:]],
            "atol": tolerance,
        }
        for number, entry, solution, test, inputs, tolerance in (
            (32, "find_zero", root, "abs(candidate([1, 2]) + 0.5) < 1e-4", [[1, 2], [-3, 1]], 1e-4),
            (2, "half", "    return [x / 2 for x in xs]\n", "candidate([1]) == [0.5]", [[1], [3, 5], []], 1e-6),
        )
    ]
    with gzip.open(tmp_path / "HumanEvalPlus.jsonl.gz", "wt") as file:
        file.write("\n".join(map(json.dumps, rows)))
    passing = "    return -xs[0] / xs[1]\n", "    return [x / 2 + 1e-9 for x in xs]\n"
    few = "    return -0.5\n", "    return [0.5]\n"
    for texts, scores in ((passing, (1.0, 1.0)), (few, (0.0, 1.0))):
        known = KnownAnswers({row["task_id"]: [text] for row, text in zip(rows, texts)})
        found = get("humaneval-plus").measure(Ask(known), Options(data=tmp_path))
        assert [(o.scores["pass"], o.scores["pass, original tests"]) for o in found][:1] == [scores], found
    assert found[1].scores["pass"] == 0.0 and found[1].scores["pass, original tests"] == 1.0
    assert [o.scores["pass"] for o in get("humaneval-plus").measure(Ask(answers(rows)), Options(data=tmp_path))] == [
        1,
        1,
    ]


def test_kinds_of_failure_and_pass_at_k(data):
    backend = KnownAnswers(
        {
            "HumanEval/900": ["    return x\n", "    return math.sqrt(x)\n", "    return 1 / 0\n"],
            "HumanEval/901": ["    return (\n", "    return text.split()\n\nprint('never run')\n"],
        }
    )
    found = get("humaneval").measure(Ask(backend), Options(data=data, samples=3, temperature=0.8))
    assert [o.kind for o in found] == [
        "wrong answer",
        "",
        "raises an exception",
        "is no Python",
        "",
        "nothing was generated",
    ]
    measured = score(found)
    assert measured.measures["pass@1"].value == pytest.approx(1 / 3) and measured.measures["pass@1"].n == 2
    assert "pass@5" not in measured.measures
    assert sum(measured.kinds.values()) == 4


def test_a_suite_whose_file_is_missing_or_broken_says_so(tmp_path):
    with pytest.raises(UserError) as missing_file:
        get("mbpp").measure(Ask(answers([])), Options(data=tmp_path))
    (tmp_path / "mbpp.jsonl").write_text('{"task_id": 11}\n')
    with pytest.raises(UserError) as broken:
        get("mbpp").measure(Ask(answers([])), Options(data=tmp_path))
    with pytest.raises(UserError) as unknown:
        get("humanevil")
    codes = [caught.value.findings[0].code for caught in (missing_file, broken, unknown)]
    assert codes == ["T301", "T302", "T303"] and "humaneval" in str(unknown.value)


def test_every_suite_can_be_had_by_its_name():
    assert [get(name).name for name in NAMES] == list(NAMES)


def test_items_are_spread_over_a_suite():
    assert (
        spread(range(10), 4) == [0, 2, 5, 7] and spread(range(3), 0) == [0, 1, 2] and spread(range(3), 9) == [0, 1, 2]
    )


def test_tuples_and_sets_are_where_the_asserts_have_them():
    shapes = shape_of("assert f((1, 2), [(1,), (2,)], {'a'}, 1j) == 3\nassert f((), [], set(), 2j) == 3", "f")
    assert shaped([[3], [[4]], ["b"], "2j"], shapes) == [(3,), [(4,)], {"b"}, 2j]
    assert shaped([[1, [2, [3, [4, [5]]]]]], shape_of("assert f((4, (7, (2, 4)), 6))", "f")) == [
        (1, (2, (3, (4, (5,)))))
    ]


def test_texts_are_numbers_only_where_they_write_complex_ones():
    shapes = shape_of("assert f(4, 'a') == 3", "f")
    assert [shaped([text, text], shapes) for text in ("(1+2j)", "12", "kj", "j")] == [
        [1 + 2j, "(1+2j)"],
        ["12", "12"],
        ["kj", "kj"],
        [1j, "j"],
    ]
    shapes = with_complex(shapes, [["12", "a"], ["1j", "b"]])
    assert shaped(["12", "1j"], shapes) == [12 + 0j, "1j"]


def mutants(source: str) -> list[str]:
    """``source`` with each return giving something else."""
    found = []
    for number, _node in enumerate(n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Return)):
        tree = ast.parse(source)
        target = [n for n in ast.walk(tree) if isinstance(n, ast.Return)][number]
        target.value = ast.parse("'mutant'").body[0].value
        found.append(ast.unparse(tree))
    return found


@real
def test_a_slice_of_the_real_files():
    options = Options(data=DATA)
    kept = []
    for items in (
        humaneval.items(next(DATA.rglob("HumanEval.jsonl.gz")), False, False)[31:40:4],
        mbpp.items(next(DATA.rglob("mbpp.jsonl")), False)[::120],
        mbpp.items(next(DATA.rglob("sanitized-mbpp.json")), True)[::90],
        mbpp.plus_items(next(DATA.rglob("MbppPlus-v0.1.0.jsonl")), False)[3::180],
    ):
        kept += items
    assert len(kept) >= 11 and options.limit == 0
    with Grader() as grader:
        grades = list(grader.grade([(item.problem, item.problem.reference) for item in kept]))
        assert [(i.problem.id, g) for i, g in zip(kept, grades) if not g.passed] == []
        wrong = [(item.problem, bad) for item in kept for bad in mutants(item.problem.reference)[-1:]]
        # A last return that no test reaches cannot be told from the right one.
        passed = [problem.id for (problem, _), grade in zip(wrong, grader.grade(wrong)) if grade.passed]
    assert passed == []
