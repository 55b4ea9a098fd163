"""What is asked of a model and what comes back: the protocol that suites and agent build on.

A request is either a conversation, rendered by the model's own template, or a bare prompt that is continued. Nothing
here loads a model: a list of requests can be made, stored and compared on a machine without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

Message: TypeAlias = dict[str, object]
Tool: TypeAlias = dict[str, object]
Finish: TypeAlias = Literal["stop", "length", "error"]


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What the strings in a call's arguments are copied from, word by word."""

    texts: tuple[str, ...]
    free: tuple[str, ...] = ()
    """Parameters that the model may fill with words of its own: code, a message."""
    numbers: tuple[str, ...] = ()
    """Where there are some: the numbers that may stand in arguments."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt and how often to answer it. Exactly one of ``messages`` and ``prompt`` is set."""

    id: str
    """Unique within one call of `Backend.generate`; the key under which finished samples are kept and resumed."""
    messages: tuple[Message, ...] | None = None
    """A conversation in the form of chat templates: ``role``, ``content``, ``tool_calls``, ``reasoning_content``."""
    prompt: str | None = None
    """A text to continue as it is, with no template around it."""
    tools: tuple[Tool, ...] | None = None
    """Declared tools, as ``{"type": "function", "function": {...}}``."""
    samples: int = 1
    """Answers wanted (k of pass@k)."""
    max_tokens: int = 512
    """Tokens generated at most."""
    temperature: float = 0.0
    """0 is greedy."""
    top_p: float = 1.0
    """Nucleus of the distribution that is sampled from."""
    stop: tuple[str, ...] = ()
    """Texts that end an answer; they are cut off."""
    constrained: bool = False
    """Hold answers to the grammar of a call of one of ``tools`` (or plain text where no call is begun)."""
    call_of: tuple[str, ...] = ()
    """Where `constrained`: the answer is a call of one of these tools, whatever else it might have said."""
    copied: Copied | None = None
    """Where `constrained`: what the strings in its arguments are copied from; None leaves them free."""
    seed: int = 0
    """Of the sampler; sample ``i`` of a request depends on seed, id and ``i`` alone, not on its neighbours."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. The text keeps the model's control tokens except the one that ended it: callers parse calls."""

    request: str
    index: int
    """Which of the request's samples: 0 … samples - 1."""
    text: str
    finish: Finish
    prompt_tokens: int
    tokens: int
    """Generated tokens, the ending one counted."""
    error: str = ""
    """Why nothing was generated (a prompt that does not fit, a template that refuses it); empty otherwise."""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How likely a continuation is: natural log, summed over its tokens, and whether greedy decoding gives it."""

    logprob: float
    tokens: int
    greedy: bool


class Backend(Protocol):
    """A model that answers: a transformers folder, a GGUF file through llama.cpp, an OpenAI-compatible server."""

    name: str
    """What a report calls it: kind, file or address, digest where there is one."""

    def generate(
        self, requests: Sequence[Request], progress: Callable[[int, int], None] | None = None
    ) -> Iterator[Sample]:
        """Samples in any order, each as soon as it is done. ``progress(done, of)`` counts samples."""
        ...

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """Likelihood of each continuation after its context. Raises `UserError` where the server gives none."""
        ...

    def close(self) -> None:
        """Free the weights."""
        ...


@runtime_checkable
class Begins(Protocol):
    """A backend that can make ready for what many conversations begin with."""

    def begin(self, request: Request) -> None:
        """Make ready for conversations that differ from this one in its last message, in this start and later ones."""
        ...
