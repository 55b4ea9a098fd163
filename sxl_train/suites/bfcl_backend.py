"""BFCL's multi-turn classes, taken from `bfcl-eval` where it is and run in the sandbox.

In: conversations as calls, turn by turn. Out: what the calls returned and, beside the golden calls, which attributes
of the objects differ. The classes (Apache-2.0) are another project's: they are read from an installed ``bfcl-eval``
or from its wheel below the folder of data, as text, and only a box runs them. Each time a conversation is played from
its beginning, in a process of its own: the classes draw their chances from a seed, so the same calls return the same.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from sxl_data.contract.errors import UserError, error
from sxl_data.sandbox.limits import Limits
from sxl_data.sandbox.run import open_box, require
from sxl_train.answers.markup import Call
from sxl_train.grade.bundle import bundle
from sxl_train.run.objects import Object, Value
from sxl_train.suites import files

WHEEL = "bfcl_eval-*.whl"
_WANTED = (
    "bfcl_eval/__init__.py",
    "bfcl_eval/constants/__init__.py",
    "bfcl_eval/constants/executable_backend_config.py",
    "bfcl_eval/eval_checker/__init__.py",
    "bfcl_eval/eval_checker/multi_turn_eval/__init__.py",
    "bfcl_eval/eval_checker/multi_turn_eval/func_source_code/*.py",
)
_MOST = 4_000_000
_DRIVER = Path(__file__).with_name("bfcl_driver.py")
SECONDS = 20.0
"""Of one conversation; the longest golden one takes 0.1 s."""
_LIMITS = Limits(output=200_000_000, file=200_000_000, scratch=64_000_000)
CHUNK = 32
"""Conversations of one run of the box."""

GoldCall = tuple[str, list[Value], Object]


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation to play."""

    classes: list[str]
    config: Object
    long: bool
    turns: list[list[list[GoldCall]]]
    """Calls, step by step, of each turn."""
    gold: list[list[GoldCall]] = []
    """The right calls of each turn; empty where only results are asked for."""
    new: int = 1_000_000
    """Steps at the end whose results are wanted."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a conversation."""

    steps: list[list[str]] = []
    wanted: list[list[str]] = []
    differs: list[list[str]] = []
    status: str = ""
    detail: str = ""
    """Why there is nothing else; empty where it was played."""


class Backend:
    """Use as a context manager: one box with the classes."""

    def __init__(self, data: Path) -> None:
        """Raises `UserError` U402 without bfcl-eval, U403 without a sandbox."""
        require()
        self.box = open_box(sources(data), _LIMITS)
        self.driver = bundle("child", last=_DRIVER)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.box.close()

    def play(self, talks: Sequence[Talk]) -> list[Played]:
        """Each of ``talks``, from its beginning."""
        found: list[Played] = []
        for at in range(0, len(talks), CHUNK):
            found += self._play(talks[at : at + CHUNK])
        return found

    def _play(self, talks: Sequence[Talk]) -> list[Played]:
        limits = msgspec.structs.replace(_LIMITS, seconds=SECONDS * len(talks) + 20)
        task = msgspec.json.encode({"seconds": SECONDS, "talks": talks})
        done = self.box.run(self.driver, stdin=task, limits=limits)
        lines = done.stdout.splitlines() if done.status == "ok" and not done.truncated else []
        try:
            found = [msgspec.json.decode(line, type=Played) for line in lines]
        except (msgspec.DecodeError, RecursionError):
            found = []
        if len(found) == len(talks):
            return found
        if len(talks) > 1:  # one that is too much for the box must not take the others along
            return [each for talk in talks for each in self._play([talk])]
        return [Played(status="died", detail=f"{done.status}: {done.detail or done.stderr[-300:]}")]


def as_calls(calls: Sequence[Call]) -> list[GoldCall]:
    """Calls of a model as they are played."""
    return [(call.name, [], call.arguments) for call in calls]


def sources(data: Path) -> dict[str, str | bytes]:
    """Name → text of the classes and of ``mpmath``, which one of them needs. Raises `UserError` U402."""
    try:
        wheel: Path | None = files.find(data, (WHEEL,), "bfcl-eval")
    except UserError:
        wheel = None
    found = dict(_packed(wheel) if wheel else _installed("bfcl_eval", _WANTED))
    needed = dict(_installed("mpmath", ("mpmath/*",)))
    if not found or not needed:
        what = "BFCL's multi-turn classes (bfcl-eval)" if not found else "mpmath, which BFCL's MathAPI needs,"
        raise error(
            "U402",
            found=f"{what} are not here" if not found else f"{what} is not here",
            expected=f"the package bfcl-eval, or its wheel ({WHEEL}) below the folder of --data",
            fix="pip install --no-deps bfcl-eval mpmath (with its own dependencies it would pin old packages)",
        )
    return {**found, **needed}


def check(data: Path) -> None:
    """Raises what `sources` raises, before anything is asked."""
    sources(data)


def _installed(package: str, wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """(name below the folder of packages, text); the package is not imported."""
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(place).rglob("*.py")):
            name = path.relative_to(Path(place).parent).as_posix()
            if "/tests/" not in name and any(fnmatchcase(name, each) for each in wanted):
                yield name, path.read_bytes()


def _packed(wheel: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                if any(fnmatchcase(entry.filename, each) for each in _WANTED) and entry.file_size < _MOST:
                    yield entry.filename, archive.read(entry)
    except (OSError, zipfile.BadZipFile) as problem:
        raise error("T302", file=str(wheel), found=str(problem)) from None
