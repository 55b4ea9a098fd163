"""Runs inside the sandbox: replays dialogues in API-Bank's own tools.

In (stdin): ``{"dialogues": [[{"name", "arguments"}, …], …]}``, with the folders ``apis`` and ``init_database`` in
the working directory. Out (stdout): for every call what the tool returned, or why it could not run. What the
dialogue states as the result does not come in here: the tools are programs that nobody has read, and one that knew
the answer could give it. Each dialogue starts from a fresh copy of the databases and shares them among its calls, as
API-Bank's own evaluator does. Standard library only: the interpreter of the sandbox has nothing else.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import io
import json
import pathlib
import sys
from contextlib import redirect_stdout
from typing import Any


def load_classes() -> tuple[dict[str, type], dict[str, str]]:
    """Tool classes by name, and modules that cannot be imported with the reason."""
    found: dict[str, type] = {}
    broken: dict[str, str] = {}
    for path in sorted(pathlib.Path("apis").glob("*.py")):
        try:
            module = importlib.import_module(f"apis.{path.stem}")
        except Exception as problem:  # a tool whose packages are missing must not take the others along
            for line in path.read_text(encoding="utf-8").splitlines():
                if line.startswith("class "):
                    broken[line[6:].split("(")[0].strip(": ")] = f"{type(problem).__name__}: {problem}"
            continue
        for name, value in vars(module).items():
            if isinstance(value, type) and hasattr(value, "input_parameters"):
                found[name] = value
    return found, broken


def start(classes: dict[str, type], databases: dict[str, Any], name: str) -> Any:
    """A tool of the class ``name`` on the dialogue's databases."""
    wanted = inspect.signature(classes[name]).parameters
    given: dict[str, Any] = {}
    if "init_database" in wanted:
        given["init_database"] = databases.setdefault(getattr(classes[name], "database_name", name), {})
    if "token_checker" in wanted:
        given["token_checker"] = classes["CheckToken"](init_database=databases["Account"])  # type: ignore[call-arg]
    return classes[name](**given)


def typed(value: Any, declared: Any) -> Any:
    """``value`` as the type that the tool declares; dialogues write numbers and lists as text."""
    kind = declared.get("type", "str") if isinstance(declared, dict) else "str"
    if not isinstance(value, str) or kind == "str":
        return value
    try:
        found = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    if kind in ("int", "float"):
        return {"int": int, "float": float}[kind](found) if isinstance(found, (int, float)) else value
    return found


def replay(
    calls: list[dict[str, Any]], classes: dict[str, type], broken: dict[str, str], initial: dict[str, Any]
) -> list[dict[str, Any]]:
    """What the calls of one dialogue return, in order."""
    databases = copy.deepcopy(initial)
    tools: dict[str, Any] = {}
    answers: list[dict[str, Any]] = []
    for call in calls:
        name = call["name"]
        if name not in classes:
            answers.append({"unavailable": broken.get(name, "no tool of that name")})
            continue
        try:
            with redirect_stdout(io.StringIO()):
                if name not in tools:
                    tools[name] = start(classes, databases, name)
                declared = getattr(classes[name], "input_parameters", {})
                arguments = {key: typed(value, declared.get(key)) for key, value in call["arguments"].items()}
                returned = tools[name].call(**arguments)
        except Exception as problem:  # arguments that the tool does not take
            answers.append({"output": None, "exception": f"{type(problem).__name__}: {problem}"})
            continue
        answers.append({"output": returned.get("output"), "exception": returned.get("exception")})
    return answers


if __name__ == "__main__":
    sys.path.insert(0, ".")
    with redirect_stdout(io.StringIO()):
        tools_by_name, unavailable = load_classes()
        stores = {
            p.stem: json.loads(p.read_text(encoding="utf-8")) for p in pathlib.Path("init_database").glob("*.json")
        }
    given_calls = json.load(sys.stdin)["dialogues"]
    json.dump([replay(calls, tools_by_name, unavailable, stores) for calls in given_calls], sys.stdout, default=str)
