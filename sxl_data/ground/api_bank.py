"""Replays API-Bank calls in API-Bank's own tools, inside the sandbox.

In: the archive or folder of API-Bank, and the calls of some dialogues. Out: for each call what its tool
returned. Of an archive only the tools' source and their databases are taken, by name, and never run
outside of the sandbox. Tools that need packages which the sandbox does not have are reported as such. Whether a
result is the one that the dialogue states is decided out here (`agrees`): the tools are never told it.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from sxl_data.contract.errors import error
from sxl_data.contract.names import is_inner
from sxl_data.files.json_text import is_deep
from sxl_data.sandbox.limits import Limits, Tier
from sxl_data.sandbox.run import run

_PARTS = {"apis": ".py", "init_database": ".json"}
_MAX_FILE = 4_000_000
_MAX_DEPTH = 100


class Answer(msgspec.Struct, frozen=True):
    """What came of one call: what the tool returned or raised, or why it could not run."""

    output: Any = None
    exception: Any = None
    unavailable: str | None = None


def replay(dialogues: list[list[dict[str, Any]]], bank: Path, limits: Limits) -> tuple[list[list[Answer]], Tier]:
    """What every call returns, and the tier of the sandbox that it ran in.

    A call is ``{"name", "arguments"}``. Raises `UserError` U201 where ``bank`` is not API-Bank, U403 where there is
    no sandbox. Where the run ended in any other way than with an answer to each, every call is unavailable.
    """
    files = dict(_files(bank))
    if not files:
        raise error("U201", file=str(bank), found="no tool of API-Bank", expected="the folders apis and init_database")
    driver = Path(__file__).with_name("api_bank_driver.py").read_text(encoding="utf-8")
    done = run(driver, files=files, limits=limits, stdin=json.dumps({"dialogues": dialogues}))
    reason = f"{done.status}: {done.detail or done.stderr[-300:]}"
    if done.status == "ok" and not done.truncated:
        try:
            answers = msgspec.json.decode(done.stdout, type=list[list[Answer]])
        except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
            reason = f"the tools' output is no list of answers: {problem}"
        else:
            if [len(calls) for calls in answers] != [len(calls) for calls in dialogues]:
                reason = "the tools did not answer each call"
            elif any(
                is_deep([answer.output, answer.exception], _MAX_DEPTH + 1) for calls in answers for answer in calls
            ):
                reason = f"an answer is nested deeper than {_MAX_DEPTH}"
            else:
                return answers, done.tier
    return [[Answer(unavailable=reason) for _ in calls] for calls in dialogues], done.tier


def agrees(stated: Answer, found: Answer) -> bool:
    """Whether a tool returned what the dialogue states: equal outputs and exceptions, their texts without outer space
    and case, in which the published dialogues and the published databases differ. What a tool draws at random, ids
    and tokens, is another result each time and so never agrees."""
    return _plain([stated.output, stated.exception]) == _plain([found.output, found.exception])


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip().casefold()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _files(bank: Path) -> Iterator[tuple[str, bytes]]:
    """(apis/x.py or init_database/x.json, bytes) from a folder or a tar."""
    if bank.is_dir():
        for path in sorted(bank.rglob("*")):
            if path.is_file() and not path.is_symlink() and (name := _wanted(path.relative_to(bank).as_posix())):
                yield name, path.read_bytes()[:_MAX_FILE]
        return
    try:
        with tarfile.open(bank, mode="r|*") as archive:
            for member in archive:
                name = _wanted(member.name)
                file = archive.extractfile(member) if name and member.isreg() else None
                if name and file is not None:
                    yield name, file.read(_MAX_FILE)
    except (OSError, tarfile.TarError) as problem:
        raise error("U201", file=str(bank), found=str(problem), expected="the archive or folder of API-Bank") from None


def _wanted(name: str) -> str | None:
    place = PurePosixPath(name)
    folder = place.parent.name
    taken = f"{folder}/{place.name}"  # a backslash would be a folder on Windows
    return taken if _PARTS.get(folder) == place.suffix and is_inner(taken) else None
