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
from sxl_train.generate.types import Request, Sample


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


class Line(msgspec.Struct, frozen=True):
    """One line of the file."""

    key: str
    sample: Sample


def make_key(model: str, request: Request) -> str:
    """Hash of what decides the samples of a request; how many are wanted does not."""
    asked = msgspec.structs.replace(request, samples=1)
    return hashlib.sha256(msgspec.json.encode([model, asked], order="deterministic")).hexdigest()[:32]


def read_kept(path: Path) -> dict[tuple[str, int], Sample]:
    """(key, index) → sample; empty where there is no file."""
    found: dict[tuple[str, int], Sample] = {}
    if path.is_file():
        for raw in path.read_bytes().splitlines():
            try:
                line = msgspec.json.decode(raw, type=Line)
            except msgspec.DecodeError:
                continue
            if line.sample.finish != "error":
                found[line.key, line.sample.index] = line.sample
    return found


def generate_kept(
    backend: Resumable, requests: Sequence[Request], path: Path, name: str = "generate", model: str = ""
) -> list[Sample]:
    """Every sample of ``requests`` in their order, those in the file ``path`` taken from there.

    ``model`` stands for the weights in the key; the backend's name where it is empty. Progress with the time that is
    left goes to stderr.
    """
    keys = {request.id: make_key(model or backend.name, request) for request in requests}
    kept = read_kept(path)
    found = {(r.id, i): kept[keys[r.id], i] for r in requests for i in range(r.samples) if (keys[r.id], i) in kept}
    wanted = sum(request.samples for request in requests)
    if len(found) < wanted:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = not path.is_file() or path.read_bytes()[-1:] in (b"\n", b"")
        with path.open("ab") as file, Progress(name, wanted - len(found), "samples") as progress:
            file.write(b"" if whole else b"\n")
            for sample in backend.generate(requests, skip=frozenset(found)):
                file.write(msgspec.json.encode(Line(keys[sample.request], sample)) + b"\n")
                file.flush()
                found[sample.request, sample.index] = sample
                progress.advance()
    return [found[r.id, i] for r in requests for i in range(r.samples)]
