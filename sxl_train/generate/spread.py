"""One model in several processes, each with a GPU of its own: who has room asks for more, samples come as they finish.

A sample depends on its request alone (`sampling.py`), so how requests are dealt changes nothing but the company in
which its logits are computed: on a CPU (float32) the samples are those of one process, in bf16 one may part where two
tokens are as good as equally likely, as in any other batch.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from sxl_data.contract.errors import error
from sxl_train.data import mask
from sxl_train.generate.types import Request, Sample, Score
from sxl_train.run.tokenizer import open_tokenizer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    Line: TypeAlias = Connection[bytes, bytes]

Skip = frozenset[tuple[str, int]]
DEVICES = "CUDA_VISIBLE_DEVICES"
PIECES = 8
"""Pieces of the work for each process: how long answers become is not known beforehand, and all should end together."""


class Work(msgspec.Struct, frozen=True):
    """What a process is asked for."""

    requests: tuple[Request, ...] = ()
    skip: tuple[tuple[str, int], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


class News(msgspec.Struct, frozen=True):
    """What a process says: a sample, likelihoods, that it has room for more requests, or that it is done; its name when
    it is ready, or why it is not."""

    sample: Sample | None = None
    hungry: bool = False
    scores: tuple[Score, ...] = ()
    name: str = ""
    wrong: str = ""


class SpreadBackend:
    """A model folder asked by ``processes`` at once."""

    def __init__(self, folder: str, processes: int, rows: int = 0) -> None:
        """Each process loads the model, on the GPU of its number where there are some; ``rows`` as of a folder."""
        context = multiprocessing.get_context("spawn")
        tokenizer = open_tokenizer(folder)
        text = tokenizer.chat_template
        self.template = mask.make_template(text, tokenizer) if isinstance(text, str) else None
        self._processes: list[SpawnProcess] = []
        self._lines: list[Line] = []
        for device in find_devices(processes):
            mine, theirs = context.Pipe()
            before = os.environ.get(DEVICES)
            os.environ[DEVICES] = device  # read once, when the new process meets its first GPU
            try:
                process = context.Process(target=serve, args=(theirs, folder, rows, processes), daemon=True)
                process.start()
            finally:
                del os.environ[DEVICES]
                os.environ |= {} if before is None else {DEVICES: before}
            theirs.close()
            self._processes.append(process)
            self._lines.append(mine)
        self.folder = folder
        (self.name,) = {self._hear(line).name for line in self._lines}

    @cached_property
    def weights(self) -> str:
        """The digest of the folder's files."""
        from sxl_train.generate.folder import hash_folder

        return hash_folder(Path(self.folder))

    def generate(
        self, requests: Sequence[Request], progress: Callable[[int, int], None] | None = None, skip: Skip = frozenset()
    ) -> Iterator[Sample]:
        """Samples as they finish, wherever; those in ``skip`` are left out."""
        if len({request.id for request in requests}) < len(requests):
            raise error("U102", pointer="/id", found="an id twice", expected="an id that no other request has")
        total = sum(request.samples for request in requests) - len(skip)
        done = 0
        pieces = iter(cut(requests, len(self._lines) * PIECES))
        for line in self._lines:
            self._hand(line, next(pieces, ()), skip)
        open_ = list(self._lines)
        while open_:
            ready = wait(open_)
            for line in [one for one in open_ if one in ready]:
                news = self._hear(line)
                if news.hungry:
                    self._hand(line, next(pieces, ()), skip)
                elif news.sample is None:
                    open_.remove(line)
                else:
                    done += 1
                    yield news.sample
                    if progress is not None:
                        progress(done, total)

    def _hand(self, line: Line, piece: Sequence[Request], skip: Skip) -> None:
        """Give a process a piece, or nothing where there is none left."""
        ids = {request.id for request in piece}
        self._tell(line, Work(tuple(piece), tuple(sorted(one for one in skip if one[0] in ids)) if skip else ()))

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """The likelihood of each continuation."""
        share = -(-len(pairs) // len(self._lines)) or 1
        for place, line in enumerate(self._lines):
            self._tell(line, Work(pairs=tuple(pairs[place * share : (place + 1) * share])))
        return [score for line in self._lines for score in self._hear(line).scores]

    def close(self) -> None:
        """End the processes."""
        for line in self._lines:
            line.close()  # a process that hears no more ends itself
        for process in self._processes:
            process.join(10)
            if process.is_alive():
                process.kill()

    def _tell(self, line: Line, work: Work) -> None:
        try:
            tell(line, work)
        except OSError:
            self._fail(line, "it ended")

    def _hear(self, line: Line) -> News:
        try:
            news = msgspec.msgpack.decode(line.recv_bytes(), type=News)
        except (EOFError, OSError):
            news = News(wrong="it ended")
        if news.wrong:
            self._fail(line, news.wrong)
        return news

    def _fail(self, line: Line, wrong: str) -> None:
        place = self._lines.index(line) + 1
        self.close()
        raise error("T121", found=f"process {place} of {len(self._lines)}: {wrong}", expected="samples")


def find_devices(processes: int) -> list[str]:
    """The GPU of each process, by its number or name; GPUs are shared where there are fewer, empty where none is."""
    import torch

    if not torch.cuda.is_available():
        return [""] * processes
    shown = os.environ.get(DEVICES, "")
    names = shown.split(",") if shown else [str(number) for number in range(torch.cuda.device_count())]
    return [names[number % len(names)] for number in range(processes)]


def cut(requests: Sequence[Request], count: int) -> list[list[Request]]:
    """``requests`` in about ``count`` pieces of much the same work, the largest first."""
    ordered = sorted(requests, key=_weigh, reverse=True)
    most = sum(map(_weigh, ordered)) / count
    pieces: list[list[Request]] = []
    held = most
    for request in ordered:
        if held >= most:
            pieces.append([])
            held = 0
        pieces[-1].append(request)
        held += _weigh(request)
    return pieces


def _weigh(request: Request) -> int:
    """Roughly the tokens of a request: its prompt once, its answers each."""
    said = len(request.prompt or "") + sum(len(str(message)) for message in request.messages or ())
    return said // 4 + request.samples * request.max_tokens


def tell(line: Line, thing: msgspec.Struct) -> None:
    """Send one thing."""
    line.send_bytes(msgspec.msgpack.encode(thing))


def serve(line: Line, folder: str, rows: int, processes: int) -> None:
    """What each process does: load the model, answer until nobody asks."""
    import torch

    from sxl_train.generate.folder import FolderBackend
    from sxl_train.run.quiet import hush

    hush()
    if not torch.cuda.is_available():
        torch.set_num_threads(max(1, torch.get_num_threads() // processes))
    try:
        backend = FolderBackend(folder, rows=rows)
        tell(line, News(name=backend.name))
        while True:
            work = msgspec.msgpack.decode(line.recv_bytes(), type=Work)
            if work.pairs:
                tell(line, News(scores=tuple(backend.score(work.pairs))))
                continue
            skip = set(work.skip)

            def ask(skip: set[tuple[str, int]] = skip) -> tuple[Request, ...]:
                tell(line, News(hungry=True))
                given = msgspec.msgpack.decode(line.recv_bytes(), type=Work)
                skip.update(given.skip)
                return given.requests

            for sample in backend.generate(work.requests, skip=skip, more=ask):
                tell(line, News(sample=sample))
            tell(line, News())
    except (EOFError, OSError):
        return
    except BaseException as problem:
        tell(line, News(wrong=f"{type(problem).__name__}: {problem}"[:1000]))
        raise
