"""Says whether a run reached its goal: replays the calls of a trace and looks at the end.

In: a trace of our own, of a model or of anybody, and the task that it worked on (by default the one it names). Out: a
`Verdict` with every reason against it. A run is right when the end state is the wanted one and nothing else changed,
what was asked for came to light, the last message holds it, nothing was changed before a missing detail was asked for,
no tool was called where none fits, and the results are those that the tools really give. Only sets that ship are found
by a name in a trace: code is never loaded because a trace says so.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec

from sxl_data.contract import patterns
from sxl_data.files.json_text import dump, load_object
from sxl_data.toolsets.session import Session
from sxl_data.toolsets.tasks import Task, from_id
from sxl_data.toolsets.toolset import Toolset
from sxl_data.trace.types import Act, Iterate, Observe, Result, Trace

MOST_CALLS = 200


class Verdict(msgspec.Struct, frozen=True):
    """Whether the goal is met, and all that speaks against it."""

    reasons: tuple[str, ...]

    @property
    def met(self) -> bool:
        """True when nothing speaks against the run."""
        return not self.reasons


def check(trace: Trace, task: Task | None = None, toolset: Toolset | None = None) -> Verdict:
    """Replay ``trace``. ``task`` and ``toolset`` are needed only where the trace names none that ships.

    Never raises for what a trace says; a trace without a task has a verdict that says so.
    """
    try:
        toolset, task = _found(trace, task, toolset)
    except ValueError as problem:
        return Verdict((str(problem),))
    session = Session(toolset, task.state.copied(), task.side, task.busy)
    try:
        return Verdict(tuple(dict.fromkeys(_reasons(trace, task, session))))
    finally:
        session.state.close()


def same(left: Any, right: Any) -> bool:
    """Whether two views are equal, the order in lists aside."""
    return bool(_canonical(left) == _canonical(right))


def _found(trace: Trace, task: Task | None, toolset: Toolset | None) -> tuple[Toolset, Task]:
    from sxl_data.toolsets.known import get, names

    said = (load_object(trace.ext_json) or {}).get("toolset")
    said = said if isinstance(said, dict) else {}
    if toolset is None:
        name = task.toolset if task else said.get("name")
        if not isinstance(name, str) or name not in names():
            raise ValueError(f"the trace names no set that ships: {name!r}")
        toolset = get(name)
    return toolset, task or from_id(toolset, str(said.get("task")))


def _reasons(trace: Trace, task: Task, session: Session) -> list[str]:
    found: list[str] = []
    job = task.job
    asked = [_text(step) for step in trace.steps if isinstance(step, Observe) and step.origin == "user"]
    if asked[:1] != [task.request]:
        return [f"another request than that of {task.id}; was it made by another version?"]
    if len(asked) - 1 > len(task.replies) or asked[1:] != list(task.replies[: len(asked) - 1]):
        return ["the person says what the task does not have them say"]
    replayed: dict[str, Result] = {}
    unmade = _unmade(trace)
    calls = replies = 0
    silent: Any = task.state.view() if task.replies else None
    last = ""
    for step in trace.steps[: next(i for i, s in enumerate(trace.steps) if _is_user(s)) + 1]:
        if isinstance(step, Act):
            return ["the agent acts before it was asked"]
    for step in trace.steps:
        if isinstance(step, Observe) and step.origin == "user":
            if last and not replies and silent is not None and not same(session.state.view(), silent):
                found.append("something was changed before the missing detail was asked for")
            replies += bool(last)
        elif isinstance(step, Act):
            last = _text(step)
            for call in (call for call in step.calls if call.call_id not in unmade):
                calls += 1
                if calls > MOST_CALLS:
                    return [f"more than {MOST_CALLS} calls"]
                replayed[call.call_id] = session.call(call.call_id, call.name, call.arguments_json)
        elif isinstance(step, Iterate):
            found += [
                f"the result of {result.call_id} is not what the tool gives"
                for result in step.results
                if result.call_id in replayed and not _agree(result, replayed[result.call_id])
            ]
    if task.replies and not replies:
        found.append("the missing detail was not asked for")
    if not job.calls and replayed:
        found.append("a tool was called where none fits")
    acts = [step for step in trace.steps if isinstance(step, Act)]
    if not acts or acts[-1].calls or not last:
        found.append("the run ends without a message")
    return found + _end(task, session, last)


def _unmade(trace: Trace) -> set[str]:
    """The calls that a harness or a person held back: they reached no tool."""
    results = (result for step in trace.steps if isinstance(step, Iterate) for result in step.results)
    return {r.call_id for r in results if r.status == "denied" or (r.status == "error" and r.error_type == "harness")}


def _end(task: Task, session: Session, last: str) -> list[str]:
    job, found = task.job, []
    wanted = msgspec.to_builtins(task.state.view())
    if job.want is not None:
        job.want(wanted)
    end = session.state.view()
    if not same(end, wanted):
        found.append(f"the end is not the wanted one: {_difference(end, wanted)}")
    seen = "\n".join(session.seen)
    found += [f"no result brought {text!r} to light" for text in job.found if text not in seen]
    return found + [f"the answer does not say {text!r}" for text in job.answer if not holds(last, text)]


def holds(said: str, text: str) -> bool:
    """Whether ``text`` stands in ``said`` as a word or number of its own: 4 is not in 14, 4.5 or -4."""
    said, text = f" {_plain(said)} ", _plain(text)
    at = said.find(text)
    while at >= 0:
        before, after = said[at - 2 : at], said[at + len(text) : at + len(text) + 2]
        word = (before[-1:].isalnum() and text[:1].isalnum()) or (after[:1].isalnum() and text[-1:].isalnum())
        ahead = before[-1:] in (".", ",") and before[:1].isdigit()
        point = ahead or (after[:1] in (".", ",") and after[1:].isdigit())
        minus = before[-1:] == "-" and not before[:1].isalnum() and text[:1].isdigit()
        if not word and not minus and not (point and (text[:1].isdigit() or text[-1:].isdigit())):
            return True
        at = said.find(text, at + 1)
    return False


_THOUSANDS = patterns.compile(r"([0-9]),([0-9]{3})")


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).casefold()
    for _ in range(2):  # a comma between millions and thousands is followed by one of the same match
        folded = _THOUSANDS.sub(lambda found: found[1] + found[2], folded)
    return folded


def _agree(stated: Result, real: Result) -> bool:
    return stated.status == real.status and _content(stated) == _content(real)


def _content(result: Result) -> str:
    return "".join(part.text or "" for part in result.content)


def _text(step: Observe | Act) -> str:
    return "".join(part.text or "" for part in step.content)


def _is_user(step: Any) -> bool:
    return isinstance(step, Observe) and step.origin == "user"


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return sorted((_canonical(inner) for inner in value), key=dump)
    return value


def _difference(end: Any, wanted: Any) -> str:
    if isinstance(end, dict) and isinstance(wanted, dict):
        for key in [*wanted, *end]:
            if key not in end:
                return f"{key} is missing"
            if key not in wanted:
                return f"{key} should not be there"
            if not same(end[key], wanted[key]):
                return f"{key}: {_difference(end[key], wanted[key])}"
    return f"{dump(end)[:150]} instead of {dump(wanted)[:150]}"
