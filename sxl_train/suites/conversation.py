"""One task of a tool set between a model and tools that run: turn by turn, and the verdict at the end."""

from __future__ import annotations

from collections.abc import Callable

from sxl_data import toolsets
from sxl_data.files.json_text import dump
from sxl_data.toolsets.check import Verdict
from sxl_data.toolsets.tasks import Task
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin
from sxl_data.trace.messages import Message, declare, text_of
from sxl_data.trace.types import Trace
from sxl_train.answers.markup import Call, Schemas, read_schemas
from sxl_train.answers.tool_calls import Read, valid
from sxl_train.answers.turns import apart, assistant
from sxl_train.generate.types import Sample

MOST_CALLS = 20
"""Calls in one turn that are made; a model that repeats itself is stopped."""


class Conversation:
    """The messages so far, the running set, and the trace of it all."""

    def __init__(self, task: Task, reader: Callable[[str, Schemas], Read]) -> None:
        toolset = toolsets.get(task.toolset)
        self.task, self.reader = task, reader
        self.session = toolsets.Session(toolset, task.state.copied(), task.side, task.busy)
        self.schemas = read_schemas([declare(f.declared) for f in self.session.tools.values()])
        self.builder = Builder("tool_use", task.request)
        for function in self.session.tools.values():
            self.builder.tool(function.declared)
        self.messages: list[Message] = []
        if task.context:
            self.builder.observe(task.context, "system")
            self.messages.append({"role": "system", "content": task.context})
        self.builder.observe(task.request)
        self.messages.append({"role": "user", "content": task.request})
        self.asked = tuple(self.messages)
        self.replies = list(task.replies)
        self.made: list[Call | None] = []
        self.first: list[Call | None] = []
        self.valid = 0
        self.done = False
        self.unread = False
        """Whether it ended with a call that does not parse."""
        self.finish, self.error = "", ""
        self.prompt_tokens = self.tokens = 0
        self._verdict: Verdict | None = None

    def take(self, sample: Sample) -> None:
        """The model's next answer: run its calls, or give it the person's reply, or end."""
        self.finish, self.error = sample.finish, sample.error
        self.prompt_tokens += sample.prompt_tokens
        self.tokens += sample.tokens
        if sample.error:
            self._end()
            return
        thought, text = apart(sample.text)
        found = self.reader(text, self.schemas)
        calls = list(found.calls)
        if not self.made and len(self.messages) == len(self.asked):
            self.first = calls
        self.made += calls
        self.valid += sum(valid(call, self.schemas) for call in calls)
        if thought:
            self.builder.reflect(thought)
        if None in calls or len(calls) > MOST_CALLS:
            self.unread = True
            self.messages.append({"role": "assistant", "content": sample.text})
            self._end()
        elif calls:
            self._run([call for call in calls if call is not None], found.content, thought)
        else:
            self._say(text.strip(), thought, sample.finish == "length")

    def verdict(self) -> Verdict:
        """Whether the goal is met; everything that speaks against it."""
        if self._verdict is None:
            own = ["a call does not parse"] if self.unread else []
            own += [f"nothing was generated: {self.error}"] if self.error else []
            own += [] if self.done else ["no end within the turns that there are"]
            reasons = toolsets.check(self.trace(), self.task, self.session.toolset).reasons
            self._verdict = Verdict((*own, *reasons))
            self._end()
        return self._verdict

    def kind(self, verdict: Verdict) -> str:
        """The kind of failure, in a few words that many failures share."""
        if self.error:
            return "nothing was generated"
        for mark, kind in _KINDS:
            if any(mark in reason for reason in verdict.reasons):
                return kind
        return "another reason"

    def trace(self) -> Trace:
        """What happened, as a trace."""
        document = Document(file=self.task.toolset, value={"task": self.task.id})
        return self.builder.build(document, Origin(source=self.task.toolset), "toolset", source_id=self.task.id).trace

    def _run(self, calls: list[Call], content: str, thought: str) -> None:
        start = sum(len(message.get("tool_calls") or ()) for message in self.messages)
        named = [(f"call_{start + number}", call) for number, call in enumerate(calls)]
        self.messages.append(assistant(content, thought, named))
        if content:
            self.builder.say(content)
        for key, call in named:
            self.builder.call(call.name, dump(call.arguments), key)
        for key, call in named:
            result = self.session.call(key, call.name, dump(call.arguments))
            self.builder.result(result)
            self.messages.append({"role": "tool", "tool_call_id": key, "content": text_of(result.content)})

    def _say(self, text: str, thought: str, was_cut: bool) -> None:
        self.messages.append(assistant(text, thought))
        replies = bool(self.replies) and bool(text)
        self.builder.say(text, final=not replies)
        if replies and not was_cut:
            reply = self.replies.pop(0)
            self.builder.observe(reply)
            self.messages.append({"role": "user", "content": reply})
        else:
            self._end()

    def _end(self) -> None:
        if not self.done:
            self.session.state.close()
        self.done = True


_KINDS = (
    ("does not parse", "a call does not parse"),
    ("no end within", "no end within the turns"),
    ("where none fits", "a call where no tool fits"),
    ("not asked for", "the missing detail was not asked for"),
    ("before the missing detail", "acts before the missing detail is known"),
    ("the end is not the wanted one", "another end state"),
    ("brought", "what was asked for was not looked up"),
    ("does not say", "the answer lacks what was asked for"),
    ("without a message", "ends without a message"),
)
