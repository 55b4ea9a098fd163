"""Inspect's ``.eval`` archive: a zip with a header and one JSON file for each sample.

In: a path. Out: the log as its ``.json`` form would be. Members are read one by one, with a limit on their
size, and nothing is extracted.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.errors import error
from sxl_data.files.numbers import DECODER

MAX_MEMBER_BYTES, MAX_BYTES = 512_000_000, 2_000_000_000


def open_archive(path: Path) -> dict[str, Any]:
    """The log in the ``.eval`` archive at ``path``, as its ``.json`` form would be.

    Raises `UserError` U204 for an archive that is damaged, too large or of a compression that this Python
    does not have.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "header.json" not in names:
                raise error("U204", file=path.name, found="no header.json", expected="an Inspect .eval archive")
            log = _member(archive, "header.json")
            samples = sorted(name for name in names if name.startswith("samples/") and name.endswith(".json"))
            if sum(archive.getinfo(name).file_size for name in samples) > MAX_BYTES:
                raise error("U204", file=path.name, found=f"samples of over {MAX_BYTES} bytes", expected="less")
            log["samples"] = [_member(archive, name) for name in samples]
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, msgspec.MsgspecError, KeyError) as problem:
        raise error("U204", file=path.name, found=problem, expected="a whole .eval archive") from None
    return log


def _member(archive: zipfile.ZipFile, name: str) -> Any:
    with archive.open(name) as member:
        data = member.read(MAX_MEMBER_BYTES + 1)
    if len(data) > MAX_MEMBER_BYTES:
        raise error("U204", file=name, found=f"over {MAX_MEMBER_BYTES} bytes", expected="a smaller sample")
    return DECODER.decode(data)
