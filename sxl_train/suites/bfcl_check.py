"""Whether calls are among the answers that BFCL allows: its AST check, for Python, Java and JavaScript.

A call is right when it is of the wanted function, has every required argument, none that is not allowed, each of the
declared type and among the allowed values; texts are compared without case, spaces and ``,./-_*^``. What an allowed
value ``""`` stands for may be left out. Same verdicts as ``bfcl-eval``'s own checker, which
``benchmarks/evaluate/bfcl.py`` compares answer by answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sxl_train.answers.markup import Call
from sxl_train.run.objects import Object, Value
from sxl_train.suites.literals import JAVA, JAVASCRIPT, MANY, java, javascript

Language = Literal["python", "java", "javascript"]
PYTHON: dict[str, type] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "any": str,
}
_SKIPPED = str.maketrans("", "", " ,./-_*^")


def check(functions: Sequence[Object], calls: Sequence[Call], allowed: Sequence[Object], language: Language) -> str:
    """Why ``calls`` are wrong; empty where they are right. The order of several does not matter."""
    if len(calls) != len(allowed):
        return f"{len(calls)} calls where {len(allowed)} are wanted"
    left = list(calls)
    for answer in allowed:
        ((name, values),) = answer.items()
        function = next((f for f in functions if f["name"] == name), functions[0])
        reasons = [_check_one(function, call, values, language) for call in left]
        if "" not in reasons:
            return reasons[0] if len(reasons) == 1 else f"no call is {name} as wanted: {'; '.join(reasons)}"[:500]
        del left[reasons.index("")]
    return ""


def plain_name(name: str) -> str:
    """Names with dots are declared with ``_``, since many servers refuse dots."""
    return name.replace(".", "_")


def _check_one(function: Object, call: Call, allowed: Object, language: Language) -> str:
    declared = function["parameters"]["properties"]
    if plain_name(call.name) != plain_name(function["name"]):
        return f"calls {call.name}, not {function['name']}"
    missing = [name for name in function["parameters"].get("required", ()) if name not in call.arguments]
    if missing:
        return f"{missing[0]} is missing"
    for name, value in call.arguments.items():
        if name not in declared or name not in allowed:
            return f"{name} is not wanted"
        reason = _check_value(name, value, declared[name], allowed[name], language)
        if reason:
            return reason
    left = [name for name, values in allowed.items() if name not in call.arguments and "" not in values]
    return f"{left[0]} is missing" if left else ""


def _check_value(name: str, value: Value, declared: Object, allowed: list[Value], language: Language) -> str:
    kind = declared["type"]
    kinds = {"python": PYTHON, "java": JAVA, "javascript": JAVASCRIPT}[language]
    inner = declared.get("items", {}).get("type") if kind in (*MANY, "tuple") else None
    if language != "python":
        if type(value) is not str:
            return f"{name} is no literal of {language} in a text"
        value = (java if language == "java" else javascript)(value, kind, inner)
    if kind == "float" and language == "python" and type(value) is int:
        value = float(value)
    wanted = kinds[kind]
    first = next((type(answer) for answer in allowed if answer != ""), None)
    variable = first is not None and first is not wanted
    if isinstance(value, list) and wanted is list and inner is not None:
        if not _fits(value, allowed, kinds[inner]) and type(value) is not first:
            return f"{name} does not hold {inner}"
        variable = variable or not _fits(value, allowed, kinds[inner])
    elif type(value) is not wanted:
        if first is None or type(value) is not first:
            return f"{name} is no {kind}: {value!r}"[:200]
        variable = True
    if not variable and not _is_allowed(value, wanted, kinds[inner] if inner else None, allowed):
        return f"{name} is {value!r}, not one of {allowed}"[:300]
    if variable and value not in allowed:
        return f"{name} is {value!r}, not one of {allowed}"[:300]
    return ""


def _fits(value: list[Value], allowed: list[Value], inner: type) -> bool:
    """Whether what a list holds is of the declared type, or of that of the allowed answer."""
    for answer in allowed:
        if not isinstance(answer, list):
            return True
        first = next((type(each) for each in answer if each != ""), None)
        if all(type(each) is inner or (first is not None and type(each) is first) for each in value):
            return True
    return False


def _is_allowed(value: Value, kind: type, inner: type | None, allowed: list[Value]) -> bool:
    if kind is dict:
        return _is_object(value, allowed)
    if kind is list and inner is dict:
        return any(
            len(value) == len(answer) and all(_is_object(each, [wanted]) for each, wanted in zip(value, answer))
            for answer in allowed
        )
    if kind is str:
        return _folded(value) in [_folded(answer) for answer in allowed if type(answer) is str]
    if kind is list:
        return [_folded(each) for each in value] in [[_folded(each) for each in answer] for answer in allowed]
    return value in allowed


def _is_object(value: Value, allowed: list[Value]) -> bool:
    for answer in allowed:
        if answer == "" or not isinstance(value, dict):
            continue
        known = all(
            key in answer and _folded(each) in [_folded(wanted) for wanted in answer[key]]
            for key, each in value.items()
        )
        if known and all(key in value or "" in wanted for key, wanted in answer.items()):
            return True
    return False


def _folded(value: Value) -> Value:
    """A text without case, spaces and marks; anything else as it is."""
    return value.translate(_SKIPPED).lower().replace("'", '"') if type(value) is str else value
