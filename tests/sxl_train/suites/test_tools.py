"""Suites of tool calls: right calls are right, each way of being wrong is wrong, on rows written here."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from sxl_data.sandbox.run import missing
from sxl_train.answers.markup import Call
from sxl_train.evaluate.ask import Ask
from sxl_train.evaluate.known import KnownAnswers
from sxl_train.suites import bfcl, literals, published
from sxl_train.suites.bfcl_check import check, plain_name
from sxl_train.suites.registry import get
from sxl_train.suites.score import score
from sxl_train.suites.types import Options

DATA = Path(os.environ.get("SXL_EVAL_DATA", Path(__file__).parents[4] / "shared" / "data"))
FUNCTION = {
    "name": "geo.find",
    "description": "Find.",
    "parameters": {
        "type": "dict",
        "properties": {
            "place": {"type": "string"},
            "radius": {"type": "float"},
            "count": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "box": {"type": "dict", "properties": {"w": {"type": "integer"}}},
        },
        "required": ["place"],
    },
}
ALLOWED = [
    {
        "geo.find": {
            "place": ["New York", "NYC"],
            "radius": [5.0],
            "count": ["", 3],
            "tags": ["", ["a", "b"]],
            "box": ["", {"w": [1]}],
        }
    }
]
BASE = {"place": "New York", "radius": 5.0}


@pytest.mark.parametrize(
    "given",
    [
        BASE,
        BASE | {"place": "new-york."},
        BASE | {"place": "NYC", "radius": 5},
        BASE | {"count": 3, "tags": ["A", "b "], "box": {"w": 1}},
    ],
)
def test_allowed_answers_are_right(given):
    assert check([FUNCTION], [Call("geo_find", given)], ALLOWED, "python") == ""


@pytest.mark.parametrize(
    "given",
    [
        {"place": "NYC"},
        {"radius": 5.0},
        BASE | {"place": "Boston"},
        BASE | {"radius": "5.0"},
        BASE | {"count": 4},
        BASE | {"count": 3.0},
        BASE | {"count": True},
        BASE | {"tags": ["b", "a"]},
        BASE | {"tags": "a"},
        BASE | {"box": {"w": 1, "h": 2}},
        BASE | {"box": {}},
        BASE | {"more": 1},
    ],
)
def test_others_are_wrong_and_say_why(given):
    assert check([FUNCTION], [Call("geo.find", given)], ALLOWED, "python")


def test_several_calls_have_no_order_and_no_copies():
    allowed = [*ALLOWED, {"geo.find": {"place": ["Oslo"], "radius": [1.0]}}]
    first, second = Call("geo.find", BASE), Call("geo.find", {"place": "Oslo", "radius": 1.0})
    assert check([FUNCTION], [second, first], allowed, "python") == ""
    for calls in ([first, first], [first], [first, second, second], []):
        assert check([FUNCTION], calls, allowed, "python")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("5", "integer", 5),
        ("5L", "long", 5),
        ("5", "long", "5"),
        ("1.5f", "float", 1.5),
        ("1.5", "double", 1.5),
        ("true", "boolean", True),
        ("new int[]{1, 2}", "Array", [1, 2]),
        ('new ArrayList<String>(Arrays.asList("a", "b"))', "ArrayList", ["a", "b"]),
        ('new HashMap<String, Object>() {{ put("k", 1); put("m", "v"); }}', "HashMap", {"k": 1, "m": "v"}),
        ("myObject", "any", "myObject"),
        ("soon", "integer", "soon"),
    ],
)
def test_literals_of_java(text, kind, value):
    assert literals.java(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('"a"', "String", "a"),
        ("5", "integer", 5),
        ("5n", "Bigint", 5),
        ("true", "Boolean", True),
        ("[1, 'x', true]", "array", [1, "x", True]),
        ("[[1, 2], [3]]", "array", [[1, 2], [3]]),
        ("{'a': 1, b: [1, 2]}", "dict", {"a": 1, "b": [1, 2]}),
        ("{}", "dict", {}),
        ("handler", "any", "handler"),
    ],
)
def test_literals_of_javascript(text, kind, value):
    assert literals.javascript(text, kind) == value


def said(calls):
    return "\n".join(f"<tool_call>{json.dumps({'name': c.name, 'arguments': c.arguments})}</tool_call>" for c in calls)


def write(path: Path, rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, rows)))


def test_bfcl_scores_calls_and_their_absence(tmp_path):
    question = [[{"role": "user", "content": "Find New York within 5."}]]
    rows = [{"id": f"simple_python_{n}", "question": question, "function": [FUNCTION]} for n in range(3)]
    write(tmp_path / "BFCL_v4_simple_python.json", rows)
    write(
        tmp_path / "possible_answer" / "BFCL_v4_simple_python.json",
        [{"id": r["id"], "ground_truth": ALLOWED} for r in rows],
    )
    write(
        tmp_path / "BFCL_v4_irrelevance.json",
        [{"id": f"irrelevance_{n}", "question": question, "function": [FUNCTION]} for n in range(2)],
    )
    right = said([Call("geo_find", BASE)])
    backend = KnownAnswers(
        {
            "simple_python_0": [right],
            "simple_python_1": [right.replace("</tool_call>", "")],
            "simple_python_2": ["I cannot."],
            "irrelevance_0": ["No tool of mine does that."],
            "irrelevance_1": [right],
        }
    )
    found = get("bfcl-simple-python").measure(Ask(backend), Options(data=tmp_path))
    assert [o.scores for o in found] == [
        {"right": 1.0, "right, repaired": 1.0},
        {"right": 0.0, "right, repaired": 1.0},
        {"right": 0.0, "right, repaired": 0.0},
    ]
    assert [o.kind for o in found] == ["", "a call does not parse", "no call"]
    found = get("bfcl-irrelevance").measure(Ask(backend), Options(data=tmp_path))
    assert [(o.scores["right"], o.kind) for o in found] == [(1.0, ""), (0.0, "a call where none fits")]


def test_declared_tools_are_json_schema_without_dots():
    declared = bfcl.declare(FUNCTION, "python")["function"]
    assert declared["name"] == "geo_find" and declared["parameters"]["type"] == "object"
    assert declared["parameters"]["properties"]["radius"]["type"] == "number"
    java = bfcl.declare(FUNCTION, "java")["function"]["parameters"]["properties"]
    assert {each["type"] for each in java.values()} == {"string"}


def test_same_calls_whatever_the_order_and_the_writing_of_numbers():
    right = [Call("a", {"n": "5", "empty": ""}), Call("b", {})]
    assert published.same([Call("b", {}), Call("a", {"n": 5})], right) == ""
    for calls in (
        [Call("a", {"n": 6}), Call("b", {})],
        [Call("b", {})],
        [Call("a", {"n": 5}), None],
        [Call("c", {}), Call("b", {})],
    ):
        assert published.same(calls, right)


@pytest.mark.skipif(missing() is not None, reason="no sandbox here")
def test_calls_of_api_bank_are_executed(tmp_path):
    tool = (
        "class Add:\n    description = 'Adds.'\n    input_parameters = {'a': {'type': 'int', 'description': 'x'}}\n"
        "    output_parameters = {'sum': {'type': 'int', 'description': 'y'}}\n"
        "    def call(self, a):\n        return {'api_name': 'Add', 'input': {}, 'output': int(a) % 10, 'exception': None}\n"
    )
    turns = [
        {"role": "User", "text": "Add 3."},
        {
            "role": "API",
            "api_name": "Add",
            "param_dict": {"a": "3"},
            "result": {"output": 3, "exception": None, "input": {}},
        },
        {"role": "AI", "text": "3"},
    ]
    files = {"api-bank/apis/add.py": tool, "api-bank/init_database/x.json": "{}"}
    files |= {f"api-bank/lv1-lv2-samples/level-1/{n}.jsonl": "\n".join(map(json.dumps, turns)) for n in "abc"}
    with tarfile.open(tmp_path / "api_bank.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    steps = published.api_bank(Options(data=tmp_path))
    names = [f"api-bank:{step.question.id}" for step in steps]
    answers = [said([Call("Add", {"a": 3})]), said([Call("Add", {"a": 13})]), said([Call("Add", {"a": 4})])]
    found = get("api-bank").measure(Ask(KnownAnswers({n: [a] for n, a in zip(names, answers)})), Options(data=tmp_path))
    assert [(o.scores["right"], o.scores["same result"]) for o in found] == [(1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]


@pytest.mark.skipif(not (DATA / "seal_tools").is_dir(), reason="the benchmarks' files are not here")
@pytest.mark.parametrize("name", ["seal-tools", "toolalpaca"])
def test_golden_calls_of_the_real_files_are_right(name):
    load = {"seal-tools": published.seal_tools, "toolalpaca": published.toolalpaca}[name]
    options = Options(data=DATA / name.replace("-", "_"), limit=20)
    backend = KnownAnswers({f"{name}:{step.question.id}": [said(step.right)] for step in load(options)})
    measures = score(get(name).measure(Ask(backend), options)).measures
    assert measures["right"].value == 1.0 and measures["right"].n == 20


def first_allowed(value):
    """Of the lists of what BFCL allows, at any depth, the first."""
    if isinstance(value, dict):
        listed = {key: each if isinstance(each, list) else [each] for key, each in value.items()}
        return {key: first_allowed(each[0]) for key, each in listed.items() if each and each[0] != ""}
    return [first_allowed(each) for each in value] if isinstance(value, list) else value


@pytest.mark.skipif(not (DATA / "gorilla_bfcl").is_dir(), reason="the benchmarks' files are not here")
@pytest.mark.parametrize("category", [name for name in bfcl.CATEGORIES if bfcl.language(name) == "python"])
def test_golden_calls_of_a_slice_of_the_real_bfcl_are_right(category):
    """Three of each category; a call where none fits, and none where one fits, are wrong."""
    options = Options(data=DATA / "gorilla_bfcl", limit=3)
    right, wrong = {}, {}
    for question in bfcl.questions(category, options):
        allowed = json.loads(question.wanted)
        calls = [Call(plain_name(n), first_allowed(given)) for one in allowed for n, given in one.items()]
        some = said(calls or [Call("any", {})])
        calls_are_right = bool(calls) or category.endswith("_relevance")
        right[question.id], wrong[question.id] = [some, "None fits."] if calls_are_right else ["None fits.", some]
    suite = get(f"bfcl-{category.replace('_', '-')}")
    for texts, value in ((right, 1.0), (wrong, 0.0)):
        known = KnownAnswers({name: [text] for name, text in texts.items()})
        measured = score(suite.measure(Ask(known), options)).measures["right"]
        assert (measured.n, measured.value) == (3, value)
