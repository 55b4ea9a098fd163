"""BFCL v4 (Berkeley Function-Calling Leaderboard): single turns by its AST check, and turns where no call fits.

One suite a category, as the leaderboard names them, and ``bfcl`` for all of them: subscores stand beside each other,
and no overall number is made of a part. Multi-turn is in `bfcl_turns`; memory and web search need servers.
Functions are declared as OpenAI tools; for Java and JavaScript every argument is a text that holds a literal.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import msgspec

from sxl_data.contract.errors import error
from sxl_train.answers.markup import Call
from sxl_train.run.objects import Object, Value
from sxl_train.suites import files
from sxl_train.suites.bfcl_check import Language, check, plain_name
from sxl_train.suites.single_turn import Question, measure
from sxl_train.suites.types import Asker, Options, Outcome, Suite, spread

CATEGORIES = {
    "simple_python": True,
    "simple_java": True,
    "simple_javascript": True,
    "multiple": True,
    "parallel": True,
    "parallel_multiple": True,
    "irrelevance": False,
    "live_simple": True,
    "live_multiple": True,
    "live_parallel": True,
    "live_parallel_multiple": True,
    "live_irrelevance": False,
    "live_relevance": False,
}
"""Category → whether it has answers; the others are about calling or not."""
_TYPES = {
    **dict.fromkeys(("dict", "object", "HashMap", "Hashtable"), "object"),
    **dict.fromkeys(("float", "number", "double"), "number"),
    **dict.fromkeys(("array", "list", "tuple", "ArrayList", "Array", "Queue", "Stack"), "array"),
    **dict.fromkeys(("integer", "byte", "short", "long", "Bigint"), "integer"),
    **dict.fromkeys(("boolean", "bool", "Boolean"), "boolean"),
}


def language(category: str) -> Language:
    """What language the arguments of ``category`` are written in."""
    return "java" if category.endswith("_java") else "javascript" if category.endswith("_javascript") else "python"


def declare(function: Object, written: Language) -> Object:
    """A function of BFCL as a tool."""
    said = {"java": " Arguments are Java 8 literals.", "javascript": " Arguments are JavaScript literals."}
    parameters = _schema(function["parameters"])
    if written != "python":
        parameters["properties"] = {
            name: {"type": "string", "description": f"{each.get('description', '')} ({each.get('type', 'any')})"}
            for name, each in function["parameters"]["properties"].items()
        }
    text = function.get("description", "") + said.get(written, "")
    return {
        "type": "function",
        "function": {"name": plain_name(function["name"]), "description": text, "parameters": parameters},
    }


def _schema(schema: Object) -> Object:
    found = {key: value for key, value in schema.items() if key in ("description", "enum", "required", "default")}
    if "type" in schema:
        found["type"] = _TYPES.get(schema["type"], "string")
    if isinstance(schema.get("properties"), dict):
        found["properties"] = {name: _schema(each) for name, each in schema["properties"].items()}
    if isinstance(schema.get("items"), dict):
        found["items"] = _schema(schema["items"])
    return found


def questions(category: str, options: Options) -> list[Question]:
    """The questions of one category. Raises `UserError` T301 and T302."""
    path = files.find(options.data, (_file(category),), category)
    written = language(category)
    answers: Object = {}
    if CATEGORIES[category]:
        beside = path.parent / "possible_answer" / path.name
        if not beside.is_file():
            raise error("T301", file=str(beside), found=f"{category}: no answers")
        answers = {row["id"]: row["ground_truth"] for row in files.rows(beside)}
    found = []
    for number, row in enumerate(files.rows(path), 1):
        try:
            (messages,) = row["question"]
            functions = row["function"]
            judge = partial(_judge, functions, answers.get(row["id"]), written, category.endswith("_relevance"))
            wanted = answers[row["id"]] if CATEGORIES[category] else []
            tools = tuple(declare(function, written) for function in functions)
        except (KeyError, TypeError, ValueError) as wrong:
            raise error("T302", file=str(path), line=number, found=f"{type(wrong).__name__}: {wrong}") from None
        found.append(
            Question(id=row["id"], messages=tuple(messages), tools=tools, judge=judge, wanted=json.dumps(wanted))
        )
    return found


def _judge(functions: Value, allowed: Value, written: Language, wants_call: bool, calls: Sequence[Call | None]) -> str:
    """Why an answer is wrong; empty where it is right."""
    if allowed is None:
        made = any(call is not None for call in calls)
        return "" if made is wants_call else "no call where one fits" if wants_call else "a call where none fits"
    if any(call is None for call in calls):
        return "a call does not parse"
    return check(functions, [call for call in calls if call is not None], allowed, written)


def _file(category: str) -> str:
    return f"BFCL_v4_{category}.json"


def _measure(name: str, categories: Sequence[str], ask: Asker, options: Options) -> list[Outcome]:
    found: list[Outcome] = []
    for category in categories:
        chosen = spread(questions(category, options), options.limit)
        found += [
            msgspec.structs.replace(outcome, group="", scores=named(outcome.scores, category, len(categories) > 1))
            for outcome in measure(name, chosen, ask, options)
        ]
    return found


def named(scores: dict[str, float], category: str, named: bool) -> dict[str, float]:
    """Scores of a suite of several categories say which, so that nothing is added up."""
    return {f"{category}: {name}" if named else name: value for name, value in scores.items()}


def _suite(name: str, title: str, categories: Sequence[str]) -> Suite:
    several = len(categories) > 1
    return Suite(
        name=name,
        title=title,
        protocol="BFCL v4, one turn, AST check; irrelevance: no call is right; OpenAI tool declarations",
        main=f"{categories[0]}: right" if several else "right",
        files=tuple(map(_file, categories[:1])),
        measure=partial(_measure, name, tuple(categories)),
    )


SUITES = (
    _suite("bfcl", "BFCL v4, single turns of all categories", tuple(CATEGORIES)),
    *(_suite(f"bfcl-{name.replace('_', '-')}", f"BFCL v4 {name}", (name,)) for name in CATEGORIES),
)
