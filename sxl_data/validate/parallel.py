"""One large JSONL file, checked by several processes.

In: a submission and how many processes. Out: a report for each byte range, in the order of the file. Ranges
end at line ends and know their first line, so findings are the same as those of one process. Processes
are spawned, never forked: that works on every system and inherits no state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from sxl_data.contract.errors import UserError
from sxl_data.files.record import Raw
from sxl_data.files.records import open_raw
from sxl_data.rules.profiles import Profile
from sxl_data.validate.check import check_file
from sxl_data.validate.duplicates import Entry, Seen
from sxl_data.validate.reporters.report import Report
from sxl_data.validate.submission import Submission

# Below this the start of a process costs more than it saves.
SMALLEST = 32 << 20
_PARTS = 4  # ranges for each process, so that a slow one does not hold up the rest
_BLOCK = 1 << 20

Range = tuple[int, int, int]


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
    """The report of each range and the traces seen in it, in the order of the file."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    name = submission.recognise().name  # the whole file has one format: its beginning decides for all parts
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        told = (profile, limit, edits)
        tasks = [pool.submit(_check, submission.path, name, submission.known, part, *told) for part in ranges]
        for task in tasks:
            report, ids = task.result()
            report.files[0].reason = submission.reason
            yield report, ids


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
