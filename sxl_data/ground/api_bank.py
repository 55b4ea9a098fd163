"""Replays API-Bank calls in API-Bank's own tools, inside the sandbox.

In: the archive or folder of API-Bank, and the calls of some dialogues. Out: for each call what its tool
returned. Of an archive only the tools' source and their databases are taken, by name, and never run
outside of the sandbox. Tools that need packages which the sandbox does not have are reported as such.
"""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from sxl_data.contract.errors import error
from sxl_data.contract.names import is_inner
from sxl_data.ground import sandbox

_PARTS = {"apis": ".py", "init_database": ".json"}
_MAX_FILE = 4_000_000


def replay(dialogues: list[list[dict[str, Any]]], bank: Path, limits: sandbox.Limits) -> list[list[dict[str, Any]]]:
    """What every call returns: ``{"output", "exception", "agrees"}`` or ``{"unavailable": reason}``.

    A call is ``{"name", "arguments", "expected": {"output", "exception"} | None}``. Raises `UserError` U201
    where ``bank`` is not API-Bank, U403 where there is no sandbox. When the time is up, every call of
    ``dialogues`` is unavailable.
    """
    with tempfile.TemporaryDirectory(prefix="sxl-bank-") as folder:
        scratch = Path(folder)
        taken = 0
        for name, data in _files(bank):
            path = scratch / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            taken += 1
        if not taken:
            raise error(
                "U201", file=str(bank), found="no tool of API-Bank", expected="the folders apis and init_database"
            )
        driver = Path(__file__).with_name("api_bank_driver.py").read_text(encoding="utf-8")
        (scratch / "driver.py").write_text(driver, encoding="utf-8", newline="\n")
        done = sandbox.run([sandbox.python(), "driver.py"], scratch, limits, stdin=json.dumps({"dialogues": dialogues}))
    if done.exit_code != 0 or done.truncated:
        reason = "the time was up" if done.exit_code is None else f"exit code {done.exit_code}: {done.stderr[-300:]}"
        return [[{"unavailable": reason} for _ in calls] for calls in dialogues]
    answers: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return answers


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
