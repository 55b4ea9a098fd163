"""Drives the tools through a plan and records what really came of it as a trace.

In: a set and a task. Out: a `Reading`, the trace with provenance. The planner sometimes makes a mistake on purpose: it
tries altered arguments on a copy of the world, and one that the tool really refuses (or, where it only looks, finds
nothing with) is called for real before the right one. The mistaken act is marked as not to be trained on; the error,
the reason and the repair are what is learnt. Reflect steps state what the planner knows: its own slip, a tool that was
busy, or what the plan saw in a result.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec

from sxl_data.contract.errors import Bug
from sxl_data.files.json_text import dump
from sxl_data.toolsets.check import same
from sxl_data.toolsets.plan import Ask, Call, Refusable, Refusal, Think
from sxl_data.toolsets.ranking import shorten
from sxl_data.toolsets.session import Session
from sxl_data.toolsets.tasks import Task
from sxl_data.toolsets.toolset import Toolset
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading
from sxl_data.trace.types import Act, Agent, Outcome, Result, Trace

FORMAT = "toolset"
SLIPS = 0.2
"""Share of the tasks with calls in which one call is made wrongly first, where a mistake can be found."""
_EMPTY = ("[]", "{}", "", "0", "null")
_PATIENCE = 5


def run(
    toolset: Toolset,
    task: Task,
    origin: Origin | None = None,
    *,
    slips: float = SLIPS,
    timed: bool = False,
    shown: int = 0,
) -> Reading:
    """Work on ``task`` in ``toolset``. ``timed`` records how long each call took; two runs differ in it. ``shown``
    declares only so many tools: those that the plan calls (all of them), and those most like the request; 0 all.

    Raises `Bug` where the plan of a pattern does what its set refuses.
    """
    origin = origin or Origin(source=toolset.name)
    if shown <= 0:
        return _Run(toolset, task, slips, timed).record(origin)
    called = called_tools(_Run(toolset, task, slips, timed).record(origin).trace)
    run_again = _Run(toolset, task, slips, timed)
    run_again.session.tools = shorten(run_again.session.tools, task.request, shown, called)
    return run_again.record(origin)


def called_tools(trace: Trace) -> set[str]:
    """The names of the tools that ``trace`` calls."""
    return {call.name for step in trace.steps if isinstance(step, Act) for call in step.calls}


class _Run:
    def __init__(self, toolset: Toolset, task: Task, slips: float, timed: bool) -> None:
        self.toolset, self.task = toolset, task
        self.random = random.Random(f"planner/{task.id}")
        self.session = Session(toolset, task.state.copied(), task.side, task.busy, timed)
        self.builder = Builder("tool_use", task.request)
        self.replies = list(task.replies)
        self.calls = 0
        # A slip can hit any of the first calls, not only the first.
        self.slip_at = self.random.choice((0, 0, 1, 2)) if self.random.random() < slips else -1

    def record(self, origin: Origin) -> Reading:
        task, builder = self.task, self.builder
        for function in self.session.tools.values():
            builder.tool(function.declared)
        if task.context:
            builder.observe(task.context, "system")
        builder.observe(task.request)
        try:
            plan, sent = task.plan(), None
            while True:
                try:
                    item = plan.send(sent)
                except StopIteration as done:
                    builder.say(done.value, final=True)
                    break
                sent = self._do(item)
        finally:
            self.session.state.close()
        builder.agent = Agent(name="sxl-planner")
        builder.outcome = Outcome(status="success", verifier=f"sxl.toolsets.check {task.kind}")
        builder.executed = True
        document = Document(file=task.toolset, value={"task": task.id}, row=task.number, sha256=self.toolset.sha256)
        builder.ext = {"toolset": {"name": task.toolset, "task": task.id, "pattern": task.pattern, "kind": task.kind}}
        group = f"{task.toolset}/{task.pattern}"
        reading = builder.build(document, origin, FORMAT, source_id=task.id, group=group)
        made = msgspec.structs.replace(reading.trace.provenance, synthetic=origin.synthetic or False)
        return msgspec.structs.replace(reading, trace=msgspec.structs.replace(reading.trace, provenance=made))

    def _do(self, item: Any) -> Any:
        if isinstance(item, Think):
            self.builder.reflect(item.patterns[0])
            return None
        if isinstance(item, Ask):
            self.builder.say(item.patterns[0])
            if not self.replies:
                raise Bug(f"{self.task.pattern}: asks without a reply to it")
            reply = self.replies.pop(0)
            self.builder.observe(reply)
            return reply
        found = self._calls(item if isinstance(item, list) else [item])
        return found if isinstance(item, list) else found[0]

    def _calls(self, items: list[Call | Refusable]) -> list[Any]:
        """The values of calls made side by side; those that a busy tool refused are made again after it."""
        calls = [item.call if isinstance(item, Refusable) else item for item in items]
        if not any(isinstance(item, Refusable) for item in items):
            self._slip(calls)
        values: list[Any] = [None] * len(calls)
        waiting = list(range(len(calls)))
        for _ in range(_PATIENCE):
            results = self._turn([calls[i] for i in waiting])
            again = []
            for i, result in zip(waiting, results):
                if result.error_type == "busy":
                    again.append(i)
                elif result.status == "ok":
                    values[i] = self.session.values[result.call_id]
                elif isinstance(items[i], Refusable):
                    values[i] = Refusal(result.error_type or "", result.content[0].text or "")
                else:
                    raise Bug(f"{self.task.id} {self.task.pattern}: {calls[i]} gave {result.content[0].text}")
            if not again:
                return values
            waiting = again
            names = " and ".join(dict.fromkeys(calls[i].name for i in again))
            self.builder.reflect(self.random.choice(_AGAIN).format(names=names, said=self.toolset.busy))
        raise Bug(f"{self.task.id}: still busy after {_PATIENCE} calls")

    def _turn(self, calls: list[Call], train: bool = True) -> list[Result]:
        made = []
        for call in calls:
            made.append((f"call_{self.calls}", call.name, dump(call.arguments)))
            self.calls += 1
        common: dict[str, Any] = {} if train else {"train": False}
        for call_id, name, arguments in made:
            self.builder.call(name, arguments, call_id, **common)
        results = [self.session.call(*call) for call in made]
        for result in results:
            self.builder.result(result)
        return results

    def _slip(self, calls: list[Call]) -> None:
        """Make one of ``calls`` wrongly first, if it is time for it and a mistake is found that does no harm."""
        if not 0 <= self.slip_at <= self.calls:
            return
        call = self.random.choice(calls)
        if self.session.busy.get(call.name):
            return
        for field, wrong in self._mistakes(call):
            slip = Call(call.name, call.arguments | {field: wrong})
            if self._harmless(slip):
                self.slip_at = -1
                (result,) = self._turn([slip], train=False)
                template = self.random.choice(_SLIPPED if result.status == "error" else _MISSED)
                self.builder.reflect(template.format(wrong=wrong, right=call.arguments[field], field=field))
                return

    def _mistakes(self, call: Call) -> list[tuple[str, str | int]]:
        """Altered texts and numbers of ``call``, as people and models get them wrong, in an order of chance."""
        found: list[tuple[str, str | int]] = []
        for field, value in call.arguments.items():
            if type(value) is int and value >= 10:
                found += [(field, int(str(value)[:-2] + str(value)[:-3:-1])), (field, value + 1), (field, value // 10)]
            if isinstance(value, str) and 3 <= len(value) <= 60 and "\n" not in value:
                at = self.random.randrange(1, len(value) - 1)
                found += [(field, value[:at] + value[at + 1 :]), (field, value[:at] + value[at] + value[at:])]
                found += [(field, value[: at - 1] + value[at] + value[at - 1] + value[at + 1 :])]
                if value.isalpha():
                    found.append((field, value.swapcase()))
                if "." in value:
                    found.append((field, value.rpartition(".")[0]))
        self.random.shuffle(found)
        return [(field, wrong) for field, wrong in found if wrong != call.arguments[field]]

    def _harmless(self, slip: Call) -> bool:
        """Whether ``slip`` is a call that the tool's schema takes, and that fails or finds nothing."""
        if any(str(value) in self.task.job.found for value in slip.arguments.values()):
            return False
        before = self.session.state.view()
        state = self.session.state.copied()
        trial = Session(self.toolset, state, self.task.side)
        try:
            result = trial.call("trial", slip.name, dump(slip.arguments))
            unchanged = same(state.view(), before)
        finally:
            state.close()
        if result.status == "error":
            return unchanged and result.error_type != "bad_arguments"
        return unchanged and bool(trial.seen) and trial.seen[0] in _EMPTY


_AGAIN = (
    "{names} said “{said}”. Nothing was changed, so the same call can be made again.",
    "The call of {names} did not go through ({said}). I make it once more.",
    "{names} was busy for a moment; trying again is safe because a failed call changes nothing.",
)
_SLIPPED = (
    "I wrote “{wrong}” where “{right}” was meant. I correct {field} and call again.",
    "My mistake: {field} must be “{right}”, not “{wrong}”.",
    "The error comes from my {field}: “{wrong}”. The right one is “{right}”.",
)
_MISSED = (
    "Nothing was found because I looked for “{wrong}”; it has to be “{right}”.",
    "“{wrong}” is a slip of mine, so the empty result says nothing. I look for “{right}”.",
)
