"""Inside the box of a program: load it, make the calls that it is asked for, say what they returned.

On stdin: the program, what to run after it, and the calls. On stdout, after a mark: the answers. The tests and what
they expect are not here.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from sxl_train.grade.codec import decode, encode_or_opaque

MARK = "\n\x01sxl-answers "


def main() -> None:
    """Answer what stands on stdin."""
    task = json.loads(sys.stdin.buffer.read())
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000))
    answers = json.dumps(_answer(task))
    with os.fdopen(out, "w", encoding="ascii") as file:
        file.write(MARK + answers + "\n")
    os._exit(0)  # no thread of the program and no `atexit` is waited for


def _answer(task: dict[str, Any]) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "candidate"}
    try:
        code = compile(task["program"], "program", "exec")
    except BaseException as problem:
        return {"failed": "syntax", "detail": _say(problem)}
    try:
        exec(code, names)
        exec(compile(task["setup"], "setup", "exec"), names)
    except BaseException as problem:
        return {"failed": "load", "detail": _say(problem)}
    missing = sorted({call["name"] for call in task["calls"]} - names.keys())
    if missing:
        return {"failed": "missing", "detail": f"the program defines no {', '.join(missing)}"}
    held: list[Any] = []
    return {"answers": [_call(call, number, names, held) for number, call in enumerate(task["calls"])]}


def _call(call: dict[str, Any], number: int, names: dict[str, Any], held: list[Any]) -> dict[str, Any]:
    held.append(None)
    try:
        arguments = decode(call["args"], held, names)
        named = {name: decode(value, held, names) for name, value in call["kwargs"].items()}
        held[number] = names[call["name"]](*arguments, **named)
        return {"value": encode_or_opaque(held[number], number)}
    except BaseException as problem:
        return {"raised": type(problem).__name__, "detail": _say(problem)}


def _say(problem: BaseException) -> str:
    try:
        return f"{type(problem).__name__}: {problem}"[:500]
    except BaseException:
        return "an exception without words"


if __name__ == "__main__":
    main()
