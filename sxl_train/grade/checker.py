"""Inside the box of the tests: which calls they make, and whether given answers satisfy them.

On stdin: problems, each with answers of programs or with none. On stdout: one verdict a line. Each verdict is reached
in a process of its own, so that no problem's tests touch another's. The reference program stands in for everything
that tests use of a program but the functions that are judged.
"""

from __future__ import annotations

import json
import os
import random
import sys
from typing import Any

from sxl_train.grade.child import in_a_child
from sxl_train.grade.codec import Name, Opaque, decode, encode
from sxl_train.grade.compare import agree


class Raised(Exception):
    """What a program raised that is no exception of Python's own."""


class Further(BaseException):
    """The tests make a call whose answer is not known yet."""

    def __init__(self, calls: list[Any]) -> None:
        self.calls = calls


class Recorder:
    """The reference program in the place of the judged one; its calls are kept."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.calls: list[Any] = []
        self.held: list[Any] = []

    def call(self, name: str, args: Any, kwargs: Any) -> Any:
        call = _say_call(name, args, kwargs)
        self.calls.append(call)
        value = self.names[name](
            *decode(call["args"], self.held, self.names),
            **{key: decode(inner, self.held, self.names) for key, inner in call["kwargs"].items()},
        )
        self.held.append(value)
        try:
            return decode(encode(value))
        except ValueError:
            return Opaque(len(self.calls) - 1, bool(value))


class Player:
    """Answers that were given, in the place of the program."""

    def __init__(self, calls: list[Any], answers: list[Any]) -> None:
        self.calls, self.answers, self.place = calls, answers, 0

    def last(self) -> str:
        """The last call that was answered, in Python."""
        if not self.place:
            return ""
        call, answer = self.calls[self.place - 1], self.answers[self.place - 1]
        given = ", ".join(_shown(value) for value in call["args"])
        got = _shown(answer["value"]) if "value" in answer else str(answer.get("raised"))
        return f"; {call['name']}({given}) gave {got}"[:400]

    def call(self, name: str, args: Any, kwargs: Any) -> Any:
        call, place = _say_call(name, args, kwargs), self.place
        if place >= len(self.calls) or self.calls[place] != call:
            raise Further([*self.calls[:place], call])
        self.place += 1
        answer = self.answers[place]
        if "raised" in answer:
            kind: Any = getattr(__import__("builtins"), str(answer["raised"]), None)
            known = isinstance(kind, type) and issubclass(kind, Exception)
            raise (kind if known else Raised)(answer.get("detail", ""))
        return decode(answer["value"])


def _shown(value: Any) -> str:
    """A value as Python writes it, its beginning; "an object" where it has no plain form."""
    try:
        found = decode(value)
        return "an object" if isinstance(found, Opaque | Name) else repr(found)[:120]
    except Exception:
        return "an object"


def _say_call(name: str, args: Any, kwargs: Any) -> dict[str, Any]:
    return {
        "name": name,
        "args": [encode(value) for value in args],
        "kwargs": {key: encode(value) for key, value in kwargs.items()},
    }


class Judged:
    """A name of the judged program, as tests see it."""

    def __init__(self, name: str, player: Any) -> None:
        self.__name__ = name
        self._player = player

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._player.call(self.__name__, args, kwargs)


def _run(problem: dict[str, Any], player: Any, names: dict[str, Any]) -> None:
    tests = dict(names)
    tests.update({name: Judged(name, player) for name in problem["judged"]})
    tests.update({name: Name(name) for name in problem["given"]})
    random.seed(0)
    exec(compile(problem["tests"], "tests", "exec"), tests)


def _load(problem: dict[str, Any], setup: bool) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "reference"}
    exec(compile(problem["reference"], "reference", "exec"), names)
    if setup:
        exec(compile(problem["setup"], "setup", "exec"), names)
    return names


def record(problem: dict[str, Any]) -> dict[str, Any]:
    """The calls that the tests make of the reference program, and whether it passes."""
    names = _load(problem, True)
    recorder = Recorder(names)
    if problem["inputs"] is None:
        try:
            _run(problem, recorder, names)
            status, detail = "passed", ""
        except Exception as found:
            status, detail = "wrong", f"{type(found).__name__}: {found}"[:500]
        return {"calls": recorder.calls, "expected": None, "status": status, "detail": detail}
    expected = []
    for arguments in problem["inputs"]:
        expected.append(encode(recorder.call(problem["judged"][0], decode(arguments), {})))
    return {"calls": recorder.calls, "expected": expected, "status": "passed", "detail": ""}


def judge(problem: dict[str, Any], answers: list[Any]) -> dict[str, Any]:
    """The verdict on one program's answers."""
    if problem["expected"] is None:
        player = Player(problem["calls"], answers)
        try:
            _run(problem, player, _load(problem, False))
        except Further as found:
            return {"status": "further", "calls": found.calls}
        except Exception as found:
            reason = f"{type(found).__name__}: {found}".strip(": ")[:200]
            return {"status": "wrong", "detail": f"{reason}{player.last()}"}
        return {"status": "passed"}
    for place, (call, answer, expected) in enumerate(zip(problem["calls"], answers, problem["expected"])):
        if not _agrees(call, answer, expected, problem["rule"]):
            player = Player(problem["calls"], answers)
            player.place = place + 1
            return {"status": "wrong", "detail": f"expected {_shown(expected)}{player.last()}"}
    return {"status": "passed"}


def _agrees(call: Any, answer: Any, expected: Any, rule: dict[str, Any]) -> bool:
    try:
        return "value" in answer and agree(decode(answer["value"]), decode(expected), decode(call["args"]), rule)
    except Exception:  # what cannot be compared is not equal
        return False


def main() -> None:
    """Answer what stands on stdin."""
    task = json.loads(sys.stdin.buffer.read())
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with os.fdopen(out, "w", encoding="ascii") as file:
        for problem in task["problems"]:
            if problem["answers"] is None:
                found = [in_a_child(lambda problem=problem: record(problem), task["seconds"])]
            else:
                found = [
                    in_a_child(lambda problem=problem, given=given: judge(problem, given), task["seconds"])
                    for given in problem["answers"]
                ]
            file.write(json.dumps(found) + "\n")
            file.flush()


if __name__ == "__main__":
    main()
