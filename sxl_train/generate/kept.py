"""Generation that can be stopped: finished samples go to a file at once and are never generated again.

One JSON line a sample, under the hash of all that decides it (model, prompt, tools, settings): a request that changed
since is another request. A line that was cut off by a crash is left out, and what failed is tried again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from sxl_data.contract.console import Progress
from sxl_train.generate.types import Request, Sample, Score


class Named(Protocol):
    """Whatever has a name."""

    name: str


class Resumable(Protocol):
    """A backend that can leave samples out."""

    name: str

    def generate(
        self,
        requests: Sequence[Request],
        progress: Callable[[int, int], None] | None = None,
        skip: frozenset[tuple[str, int]] = frozenset(),
    ) -> Iterator[Sample]:
        """As `types.Backend.generate`, without the (request, index) of ``skip``."""
        ...


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the file: a sample or a likelihood."""

    key: str
    sample: Sample | None = None
    score: Score | None = None


class Kept:
    """What a file holds, and what is added to it; without a file, for as long as the process lives."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.samples: dict[tuple[str, int], Sample] = {}
        self.scores: dict[str, Score] = {}
        for line in read_lines(path) if path is not None and path.is_file() else ():
            self._note(line)
        if path is not None and path.is_file() and path.stat().st_size:
            _end_line(path)

    def add(self, lines: Sequence[Line]) -> None:
        """Keep them, at once."""
        for line in lines:
            self._note(line)
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))

    def _note(self, line: Line) -> None:
        if line.sample is not None and line.sample.finish != "error":
            self.samples[line.key, line.sample.index] = line.sample
        if line.score is not None:
            self.scores[line.key] = line.score


def identify(backend: Named) -> str:
    """What stands for a backend in a key: its name, and the digest of its weights where it has them at hand."""
    return f"{backend.name} {getattr(backend, 'weights', '')}".rstrip()


def make_key(model: str, request: Request) -> str:
    """Hash of what decides the samples of a request; how many are wanted does not."""
    return _hash([model, msgspec.structs.replace(request, samples=1)])


def make_score_key(model: str, pair: tuple[str, str]) -> str:
    """Hash of what decides a likelihood."""
    return _hash([model, "score", *pair])


def _hash(said: object) -> str:
    encoded = msgspec.json.encode(said, order="deterministic", enc_hook=_plain)
    return hashlib.sha256(encoded).hexdigest()[:32]


def _plain(value: object) -> object:
    """A float that remembers its literal is a float here."""
    if isinstance(value, float):
        return float(value)
    raise TypeError(f"{type(value).__name__} in a request")


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file; one that was cut off while it was written is left out."""
    with path.open("rb") as lines:
        for line in lines:
            try:
                yield msgspec.json.decode(line, type=Line)
            except msgspec.DecodeError:
                continue


def _end_line(path: Path) -> None:
    """End a line that was cut off, so that the next one does not stand behind it."""
    with path.open("rb+") as lines:
        lines.seek(-1, 2)
        if lines.read(1) != b"\n":
            lines.write(b"\n")


def generate_kept(
    backend: Resumable, requests: Sequence[Request], path: Path, name: str = "generate", model: str = ""
) -> list[Sample]:
    """Every sample of ``requests`` in their order, those in the file ``path`` taken from there.

    ``model`` stands for the weights in the key; what `identify` says where it is empty. Progress with the time that is
    left goes to stderr.
    """
    keys = {request.id: make_key(model or identify(backend), request) for request in requests}
    kept = Kept(path)
    found = {
        (r.id, i): kept.samples[keys[r.id], i]
        for r in requests
        for i in range(r.samples)
        if (keys[r.id], i) in kept.samples
    }
    wanted = sum(request.samples for request in requests)
    if len(found) < wanted:
        with Progress(name, wanted - len(found), "samples") as progress:
            for sample in backend.generate(requests, skip=frozenset(found)):
                kept.add([Line(keys[sample.request], sample)])
                found[sample.request, sample.index] = sample
                progress.advance()
    return [found[r.id, i] for r in requests for i in range(r.samples)]
