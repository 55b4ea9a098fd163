"""One large JSONL file, checked by several processes.

In: a submission and how many processes. Out: a report for each byte range, in the order of the file. Ranges
end at line ends and know their first line, so findings are the same as those of one process. Processes
are spawned, never forked: that works on every system and inherits no state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from sxl_data.contract.errors import UserError
from sxl_data.files.record import Raw
from sxl_data.files.records import open_raw
from sxl_data.rules.profiles import Profile
from sxl_data.validate.check import check_file
from sxl_data.validate.duplicates import Entry, Seen
from sxl_data.validate.reporters.report import Report
from sxl_data.validate.submission import Submission

if TYPE_CHECKING:
    from concurrent.futures import Future

# Below this the start of a process costs more than it saves.
SMALLEST = 32 << 20
_PARTS = 16  # ranges for each process, so that a slow one does not hold up the rest
_AHEAD = 2  # ranges that a process is given, so that it never waits for one
_BLOCK = 1 << 20

Range = tuple[int, int, int]
Part = tuple[Report, list[Entry]]


def divide(submission: Submission, jobs: int) -> Iterator[Range] | None:
    """(offset, length, first line) of about equal parts; None where the file is not worth dividing, not plain
    JSONL, or one session."""
    path = Path(submission.path)
    if not path.is_file() or path.stat().st_size < SMALLEST or not _is_plain_lines(path):
        return None
    try:
        if submission.recognise().unit != "row":
            return None
    except UserError:
        return None  # who reads the file says why
    return _cut(path, max(1, path.stat().st_size // (jobs * _PARTS)))


def _cut(path: Path, step: int) -> Iterator[Range]:
    """Parts of ``step`` bytes or a line more. Lines are counted while other processes start and check what came."""
    begin = position = 0
    line = first = 1
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            at = 0
            while position + len(block) >= begin + step:
                end = block.find(b"\n", max(begin + step - position - 1, at))
                if end < 0:
                    break
                line += block.count(b"\n", at, end + 1)
                yield begin, position + end + 1 - begin, first
                begin, first, at = position + end + 1, line, end + 1
            line += block.count(b"\n", at)
            position += len(block)
    if begin < position:
        yield begin, position - begin, first


def spread(
    submission: Submission, ranges: Iterable[Range], profile: Profile, jobs: int, limit: int, edits: bool = False
) -> Iterator[tuple[Report, list[Entry]]]:
    """The report of each range and the traces seen in it, in the order of the file. This process is one of the
    ``jobs``: it checks while the others start."""
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing import get_context

    name = submission.recognise().name  # the whole file has one format: its beginning decides for all parts
    known = {name: submission.known[name]}  # what a process loads only to be handed it costs its start
    with ProcessPoolExecutor(jobs - 1, mp_context=get_context("spawn")) as pool:

        def start(part: Range) -> Future[Part]:
            try:
                return pool.submit(_check, submission.path, name, known, part, profile, limit, edits)
            except RuntimeError as problem:  # the processes are gone
                gone: Future[Part] = Future()
                gone.set_exception(problem)
                return gone

        shares = _Shares(ranges, start)
        for _ in range(_AHEAD * (jobs - 1)):
            shares.hand_out()
        mine: dict[int, Part] = {}
        number = 0
        while True:
            own = shares.take()
            if own is not None:
                mine[own[0]] = _check(submission.path, name, known, own[1], profile, limit, edits)
            while (found := mine.pop(number, None) or shares.result(number, wait=own is None)) is not None:
                report, ids = found
                report.files[0].reason = submission.reason
                yield report, ids
                number += 1
            if own is None:
                return


class _Shares:
    """The ranges of a file, each given out once: to this process, or by ``start`` to another as soon as one is done."""

    def __init__(self, ranges: Iterable[Range], start: Callable[[Range], Future[Part]]) -> None:
        self._ranges, self._start = enumerate(ranges), start
        self._lock = RLock()
        self._tasks: dict[int, Future[Part]] = {}

    def take(self) -> tuple[int, Range] | None:
        """The number of the next range and the range, for whoever asks; None behind the last."""
        with self._lock:
            return next(self._ranges, None)

    def hand_out(self, done: Future[Part] | None = None) -> None:
        """Let another process have the next range, and one more when it is ``done``."""
        if done is not None and done.exception() is not None:
            return  # who waits for it is told
        with self._lock:
            share = next(self._ranges, None)
            if share is None:
                return
            task = self._tasks[share[0]] = self._start(share[1])
        task.add_done_callback(self.hand_out)

    def result(self, number: int, wait: bool) -> Part | None:
        """What another process found in a range; None where none has it, or has not done it and nobody may ``wait``."""
        with self._lock:
            task = self._tasks.get(number)
        if task is None or not (wait or task.done()):
            return None
        del self._tasks[number]
        return task.result()


def _check(
    path: str | Path, format: str, known: object, part: Range, profile: Profile, limit: int, edits: bool
) -> tuple[Report, list[Entry]]:
    report = Report(profile=profile.name, limit=limit, edits=edits)
    seen = Seen()
    check_file(Submission(path, format, known, part), profile, report, seen)  # type: ignore[arg-type]
    return report, list(seen.ids.values())


def _is_plain_lines(path: Path) -> bool:
    """Whether the first two records are lines of one file of text."""
    found = []
    try:
        for item in open_raw(path):
            if not isinstance(item, Raw) or item.at:
                return False
            found.append(item.line)
            if len(found) == 2:
                with path.open("rb") as file:
                    return found[0] < found[1] and file.read(1) == b"{"  # not compressed
    except UserError:
        return False
    return False
