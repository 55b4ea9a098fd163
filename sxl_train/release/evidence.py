"""A finished run in; the few megabytes of it that must travel out, and what makes the rest again.

A machine that is lent often hands back less than a model weighs. What cannot be made again is kept: every record, log,
score and sample, and the weights of one step, the adapter where there is one. ``evidence.json`` names each file of the
run with its hash, kept or not; `sxl_train.rebuild` makes the others and compares. Files beyond a limit are cut into
parts.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sxl_data import __version__
from sxl_data.contract.errors import error
from sxl_data.engine.commit import commit_bytes, sha256
from sxl_train.config import ORDER
from sxl_train.release import chain
from sxl_train.run.objects import Object
from sxl_train.run.size import is_needed
from sxl_train.run.step import read_record

NAME, FORM = "evidence.json", "sxl-evidence/1"
STEPS = ("base", *ORDER)
RECORD = "run.json"


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a run."""

    sha256: str
    bytes: int
    kept: bool
    """Whether it travels; the others are made again."""
    parts: int = 0
    """How many pieces it was cut into, 0 for none: ``<name>.part00`` and so on."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What ``evidence.json`` says."""

    form: str
    sxl: str
    recipe: str
    dataset_sha256: str
    weights: str
    """The step whose weights travel."""
    steps: tuple[str, ...]
    """Those that were run, the base first."""
    files: dict[str, File]
    """``step/name`` → the file."""


def pack(run: Path, out: Path, weights: str = "", part: int = 60_000_000) -> Evidence:
    """Write what must travel of ``run`` to the empty folder ``out``. Raises `UserError` U201, U401."""
    records = {step: found for step in STEPS if (found := read_record(run / step)) is not None}
    if not records:
        raise error("U201", file=str(run), found="no finished step", expected="the out folder of a run")
    chosen = weights or choose(run, records)
    if chosen not in records or not list(_weights(run / chosen)):
        there = ", ".join(step for step in records if list(_weights(run / step)))
        raise error("U401", found=f"weights of {chosen or 'no step'}", expected=f"one of {there}")
    if out.exists() and any(out.iterdir()):
        raise error("U401", file=str(out), found="a folder with files", expected="an empty one")
    files = {}
    for step in records:
        whole = step == chosen or not list(_weights(run / step))
        for path in sorted(path for path in (run / step).rglob("*") if path.is_file()):
            kept = whole or not is_needed(path)
            name = path.relative_to(run).as_posix()
            parts = _copy(path, out / name, part) if kept else 0
            files[name] = File(sha256=sha256(path), bytes=path.stat().st_size, kept=kept, parts=parts)
    last = next(reversed(records.values()))
    made = Evidence(
        form=FORM,
        sxl=__version__,
        recipe=str(last["recipe"]),
        dataset_sha256=str(last["dataset_sha256"]),
        weights=chosen,
        steps=tuple(records),
        files=files,
    )
    commit_bytes(out / NAME, msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    chain.seal(out)
    return made


def choose(run: Path, records: dict[str, Object]) -> str:
    """The step whose weights say most in least: the adapter, unless something was trained after it."""
    adapter = (run / "tune" / "adapter_config.json").is_file()
    if adapter and not list(_weights(run / "distil")):
        return "tune"
    return next((step for step in reversed(records) if list(_weights(run / step))), "")


def read(folder: Path) -> Evidence:
    """The evidence in ``folder``, every file as it was sealed. Raises `UserError` U201, T606."""
    if not (folder / NAME).is_file():
        raise error("U201", file=str(folder), found=f"no {NAME}", expected="what `release evidence` wrote")
    if wrong := chain.damage(folder):
        raise error("T606", file=str(folder), found=", ".join(wrong[:5]), expected=f"the files of {chain.SUMS}")
    try:
        found = msgspec.json.decode((folder / NAME).read_bytes(), type=Evidence)
    except msgspec.DecodeError as problem:
        raise error("T606", file=str(folder / NAME), found=problem, expected=FORM) from None
    strange = [name for name in found.files if not _is_plain(name)]
    if found.form != FORM or strange or not set(found.steps) <= set(STEPS):
        raise error("T606", file=str(folder / NAME), found=strange[:3] or found.form, expected=FORM)
    return found


def unpack(folder: Path, found: Evidence, out: Path) -> None:
    """The kept files of ``folder`` where a run has them, parts joined. Raises `UserError` T606."""
    for name, file in found.files.items():
        if not file.kept:
            continue
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        pieces = [f"{name}.part{number:02}" for number in range(file.parts)] or [name]
        with target.open("wb") as stream:
            for piece in pieces:
                if not (folder / piece).is_file():
                    raise error("T606", file=str(folder / piece), found="nothing", expected=f"a part of {name}")
                with (folder / piece).open("rb") as source:
                    shutil.copyfileobj(source, stream, 1 << 20)
        if sha256(target) != file.sha256:
            raise error("T606", file=str(target), found="other bytes", expected=f"{file.sha256[:16]}…")


def _copy(path: Path, target: Path, part: int) -> int:
    """Copy ``path``, in pieces where it is larger than ``part``; how many."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size = path.stat().st_size
    if size <= part:
        shutil.copyfile(path, target)
        return 0
    count = -(-size // part)
    with path.open("rb") as source:
        for number in range(count):
            target.with_name(f"{target.name}.part{number:02}").write_bytes(source.read(part))
    return count


def _weights(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*") if path.suffix in (".safetensors", ".gguf"))


def _is_plain(name: str) -> bool:
    """Whether ``name`` is a file inside the folder of a step."""
    first, *rest = name.split("/")
    return first in STEPS and bool(rest) and not any(one in ("", ".", "..") or "\\" in one for one in rest)
