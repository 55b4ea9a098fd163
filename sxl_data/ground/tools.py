"""Which calls can be run, and running one of them.

In: a call of a trace. Out: a `Result` as the tool really gives it, or None where no tool here runs such
a call. A tool is known by the names that sources use for it and by the argument that carries its input.
"""

from __future__ import annotations

from typing import Literal

from sxl_data.files.json_text import load_object
from sxl_data.ground.calculator import NotArithmetic, calculate, show
from sxl_data.sandbox.box import Box
from sxl_data.trace.types import Call, Result, parts

Kind = Literal["calculator", "python", "shell", "api_bank"]

# Kind → (names of the tool in lower case, names of its argument).
NAMES: dict[Kind, tuple[frozenset[str], tuple[str, ...]]] = {
    "calculator": (frozenset(("calculator", "calculate")), ("expression", "formula")),
    "python": (frozenset(("python", "run_python", "execute_python", "python_interpreter")), ("code", "program")),
    "shell": (frozenset(("bash", "shell", "execute_bash", "run_shell", "run_command")), ("command", "cmd")),
}


def kind_of(call: Call) -> tuple[Kind, str] | None:
    """(kind of tool, its input) of a call that can be run here."""
    name = call.name.lower()
    if call.arguments_form == "raw":
        if (
            call.kind == "code"
            and call.language in ("python", "bash")
            and name in NAMES["python"][0] | NAMES["shell"][0]
        ):
            return ("python" if call.language == "python" else "shell"), call.arguments_json
        return None
    for kind, (names, keys) in NAMES.items():
        if name in names:
            arguments = load_object(call.arguments_json) or {}
            given = next((arguments[key] for key in keys if isinstance(arguments.get(key), str)), None)
            return None if given is None else (kind, given)
    return None


def count(call: Call, expression: str) -> Result:
    """Run a call of the calculator, which needs no sandbox."""
    try:
        text = show(calculate(expression))
    except NotArithmetic as problem:
        return Result(call_id=call.call_id, status="error", error_type="NotArithmetic", error_message=str(problem))
    # Without its duration, which would be noise: so grounding with the calculator repeats byte by byte.
    return Result(call_id=call.call_id, content=parts(text), status="ok")


def execute(call: Call, kind: Kind, given: str, box: Box) -> Result | None:
    """Run the program of a call of ``python`` or ``shell`` in ``box``, which the calls of a trace share; None where
    it could not be started here, which says nothing of the program."""
    done = box.run(given, "python" if kind == "python" else "bash")
    if done.status == "refused":
        return None
    over = None if done.status in ("ok", "failed", "timeout") else done.status
    status: Literal["ok", "error", "timeout"] = (
        "timeout" if done.status == "timeout" else "ok" if done.status == "ok" else "error"
    )
    return Result(
        call_id=call.call_id,
        content=(*parts(done.stdout), *parts(done.stderr)),
        status=status,
        exit_code=done.exit_code,
        duration_ms=done.duration_ms,
        truncated=True if done.truncated else None,
        error_type=over and "LimitExceeded",
        error_message=over and f"ended: over its limit of {over}",
    )


def agrees(kind: str, stated: Result, found: Result) -> bool:
    """Whether the result that the source states is the one that was found.

    Numbers of a calculator are compared as numbers, outputs of programs as text without outer space.
    """
    said, got = ("".join(part.text or "" for part in result.content).strip() for result in (stated, found))
    if kind == "calculator" and found.status == "ok":
        try:
            return calculate(said) == calculate(got)
        except NotArithmetic:
            return False
    return said == got and (stated.status in ("unknown", found.status))
