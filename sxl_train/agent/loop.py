"""The loop: ask the model, run its calls, show it the results, until it answers or a budget is spent.

Every part that helps a small model is a key of `Options`, so that its effect can be measured. What the model said and
what really came back is recorded, whatever was cut or forgotten for the model's sake; a call that nobody could read
is recorded without its marks, and never to be trained on.
"""

from __future__ import annotations

import time
from collections import Counter
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
from sxl_data.trace.types import Metrics, Part, Result, Trace
from sxl_data.trace.types import Outcome as Verdict
from sxl_train.agent.context import Conversation, shortened
from sxl_train.agent.options import Options
from sxl_train.agent.showing import in_words, shows_tools
from sxl_train.answers import tool_calls
from sxl_train.answers.markup import Call, read_schemas
from sxl_train.answers.turns import apart
from sxl_train.generate.types import Backend, Request, Sample

Status = Literal["answered", "turns", "tokens", "repeats", "stopped", "failed"]
Event = Callable[[str, str], None]
"""Told what happens: (turn | observe | reflect | act | result | error | answer | note, text)."""
Ask = Callable[[Call], bool]
"""Asked before each call, where a person wants to be."""
Steps: TypeAlias = Generator[Request, Sequence[Sample], "Outcome"]
"""What is to be generated, one request after another; its samples are sent back."""
_REPEATS = 3
PASSING = ("busy", "timeout")
"""Failures behind which the very same call is the right next step."""
VOTING_TEMPERATURE = 0.4
"""Of answers that are voted on, where the options state none."""


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
        self.shown = shows_tools(backend)
        """Whether the model's template shows tools; where it does not, the system text does."""
        self.constrained = self.shown and self.options.constrained is not False
        self.turns = self.calls = self.tokens = self.prompt_tokens = 0
        self._called: set[str] = set()
        self._task = self._problem = ""
        self._last: tuple[str, str] = ("", "")
        self._again = 0
        self._nudged = self._passing = False

    def run(self, task: str) -> Outcome:
        """Work on ``task``. Ctrl-C ends it with what there is."""
        steps = self.steps(task)
        request = next(steps)
        try:
            while True:
                self.event("turn", f"{self.turns + 1} of at most {self.options.turns}")
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
        instructions = self.options.instructions + ("" if self.shown else in_words(self._tools()))
        if instructions:
            builder.observe(instructions, "system")
        builder.observe(task)
        talk = Conversation(instructions, task)
        self.event("observe", task)
        status, answer = yield from self._loop(builder, talk)
        seconds = time.perf_counter() - began
        builder.outcome = Verdict(status="unknown" if status == "answered" else "aborted")
        builder.metrics = Metrics(
            prompt_tokens=self.prompt_tokens, completion_tokens=self.tokens, duration_ms=round(1000 * seconds, 1)
        )
        document = Document(file="agent", value={"task": task, "began": time.time_ns()})
        trace = builder.build(document, Origin(source="agent"), "sxl_agent").trace
        return Outcome(
            status=status,
            answer=answer,
            turns=self.turns,
            calls=self.calls,
            tokens=self.tokens,
            seconds=seconds,
            trace=trace,
        )

    def _loop(self, builder: Builder, talk: Conversation) -> Generator[Request, Sequence[Sample], tuple[Status, str]]:
        try:
            while True:
                if self.turns >= self.options.turns:
                    return "turns", f"no answer within {self.options.turns} turns"
                if self.tokens >= self.options.tokens:
                    return "tokens", f"no answer within {self.options.tokens:,} tokens"
                sample = yield from self._sample(talk)
                if sample.error:
                    self.event("error", sample.error)
                    return "failed", sample.error
                ended = self._take(sample, builder, talk)
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

    def _sample(self, talk: Conversation) -> Generator[Request, Sequence[Sample], Sample]:
        """The model's next answer; where the conversation does not fit, of a shorter one."""
        while True:
            request = Request(
                id=f"turn-{self.turns}",
                messages=tuple(talk.messages),
                tools=tuple(self._tools()) if self.shown else None,
                max_tokens=min(self.options.answer_tokens, self.options.tokens - self.tokens),
                temperature=self.options.temperature or (VOTING_TEMPERATURE if self.options.votes > 1 else 0.0),
                samples=self.options.votes,
                seed=self.options.seed,
                constrained=self.constrained,
            )
            try:
                samples = yield request
            except UserError as problem:
                if self.options.constrained is None and self.constrained:
                    self.constrained = False  # this model's calls cannot be held to a grammar
                    self.event("note", f"calls are read as they come: {problem.findings[0].found}")
                    continue
                raise
            sample = self._most_wanted(samples)
            if sample.error and self.options.cut_at_loops and talk.forget():
                self.event("note", "the conversation was too long: its oldest loop is forgotten")
                continue
            self.turns += 1
            self.tokens += sum(each.tokens for each in samples)
            self.prompt_tokens += sample.prompt_tokens
            return sample

    def _most_wanted(self, samples: Sequence[Sample]) -> Sample:
        """The first of those answers whose calls most of them make."""
        if len(samples) == 1:
            return samples[0]
        ordered = sorted(samples, key=lambda sample: sample.index)
        calls = [tool_calls.repaired(apart(sample.text)[1], self.schemas).calls for sample in ordered]
        keys = ["?" if None in made else dump([[c.name, c.arguments] for c in made if c]) for made in calls]
        votes = Counter(keys)
        return ordered[max(range(len(keys)), key=lambda place: (keys[place] != "?", votes[keys[place]], -place))]

    def _take(self, sample: Sample, builder: Builder, talk: Conversation) -> tuple[Status, str] | None:
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
        if not calls:
            said = text.strip()
            if sample.finish == "length":
                builder.say(said)
                return "tokens", f"the answer was cut after {sample.tokens} tokens"
            if self._problem and self.options.second_try and not self._nudged:
                self._nudge(said, builder, talk)
                return None
            builder.say(said or "(nothing)", final=True)
            self.event("answer", said)
            return "answered", said
        if found.content:
            builder.say(found.content)
            self.event("act", found.content)
        named = [(f"call_{self.calls + number}", call) for number, call in enumerate(calls)]
        talk.called(found.content, thought, named)
        for key, call in named:
            builder.call(call.name, dump(call.arguments), key)
        for key, call in named:
            result = self._run(key, call)
            builder.result(result)
            talk.result(key, shortened(text_of(result.content), self.options.result_characters))
        return ("repeats", "the same call again and again") if self._again >= _REPEATS - 1 else None

    def _nudge(self, said: str, builder: Builder, talk: Conversation) -> None:
        """An answer right behind a call that failed: once in a run the model is asked for another way."""
        self._nudged = True
        words = f"The last call failed: {self._problem.splitlines()[0]} Call again with what is right, or answer."
        builder.say(said or "(nothing)", train=False)
        builder.observe(words, "environment")
        talk.said(said)
        talk.told(words)
        self.event("note", words)

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
        same = (call.name, arguments) == self._last
        self._again = self._again + 1 if same else 0
        self._last = (call.name, arguments)
        self._called |= {call.name} & self.session.tools.keys()
        if self.ask is not None and not self.ask(call):
            result = _refused(key, "denied", "the person did not allow this call; do something else or ask")
        elif same and self.options.break_repeats and not self._passing:
            result = _refused(key, "error", "this very call was just made; its result stands above. Do the next step.")
        else:
            result = self.session.call(key, call.name, arguments)
        said = text_of(result.content)
        self._problem = said[:500] if result.status != "ok" else ""
        self._passing = result.error_type in PASSING
        self.event("error" if result.status != "ok" else "result", said)
        return result


def _refused(key: str, status: Any, words: str) -> Result:
    return Result(call_id=key, content=(Part(text=words),), status=status, error_type="harness")
