"""Samples in the making: tokens so far, where each ends, and what becomes of it in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sxl_train.generate.sampling import draw
from sxl_train.generate.types import Finish, Request, Sample

Decode = Callable[[Sequence[int]], str]
"""Generated tokens → their text, control tokens kept."""
LOOK_BACK = 8
"""Tokens looked at beyond the length of a stop text; each holds a character at least, but for parts of one."""


class Constraint(Protocol):
    """What holds a row to a grammar (`constraint.py`)."""

    def accept(self, token: int) -> None:
        """``token`` was chosen."""
        ...


class Row:
    """One sample of a request."""

    def __init__(
        self,
        request: Request,
        index: int,
        prompt: Sequence[int],
        limit: int,
        ends: frozenset[int],
        decode: Decode,
        constraint: Constraint | None = None,
    ) -> None:
        """``limit`` is how many tokens may be generated: what was asked for, or what the context has room for."""
        self.request, self.index, self.prompt, self.limit = request, index, prompt, limit
        self.ids: list[int] = []
        self.finish: Finish | None = None
        self.constraint = constraint
        self.places = draw(request.seed, request.id, index, limit) if request.temperature else None
        self._ends, self._decode = ends, decode

    @property
    def place(self) -> float:
        """The random number of the next token."""
        return float(self.places[len(self.ids)]) if self.places is not None else 0.0

    def extend(self, tokens: Sequence[int]) -> None:
        """Take ``tokens`` up to where the sample ends. One look for all that no stop text is near is the usual case."""
        stop = self.request.stop
        near = bool(stop)
        if stop and len(tokens) > 1:
            tail = self._decode([*self.ids, *tokens][-(max(map(len, stop)) + LOOK_BACK + len(tokens)) :])
            near = any(text in tail for text in stop)
        for token in tokens:
            if self.push(token, near):
                break

    def push(self, token: int, near: bool = True) -> bool:
        """Take ``token``; whether the sample is finished (then further tokens are ignored).

        ``near``: whether a stop text may be complete with it.
        """
        if self.finish is not None:
            return True
        self.ids.append(token)
        if self.constraint is not None:
            self.constraint.accept(token)
        if token in self._ends or (near and self.request.stop and self._stops()):
            self.finish = "stop"
        elif len(self.ids) >= self.limit:
            self.finish = "length"
        return self.finish is not None

    def _stops(self) -> bool:
        longest = max(map(len, self.request.stop))
        tail = self._decode(self.ids[-(longest + LOOK_BACK) :])
        if not any(stop in tail for stop in self.request.stop):
            return False
        return any(stop in self._decode(self.ids) for stop in self.request.stop)

    def close(self) -> Sample:
        """The finished sample."""
        assert self.finish is not None
        kept = self.ids[:-1] if self.ids and self.ids[-1] in self._ends else self.ids
        text = self._decode(kept)
        if self.finish == "stop" and len(kept) == len(self.ids):
            text = text[: min((place for stop in self.request.stop if (place := text.find(stop)) >= 0), default=None)]
        return Sample(
            request=self.request.id,
            index=self.index,
            text=text,
            finish=self.finish,
            prompt_tokens=len(self.prompt),
            tokens=len(self.ids),
        )


def refuse(request: Request, why: str, tokens: int = 0) -> list[Sample]:
    """The samples of a request that nothing can be generated for."""
    return [
        Sample(request=request.id, index=index, text="", finish="error", prompt_tokens=tokens, tokens=0, error=why)
        for index in range(request.samples)
    ]
