"""Asks a model for what has not been answered yet, and keeps every answer at once.

In: requests. Out: their samples in order. Each sample goes to ``samples.jsonl`` as soon as it is there, under a digest
of the model's weights and the whole request; so an interrupted evaluation goes on where it was, and a changed prompt
is asked anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from pathlib import Path
from typing import cast

from sxl_train.generate.kept import Kept, Line, Resumable, identify, make_key, make_score_key
from sxl_train.generate.types import Backend, Request, Sample, Score

BLOCK = 2048
"""Likelihoods that are asked for at a time."""


class Ask:
    """Answers by ``backend``, kept in ``file``. ``progress(done, of)`` counts the samples of one call."""

    def __init__(
        self, backend: Backend, file: Path | None = None, progress: Callable[[int, int], None] | None = None
    ) -> None:
        self.backend, self.progress = backend, progress
        self.kept = Kept(file)
        self.model = identify(backend)
        self.generated = 0
        """Samples that were not there before."""

    def __call__(self, requests: Sequence[Request]) -> list[list[Sample]]:
        """The samples of each request."""
        keys = {request.id: make_key(self.model, request) for request in requests}
        there, failed = self.kept.samples, {}
        if len(keys) != len(requests):
            raise ValueError("two requests have one id")
        open_ = [r for r in requests if any((keys[r.id], index) not in there for index in range(r.samples))]
        wanted = sum(request.samples for request in requests)
        done = sum((keys[r.id], index) in there for r in requests for index in range(r.samples))
        self._tell(done, wanted)
        if open_:
            for sample in self._generate(open_, keys):
                self.kept.add([Line(keys[sample.request], sample)])
                if sample.finish == "error":  # for this call; another one tries again
                    failed[sample.request, sample.index] = sample
                self.generated += 1
                done += 1
                self._tell(done, wanted)
        return [
            [
                there.get((keys[r.id], index)) or failed.get((r.id, index)) or _none(r, index)
                for index in range(r.samples)
            ]
            for r in requests
        ]

    def _generate(self, requests: Sequence[Request], keys: dict[str, str]) -> Iterator[Sample]:
        """What is not kept yet of ``requests``, by a backend that can leave samples out or by one that cannot."""
        there = self.kept.samples
        kept = {(r.id, index) for r in requests for index in range(r.samples) if (keys[r.id], index) in there}
        if kept and "skip" in signature(self.backend.generate).parameters:
            return cast(Resumable, self.backend).generate(requests, skip=frozenset(kept))
        return (sample for sample in self.backend.generate(requests) if (sample.request, sample.index) not in kept)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """Likelihoods, a block at a time; each block is kept as soon as it is there."""
        keys = [make_score_key(self.model, pair) for pair in pairs]
        open_ = list({key: pair for key, pair in zip(keys, pairs) if key not in self.kept.scores}.items())
        for start in range(0, len(open_), BLOCK):
            some = open_[start : start + BLOCK]
            found = self.backend.score([pair for _, pair in some])
            self.kept.add([Line(key, score=score) for (key, _), score in zip(some, found, strict=True)])
            self._tell(len(pairs) - len(open_) + start + len(some), len(pairs))
        return [self.kept.scores[key] for key in keys]

    def _tell(self, done: int, of: int) -> None:
        if self.progress is not None:
            self.progress(done, of)


def _none(request: Request, index: int) -> Sample:
    return Sample(
        request=request.id,
        index=index,
        text="",
        finish="error",
        prompt_tokens=0,
        tokens=0,
        error="the model gave no such sample",
    )
