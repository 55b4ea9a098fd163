"""What the model is asked in a turn, and how often: requests go out, samples come back, tokens are counted.

In: the conversation as the model is shown it. Out: one answer, or several and how many of them call the same. Nothing
here makes a call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, TypeAlias

from sxl_data.contract.errors import UserError
from sxl_data.files.json_text import dump
from sxl_train.agent.context import Conversation
from sxl_train.agent.options import Options
from sxl_train.answers import tool_calls
from sxl_train.answers.markup import Call, Schemas
from sxl_train.answers.turns import apart
from sxl_train.generate.types import Backend, Begins, Copied, Request, Sample

Event = Callable[[str, str], None]
"""Told what happens: (turn | observe | reflect | act | result | error | answer | note, text)."""
Tools = Callable[[], list[dict[str, Any]]]
Answers: TypeAlias = Generator[Request, Sequence[Sample], list[Sample]]
SAMPLING_TEMPERATURE = 0.8
"""Of answers that are chosen among, where the options state none."""


class Wanted(NamedTuple):
    """What some samples call, alike in names and arguments; an answer without a call is one of them."""

    votes: int
    calls: list[Call]
    content: str


class Asking:
    """The model's side of one run."""

    def __init__(self, options: Options, shown: bool, tools: Tools, event: Event) -> None:
        """``shown``: whether the model's template shows tools; ``tools`` are those of this turn."""
        self.options, self.shown, self.tools, self.event = options, shown, tools, event
        self.constrained = shown and options.constrained is not False
        self.turns = self.tokens = self.prompt_tokens = 0
        self._more = 0

    def begin(self, backend: Backend, first: Request) -> None:
        """Let ``backend`` make ready for tasks that begin as ``first`` does: with the same tools, whatever they ask."""
        if self.options.keep_beginning and not self.options.tools_shown and isinstance(backend, Begins):
            backend.begin(first)

    def turn(self, talk: Conversation) -> Generator[Request, Sequence[Sample], Sample]:
        """The model's next answer; where the conversation does not fit, of a shorter one."""
        while True:
            try:
                (sample,) = yield from self._ask(talk, f"turn-{self.turns}")
            except UserError as problem:
                if self.options.constrained is None and self.constrained:
                    self.constrained = False  # this model's calls cannot be held to a grammar
                    self.event("note", f"calls are read as they come: {problem.findings[0].found}")
                    continue
                raise
            if sample.error and self.options.cut_at_loops and talk.forget():
                self.event("note", "the conversation was too long: its oldest loop is forgotten")
                continue
            self.turns += 1
            return sample

    def more(
        self, talk: Conversation, samples: int, call_of: tuple[str, ...] = (), copied: Copied | None = None
    ) -> Answers:
        """``samples`` other answers to the same; with ``call_of`` calls of these tools, copied from ``copied``."""
        self._more += 1
        return (yield from self._ask(talk, f"more-{self._more}", samples, call_of, copied))

    def _ask(
        self,
        talk: Conversation,
        key: str,
        samples: int = 1,
        call_of: tuple[str, ...] = (),
        copied: Copied | None = None,
    ) -> Answers:
        if copied is None and self.options.copy_values:
            copied = Copied(texts=tuple(talk.texts), free=self.options.own_words)
        found = yield Request(
            id=key,
            messages=tuple(talk.messages),
            tools=tuple(self.tools()) if self.shown else None,
            max_tokens=max(1, min(self.options.answer_tokens, self.options.tokens - self.tokens)),
            temperature=self.options.temperature or (SAMPLING_TEMPERATURE if samples > 1 else 0.0),
            samples=samples,
            seed=self.options.seed,
            constrained=self.constrained,
            call_of=call_of if self.constrained else (),
            copied=copied if self.constrained else None,
        )
        self.tokens += sum(sample.tokens for sample in found)
        self.prompt_tokens += found[0].prompt_tokens
        return sorted(found, key=lambda sample: sample.index)


def vote(samples: Sequence[Sample], schemas: Schemas) -> list[Wanted]:
    """What ``samples`` call, the most wanted first; those that nobody can read are left out."""
    read = [tool_calls.repaired(apart(sample.text)[1], schemas) for sample in samples if not sample.error]
    whole = [found for found in read if None not in found.calls]
    keys = [dump([[call.name, call.arguments] for call in found.calls if call]) for found in whole]
    first = dict(zip(reversed(keys), reversed(whole), strict=True))
    return [
        Wanted(votes, [call for call in first[key].calls if call], first[key].content)
        for key, votes in Counter(keys).most_common()
    ]
