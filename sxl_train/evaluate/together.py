"""Several suites ask one model, and what they ask at the same time is generated together.

A GPU makes a token for 500 rows in about the time of one for 50, and a suite of few items, or one whose conversations
have come to their last turns, has few rows. Each suite runs in a thread of its own and asks as if it were alone; as
soon as all of them wait for answers, what they want goes to the model as one batch, and every sample goes back to the
suite that asked as soon as it is there. In: a backend and functions that take one. Out: what they return, in order.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from typing import TypeVar, cast

from sxl_train.generate.kept import Resumable
from sxl_train.generate.types import Backend, Request, Sample, Score

Found = TypeVar("Found")
Skip = frozenset[tuple[str, int]]
MANY = 16
"""Answers at a time from which on asking together pays."""


class Asked:
    """What one suite waits for: samples of requests, or likelihoods of pairs."""

    def __init__(self, requests: Sequence[Request], skip: Skip, pairs: Sequence[tuple[str, str]]) -> None:
        self.requests, self.skip, self.pairs = requests, skip, pairs
        self.answers: queue.SimpleQueue[Sample | list[Score] | BaseException | None] = queue.SimpleQueue()
        """Samples, or one list of likelihoods; None is the end, an exception the reason why there is none."""


class Member:
    """The backend, as one of the suites sees it."""

    def __init__(self, backend: Backend, ask: Callable[[Asked], None]) -> None:
        self.name, self.weights = backend.name, str(getattr(backend, "weights", ""))
        self.rows = int(getattr(backend, "rows", 1))
        """Answers that are made at a time, where the backend says it."""
        self._ask = ask

    def generate(
        self, requests: Sequence[Request], progress: Callable[[int, int], None] | None = None, skip: Skip = frozenset()
    ) -> Iterator[Sample]:
        """As `types.Backend.generate`, without the (request, index) of ``skip``; ``progress`` is not told."""
        asked = Asked(requests, skip, ())
        self._ask(asked)
        while isinstance(sample := _take(asked), Sample):
            yield sample

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """As `types.Backend.score`."""
        asked = Asked((), frozenset(), pairs)
        self._ask(asked)
        found = _take(asked)
        return found if isinstance(found, list) else []

    def close(self) -> None:
        """Nothing: the weights belong to all."""


def _take(asked: Asked) -> Sample | list[Score] | None:
    found = asked.answers.get()
    if isinstance(found, BaseException):
        raise found
    return found


def run(backend: Backend, functions: Sequence[Callable[[Backend], Found]]) -> list[Found]:
    """What each of ``functions`` returns. Raises what the first of them, in their order, or the backend raised; the
    others are then told at their next question and end too."""
    news: queue.SimpleQueue[Asked | int] = queue.SimpleQueue()
    """What a function asks, or the place of one that has ended."""
    found: dict[int, Found] = {}
    wrong: dict[int, BaseException] = {}

    def work(place: int) -> None:
        try:
            found[place] = functions[place](Member(backend, news.put))
        except BaseException as problem:
            wrong[place] = problem
        news.put(place)

    for place in range(len(functions)):
        threading.Thread(target=work, args=(place,), daemon=True).start()
    busy, waiting = len(functions), list[Asked]()
    while busy or waiting:
        if not busy:
            round_, waiting = _choose(waiting)
            busy = len(round_)
            try:
                if wrong:
                    raise wrong[min(wrong)]
                _answer(backend, round_)
            except BaseException as problem:
                for asked in round_:
                    asked.answers.put(problem)
                if isinstance(problem, KeyboardInterrupt):
                    raise
        else:
            busy -= 1
            if isinstance(one := news.get(), Asked):
                waiting.append(one)
    if wrong:
        raise wrong[min(wrong)]
    return [found[place] for place in range(len(functions))]


def _choose(waiting: list[Asked]) -> tuple[list[Asked], list[Asked]]:
    """Those that are answered now, and those whose requests have the id of another's and wait for the next round."""
    ids: set[str] = set()
    now, later = list[Asked](), list[Asked]()
    for asked in waiting:
        own = {request.id for request in asked.requests}
        (later if own & ids else now).append(asked)
        ids |= own
    return now, later


def _answer(backend: Backend, round_: list[Asked]) -> None:
    """Answer all of a round; an answer goes to where it was asked for as soon as it is there."""
    owners = {request.id: asked for asked in round_ for request in asked.requests}
    requests = [request for asked in round_ for request in asked.requests]
    skip = frozenset[tuple[str, int]]().union(*(asked.skip for asked in round_))
    if requests:
        resumes = skip and "skip" in signature(backend.generate).parameters
        made = cast(Resumable, backend).generate(requests, skip=skip) if resumes else backend.generate(requests)
        for sample in made:
            if (sample.request, sample.index) not in skip:
                owners[sample.request].answers.put(sample)
    for asked in round_:
        asked.answers.put(backend.score(asked.pairs) if asked.pairs else None)


def pays(backend: Backend) -> bool:
    """Whether ``backend`` makes so many answers at a time that one suite seldom fills them; llama.cpp makes few, and
    there the prompts of one suite, which begin alike, are better kept together."""
    return int(getattr(backend, "rows", 1)) >= MANY
