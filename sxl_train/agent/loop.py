"""The loop: ask the model, run its calls, show it the results, until it answers or a budget is spent.

Every part that helps a small model is a key of `Options`, so that its effect can be measured. What the model said and
what really came back is recorded, whatever was cut or forgotten for the model's sake; a call that nobody could read
is recorded without its marks, and never to be trained on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from sxl_data.contract.errors import UserError
from sxl_data.files.json_text import dump
from sxl_data.toolsets.ranking import shorten
from sxl_data.toolsets.session import Session
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin
from sxl_data.trace.messages import declare, text_of
from sxl_data.trace.types import Agent as Who
from sxl_data.trace.types import Metrics, Result, Trace
from sxl_data.trace.types import Outcome as Verdict
from sxl_train.agent.alike import left_over
from sxl_train.agent.asking import Asking, Event, vote
from sxl_train.agent.context import Conversation, shortened
from sxl_train.agent.options import Options
from sxl_train.agent.repeats import Repeats
from sxl_train.agent.results import hold_back, in_vain, left
from sxl_train.agent.showing import in_words, shows_tools
from sxl_train.answers import tool_calls
from sxl_train.answers.markup import Call, read_schemas
from sxl_train.answers.turns import apart, unclosed
from sxl_train.generate.types import Backend, Copied, Request, Sample

Status = Literal["answered", "turns", "tokens", "repeats", "stopped", "failed"]
Made: TypeAlias = list[tuple[str, Call, Result]]
"""Calls with their ids and what came of them."""
Ask = Callable[[Call], bool]
"""Asked before each call, where a person wants to be."""
Steps: TypeAlias = Generator[Request, Sequence[Sample], "Outcome"]
"""What is to be generated, one request after another; its samples are sent back."""
TRIED = 3
"""Calls tried in place of one that failed."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run."""

    status: Status
    """answered · turns, tokens: that budget was spent · repeats: one call again and again · stopped: by a person ·
    failed: nothing was generated, ``answer`` says why."""
    answer: str
    turns: int
    calls: int
    tokens: int
    seconds: float
    trace: Trace


class Agent:
    """One task with one model and one session of tools."""

    def __init__(
        self,
        backend: Backend,
        session: Session,
        options: Options | None = None,
        *,
        event: Event = lambda kind, text: None,
        ask: Ask | None = None,
    ) -> None:
        self.backend, self.session, self.options = backend, session, options or Options()
        self.event, self.ask = event, ask
        self.schemas = read_schemas([declare(function.declared) for function in session.tools.values()])
        self.asking = Asking(self.options, shows_tools(backend), self._tools, event)
        self.calls = 0
        self._called: set[str] = set()
        self._task = self._problem = ""
        self._repeats = Repeats(self.options.break_repeats)
        self._went_well: list[Call] = []
        self._wanted = ""
        """The tool that a call failed of, while another one finds out what it needs."""

    def run(self, task: str) -> Outcome:
        """Work on ``task``. Ctrl-C ends it with what there is."""
        steps = self.steps(task)
        request = next(steps)
        self.asking.begin(self.backend, request)
        try:
            while True:
                self.event("turn", f"{self.asking.turns + 1} of at most {self.options.turns}")
                try:
                    samples = list(self.backend.generate([request]))
                except (UserError, KeyboardInterrupt) as problem:
                    request = steps.throw(problem)
                else:
                    request = steps.send(samples)
        except StopIteration as done:
            outcome: Outcome = done.value
            return outcome

    def steps(self, task: str) -> Steps:
        """The same, with generation left to the caller: yields each request and takes its samples, or is thrown what
        generation raised. Many agents that share a model can so be answered in one batch (`together`)."""
        began = time.perf_counter()
        builder = Builder("agent", task)
        builder.executed = True
        builder.agent = Who(name="sxl-train agent", model=self.backend.name)
        for function in self.session.tools.values():
            builder.tool(function.declared)
        self._task = task
        instructions = self.options.instructions + ("" if self.asking.shown else in_words(self._tools()))
        if instructions:
            builder.observe(instructions, "system")
        builder.observe(task)
        talk = Conversation(instructions, task)
        self.event("observe", task)
        status, answer = yield from self._loop(builder, talk)
        seconds = time.perf_counter() - began
        builder.outcome = Verdict(status="unknown" if status == "answered" else "aborted")
        builder.metrics = Metrics(
            prompt_tokens=self.asking.prompt_tokens,
            completion_tokens=self.asking.tokens,
            duration_ms=round(1000 * seconds, 1),
        )
        document = Document(file="agent", value={"task": task, "began": time.time_ns()})
        trace = builder.build(document, Origin(source="agent"), "sxl_agent").trace
        if status != "answered":
            trace = left(trace)
        return Outcome(
            status=status,
            answer=answer,
            turns=self.asking.turns,
            calls=self.calls,
            tokens=self.asking.tokens,
            seconds=seconds,
            trace=trace,
        )

    def _loop(self, builder: Builder, talk: Conversation) -> Generator[Request, Sequence[Sample], tuple[Status, str]]:
        try:
            while True:
                if self.asking.turns >= self.options.turns:
                    return "turns", f"no answer within {self.options.turns} turns"
                if self.asking.tokens >= self.options.tokens:
                    return "tokens", f"no answer within {self.options.tokens:,} tokens"
                sample = yield from self.asking.turn(talk)
                if sample.error:
                    self.event("error", sample.error)
                    return "failed", sample.error
                ended = yield from self._take(sample, builder, talk)
                if ended is not None:
                    return ended
        except KeyboardInterrupt:
            self.event("note", "stopped")
            return "stopped", "stopped by a person"

    def _tools(self) -> list[dict[str, Any]]:
        """What the model is shown in this turn."""
        tools, most = self.session.tools, self.options.tools_shown
        if 0 < most < len(tools):
            tools = shorten(tools, f"{self._task} {self._problem}", most, self._called)
        return [declare(function.declared) for function in tools.values()]

    def _take(
        self, sample: Sample, builder: Builder, talk: Conversation
    ) -> Generator[Request, Sequence[Sample], tuple[Status, str] | None]:
        thought, text = apart(sample.text)
        if thought:
            builder.reflect(thought, "think_tag")
            self.event("reflect", thought)
        read = tool_calls.repaired if self.options.repair else tool_calls.read
        found = read(text, self.schemas)
        if None in found.calls:
            self._unread(text, builder, talk)
            return None
        calls = [call for call in found.calls if call is not None]
        late, said = unclosed(found.content if calls else text.strip())
        if late:
            builder.reflect(late, "think_tag")
        if not calls:
            if sample.finish == "length":
                builder.say(said or "(nothing)")
                return "tokens", f"the answer was cut after {sample.tokens} tokens"
            if (yield from self._one_more(builder, talk)):
                return None
            return self._answer(said, builder)
        if said:
            builder.say(said)
            self.event("act", said)
        made = self._make(calls, builder)
        self._wanted = ""
        if self.options.other_calls and all(in_vain(result) for _, _, result in made):
            mine = self._repeats.copied()
            ended = yield from self._other(made, builder, talk)
            if ended is not False:
                return ended
            self._repeats = mine
        self._show(said, thought or late, made, talk)
        return ("repeats", "the same call again and again") if self._repeats.endless else None

    def _answer(self, said: str, builder: Builder) -> tuple[Status, str]:
        builder.say(said or "(nothing)", final=True)
        self.event("answer", said)
        return "answered", said

    def _make(self, calls: Sequence[Call], builder: Builder) -> Made:
        """Make ``calls`` side by side."""
        named = [(f"call_{self.calls + number}", call) for number, call in enumerate(calls)]
        for key, call in named:
            builder.call(call.name, dump(call.arguments), key)
        made = [(key, call, self._run(key, call)) for key, call in named]
        for _, _, result in made:
            builder.result(result)
        return made

    def _show(self, content: str, thought: str, made: Made, talk: Conversation) -> None:
        """Let the model see ``made`` from now on."""
        talk.called(content, thought, [(key, call) for key, call, _ in made])
        for key, call, result in made:
            talk.result(key, shortened(text_of(result.content), self.options.result_characters))
            if result.status == "ok":
                self._went_well.append(call)

    def _other(
        self, failed: Made, builder: Builder, talk: Conversation
    ) -> Generator[Request, Sequence[Sample], tuple[Status, str] | Literal[False] | None]:
        """In place of calls that failed: what most of some sampled answers do, until something goes well; False where
        nothing did. An answer without a call takes the place of a call that was just made, and of no other."""
        repeated = failed[0][2].error_type == "harness"
        wanted = vote((yield from self.asking.more(talk, self.options.other_calls)), self.schemas)
        for _, calls, content in wanted[:TRIED]:
            if not calls:
                if repeated:
                    return self._answer(content.strip(), builder)
                continue
            if calls == [call for _, call, _ in failed]:
                continue
            self.event("note", "that names nothing that there is: another call in its place")
            made = self._make(calls, builder)
            if not all(in_vain(result) for _, _, result in made):
                self._show(content, "", made, talk)
                name = failed[0][1].name
                self._wanted = "" if repeated or name == calls[0].name else name
                return None
        return False

    def _one_more(self, builder: Builder, talk: Conversation) -> Generator[Request, Sequence[Sample], bool]:
        """In place of an answer, where there is more to do: whether one more call was made. Either that for which
        another one was only to find out what it needs, or one like the last, for what else the task names."""
        alike: list[Call] = []
        copied, name = None, self._wanted
        if name:
            copied = Copied(texts=tuple(talk.texts), free=self.options.own_words)
        elif self.options.next_alike and self._went_well:
            name = self._went_well[-1].name
            alike = [call for call in self._went_well if call.name == name]
            copied = left_over(self._task, alike, self.options.own_words)
        self._wanted = ""
        if copied is None or not self.asking.constrained:
            return False
        count = self.options.next_alike or self.options.other_calls
        wanted = vote((yield from self.asking.more(talk, count, (name,), copied)), self.schemas)
        if not wanted or 2 * wanted[0].votes <= count or not wanted[0].calls or wanted[0].calls[0] in alike:
            return False
        made = self._make(wanted[0].calls[:1], builder)
        if made[0][2].status != "ok" or in_vain(made[0][2]):
            return False
        self._show("", "", made, talk)
        return True

    def _unread(self, text: str, builder: Builder, talk: Conversation) -> None:
        """A call that nobody can read: the model is told, once more in plain words."""
        words = 'That call could not be read. Write it as {"name": …, "arguments": {…}} in the form you were shown.'
        builder.say(text.replace("<tool_call>", "").replace("</tool_call>", "").strip() or "(nothing)", train=False)
        builder.observe(words, "environment")
        talk.said(text)
        talk.told(words)
        self.event("error", "a call that does not parse")

    def _run(self, key: str, call: Call) -> Result:
        self.calls += 1
        arguments = dump(call.arguments)
        self.event("act", f"{call.name} {arguments}")
        again = self._repeats.find((call.name, arguments))
        self._called |= {call.name} & self.session.tools.keys()
        if self.ask is not None and not self.ask(call):
            result = hold_back(key, "denied", "the person did not allow this call; do something else or ask")
        elif again:
            result = hold_back(key, "error", again)
        else:
            result = self.session.call(key, call.name, arguments)
        said = text_of(result.content)
        self._problem = said[:500] if result.status != "ok" else ""
        self._repeats.note((call.name, arguments), result)
        self.event("error" if result.status != "ok" else "result", said)
        return result
