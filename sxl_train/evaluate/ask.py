"""Asks a model for what has not been answered yet, and keeps every answer at once.

In: requests. Out: their samples in order. Each sample goes to ``samples.jsonl`` as soon as it is there, under a digest
of the whole request; so an interrupted evaluation goes on where it was, and a changed prompt is asked anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from pathlib import Path
from typing import cast

import msgspec

from sxl_train.generate.kept import Resumable
from sxl_train.generate.types import Backend, Request, Sample, Score

BLOCK = 2048
"""Likelihoods that are asked for at a time."""


class Kept(msgspec.Struct, frozen=True):
    """One line of the file."""

    key: str
    sample: Sample


def digest(model: str, request: Request) -> str:
    """Of all that decides an answer, but not how many are wanted: more of them keep those there are."""
    plain = msgspec.structs.replace(request, samples=1)
    said = msgspec.json.encode([model, plain], order="deterministic", enc_hook=_plain)
    return hashlib.sha256(said).hexdigest()[:32]


def _plain(value: object) -> object:
    """A float that remembers its literal is a float here."""
    if isinstance(value, float):
        return float(value)
    raise TypeError(f"{type(value).__name__} in a request")


class Ask:
    """Answers by ``backend``, kept in ``file``. ``progress(done, of)`` counts the samples of one call."""

    def __init__(
        self, backend: Backend, file: Path | None = None, progress: Callable[[int, int], None] | None = None
    ) -> None:
        self.backend, self.file, self.progress = backend, file, progress
        self.kept: dict[tuple[str, int], Sample] = {}
        self.generated = 0
        """Samples that were not there before."""
        for line in read(file) if file is not None and file.exists() else ():
            if line.sample.finish == "error":  # tried again
                continue
            self.kept[line.key, line.sample.index] = line.sample
        if file is not None:
            _end_line(file)

    def __call__(self, requests: Sequence[Request]) -> list[list[Sample]]:
        """The samples of each request."""
        keys = {request.id: digest(self.backend.name, request) for request in requests}
        if len(keys) != len(requests):
            raise ValueError("two requests have one id")
        open_ = [r for r in requests if any((keys[r.id], index) not in self.kept for index in range(r.samples))]
        wanted = sum(request.samples for request in requests)
        done = sum((keys[r.id], index) in self.kept for r in requests for index in range(r.samples))
        self._tell(done, wanted)
        if open_:
            for sample in self._generate(open_, keys):
                self._keep(Kept(keys[sample.request], sample))
                done += 1
                self._tell(done, wanted)
        return [
            [self._of(request, keys[request.id], index) for index in range(request.samples)] for request in requests
        ]

    def _generate(self, requests: Sequence[Request], keys: dict[str, str]) -> Iterator[Sample]:
        """What is not kept yet of ``requests``, by a backend that can leave samples out or by one that cannot."""
        kept = {(r.id, index) for r in requests for index in range(r.samples) if (keys[r.id], index) in self.kept}
        if kept and "skip" in signature(self.backend.generate).parameters:
            return cast(Resumable, self.backend).generate(requests, skip=frozenset(kept))
        return (sample for sample in self.backend.generate(requests) if (sample.request, sample.index) not in kept)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """Likelihoods, a block at a time so that there is progress to tell. They are not kept."""
        found: list[Score] = []
        for start in range(0, len(pairs), BLOCK):
            found += self.backend.score(pairs[start : start + BLOCK])
            self._tell(len(found), len(pairs))
        return found

    def _of(self, request: Request, key: str, index: int) -> Sample:
        found = self.kept.get((key, index))
        if found is None:
            return Sample(
                request=request.id,
                index=index,
                text="",
                finish="error",
                prompt_tokens=0,
                tokens=0,
                error="the model gave no such sample",
            )
        return found

    def _keep(self, line: Kept) -> None:
        self.kept[line.key, line.sample.index] = line.sample
        self.generated += 1
        if self.file is not None:
            with self.file.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")

    def _tell(self, done: int, of: int) -> None:
        if self.progress is not None:
            self.progress(done, of)


def _end_line(file: Path) -> None:
    """End a line that was cut off, so that the next one does not stand behind it."""
    if file.exists() and file.stat().st_size:
        with file.open("rb+") as lines:
            lines.seek(-1, 2)
            if lines.read(1) != b"\n":
                lines.write(b"\n")


def read(file: Path) -> Iterator[Kept]:
    """The lines of a file of samples; one that was cut off while it was written is left out."""
    with file.open("rb") as lines:
        for line in lines:
            try:
                yield msgspec.json.decode(line, type=Kept)
            except msgspec.DecodeError:
                continue
