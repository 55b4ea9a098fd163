"""Runs inside the sandbox: plays conversations on BFCL's own classes, which lie in the working directory.

In (stdin): ``{"seconds", "talks": [{"classes", "config", "long", "turns": [[[call, …] a step] a turn], "gold": [[call,
…] a turn], "new": n}]}``, a call being (name, arguments by place, arguments by name). Out: a line for each: what the
calls of the last ``new`` steps returned, as BFCL writes it; for each turn of ``gold`` what its calls returned on
objects of its own, and which attributes then differ. A call is looked up among the public methods of the objects and
given plain values; nothing that a model wrote is evaluated. Standard library only.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import os
import sys
from typing import Any

from sxl_train.grade.child import in_a_child

Methods = dict[str, Any]


def start(talk: dict[str, Any], places: Any) -> tuple[dict[str, Any], Methods]:
    """Objects of the conversation's classes by class, and their public methods; a later class hides an earlier."""
    objects: dict[str, Any] = {}
    methods: Methods = {}
    for name in talk["classes"]:
        made = getattr(importlib.import_module(places.CLASS_FILE_PATH_MAPPING[name]), name)()
        if name not in places.STATELESS_CLASSES:
            made._load_scenario(copy.deepcopy(talk["config"].get(name, {})), long_context=talk["long"])
        objects[name] = made
        found = inspect.getmembers(made, predicate=inspect.ismethod)
        methods.update({method: bound for method, bound in found if not method.startswith("_")})
    return objects, methods


def call(methods: Methods, name: str, arguments: list[Any], named: dict[str, Any]) -> str:
    """What a call returns, as text."""
    try:
        if name not in methods:
            raise NameError(f"name '{name}' is not defined")
        value = methods[name](*arguments, **named)
    except Exception as problem:
        return f"Error during execution: {problem}"
    if isinstance(value, dict):
        try:
            return json.dumps(value)
        except (TypeError, ValueError):
            return str(value)
    return str(value)


def differing(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Public attributes of ``theirs`` that are others in ``ours``."""
    return [
        f"{name}.{key}"
        for name, each in theirs.items()
        for key, value in vars(each).items()
        if not key.startswith("_") and getattr(ours[name], key) != value
    ]


def play(talk: dict[str, Any], places: Any) -> dict[str, Any]:
    """One conversation from its beginning."""
    objects, methods = start(talk, places)
    golden, right = start(talk, places) if talk["gold"] else ({}, {})
    steps: list[list[str]] = []
    wanted: list[list[str]] = []
    differs: list[list[str]] = []
    for place, turn in enumerate(talk["turns"]):
        steps += [[call(methods, *each) for each in step] for step in turn]
        if talk["gold"]:
            wanted.append([call(right, *each) for each in talk["gold"][place]])
            differs.append(differing(objects, golden))
    return {"steps": steps[max(0, len(steps) - talk["new"]) :], "wanted": wanted, "differs": differs}


def main() -> None:
    """Answer what stands on stdin."""
    task = json.loads(sys.stdin.buffer.read())
    sys.path.insert(0, ".")
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    places = importlib.import_module("bfcl_eval.constants.executable_backend_config")
    for name in sorted({name for talk in task["talks"] for name in talk["classes"]}):
        importlib.import_module(places.CLASS_FILE_PATH_MAPPING[name])
    with os.fdopen(out, "w", encoding="ascii") as file:
        for talk in task["talks"]:
            file.write(json.dumps(in_a_child(lambda talk=talk: play(talk, places), task["seconds"])) + "\n")


if __name__ == "__main__":
    main()
