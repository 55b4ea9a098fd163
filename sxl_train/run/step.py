"""One step of a run: a model folder in, ``OUT/<step>/`` with ``run.json`` out.

A step is a module with ``run(context: Context) -> Path``. It writes into ``context.folder``, a temporary
folder that becomes ``OUT/<step>`` only when the step has returned, and it returns the model folder that the
next step reads: ``context.folder`` itself, or ``context.model`` when it changed nothing (plan, evaluate). A
step whose inputs are unchanged is not run again. The key that decides so hashes the recipe keys the step uses
(`uses.USES`), the dataset, the code that its module imports and the key of the step that made the model it reads.
A finished folder of a later step whose model was made anew is removed (`sweep_stale`): it would look like the result
of this run.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import os
import platform
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec

from sxl_data.contract.console import format_seconds, say
from sxl_data.contract.errors import error
from sxl_data.engine.sources import hash_sources
from sxl_train.config import ORDER, Recipe
from sxl_train.run import bases
from sxl_train.run.objects import Object
from sxl_train.run.recipes import flatten
from sxl_train.run.uses import MODULES, USES

PACKAGES = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "bitsandbytes",
    "compressed-tensors",
    "accelerate",
    "tokenizers",
    "datasets",
)
CONTINUES = ("tune", "distil", "evaluate")
SHARED = ("tune",)
"""Steps that all processes of a distributed run work on."""
POLL_S = 0.2
Run = Callable[["Context"], Path]


@dataclass(frozen=True)
class Context:
    """What a step may know."""

    recipe: Recipe
    origins: dict[str, str]
    """Dotted key → default, recipe or command line."""
    name: str
    """Of the step."""
    model: str
    """Folder (or hub id, for the first step) that the step reads."""
    folder: Path
    """Empty folder that the step writes into."""
    out: Path
    """Folder of the whole run; earlier steps lie in ``out / <step>``."""
    title: str = ""
    """Name of the recipe."""
    chain: tuple[tuple[str, str], ...] = ()
    """(step, model folder) for every model so far, the base first."""
    measured: Object = field(default_factory=dict)
    """Numbers for run.json; the step fills it, the model card reads nothing else."""

    def folder_of(self, step: str) -> Path | None:
        """The finished folder of an earlier step, or None when it did not run."""
        folder = self.out / step
        return folder if (folder / "run.json").exists() else None


class Made(msgspec.Struct, frozen=True):
    """The result of one step."""

    model: str
    key: str
    reused: bool
    measured: Object


def perform(context: Context, run: Run, before: str, dataset: str, seen: str = "") -> Made:
    """Run a step, or reuse its finished folder.

    ``before`` is the key of the step that made the model, ``dataset`` the manifest's hash, ``seen`` the key of a step
    whose numbers this one prints. A crash leaves ``OUT/<step>.part``: `tune` and `distil` continue from it, every
    other step starts it anew.
    """
    key = make_key(context, before, dataset, seen)
    target = context.out / context.name
    record = read_record(target)
    if record and record["key"] == key and _intact(target, record["files"]):
        say(f"{context.name:<10} unchanged, reused")
        return Made(_absolute(record["model"], target), key, True, record["measured"])
    started = time.monotonic()
    part = context.folder
    marker = part / "key.txt"
    if int(os.environ.get("RANK", "0")):
        return _follow(context, run, key, marker, target)
    same = marker.exists() and marker.read_text(encoding="utf-8") == key
    if part.exists() and not (same and context.name in CONTINUES):
        shutil.rmtree(part)
    try:
        part.mkdir(parents=True, exist_ok=True)
        marker.write_text(key, encoding="utf-8", newline="\n")
        model = run(context)
        marker.unlink()
        found = [path for path in sorted(part.rglob("*")) if path.is_file()]
        files = {path.relative_to(part).as_posix(): path.stat().st_size for path in found}
        own = Path(model) == part
        record = {
            "step": context.name,
            "recipe": context.title,
            "key": key,
            "before": before,
            "model": "." if own else str(model),
            "reads": context.model,
            "config": {
                name: {"value": value, "origin": context.origins.get(name, "default")}
                for name, value in flatten(msgspec.to_builtins(context.recipe)).items()
            },
            "dataset_sha256": dataset,
            "seed": context.recipe.seed,
            "measured": context.measured,
            "versions": versions(),
            "hardware": hardware(),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - started, 2),
            "files": files,
        }
        (part / "run.json").write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
        _replace(part, target)
    except OSError as problem:
        if problem.errno == 28:
            raise error("T107", file=str(part), found="no space left on the device") from problem
        raise
    say(f"{context.name:<10} done in {format_seconds(record['seconds'])}")
    return Made(_absolute(record["model"], target), key, False, context.measured)


def adopt(context: Context, before: str, dataset: str, seen: str = "") -> Made:
    """Take over the finished folder of a run that was made elsewhere: its record gets the key that it has here."""
    target = context.out / context.name
    record = read_record(target)
    if record is None:
        raise error("U201", file=str(target), found="no run.json", expected=f"the finished step {context.name}")
    record |= {"key": make_key(context, before, dataset, seen), "before": before, "reads": context.model}
    own = record["model"] == "."
    record |= {} if own else {"model": context.model}
    (target / "run.json").write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
    say(f"{context.name:<10} taken over from {record['finished']}")
    return Made(_absolute(record["model"], target), record["key"], True, record["measured"])


def _follow(context: Context, run: Run, key: str, marker: Path, target: Path) -> Made:
    """What a process of ``torchrun`` other than the first does: train with it, and wait for it in other steps."""
    if context.name in SHARED:
        while not (marker.exists() and marker.read_text(encoding="utf-8") == key):
            time.sleep(POLL_S)
        run(context)
    while True:
        record = read_record(target)
        if record and record["key"] == key:
            return Made(_absolute(record["model"], target), key, False, record["measured"])
        time.sleep(POLL_S)


def sweep_stale(out: Path, step: str, made: Mapping[str, Made]) -> list[str]:
    """Remove the folders behind ``step`` whose model this run made anew; the names of their steps.

    ``made`` are the steps of this run so far: a folder made from one of them, or from one that is kept, is kept.
    """
    known, removed = {result.key for result in made.values()}, []
    for later in ORDER[ORDER.index(step) + 1 :]:
        record = read_record(out / later)
        if record is not None and (record["key"] in known or record.get("before") in known):
            known.add(record["key"])
        elif record is not None:
            say(f"{later:<10} of an earlier run removed: its model was made anew since")
            shutil.rmtree(out / later)
            removed.append(later)
        if not made[step].reused and later not in CONTINUES:
            shutil.rmtree(out / f"{later}.part", ignore_errors=True)
    return removed


def make_key(context: Context, before: str, dataset: str, seen: str = "") -> str:
    """Hash of everything that decides the step's result."""
    values = flatten(msgspec.to_builtins(context.recipe))
    values["steps"] = [step for step in values["steps"] if step in ("prune", "quantise")]
    uses = USES[context.name]
    chosen = {k: v for k, v in values.items() if any(k == use or k.startswith(use + ".") for use in uses)}
    first = "" if before else _digest_of_model(context.model)
    parts = [context.name, chosen, before, dataset, _code(context.name), first, seen]
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def read_record(folder: Path) -> Object | None:
    """``run.json`` of a step's folder, or None when there is no finished step."""
    try:
        record: Object = msgspec.json.decode((folder / "run.json").read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    return record


def versions() -> dict[str, str]:
    """Versions of what was used, ours and Python's included."""
    found = {"python": platform.python_version()}
    for name in ("sheikh-sxl", *PACKAGES):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def hardware() -> Object:
    """Processor and accelerators of this machine."""
    import torch

    found: Object = {"machine": platform.machine(), "system": platform.system()}
    found["cores"] = os.cpu_count()
    if torch.cuda.is_available():
        found["gpus"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return found


@cache
def _code(step: str) -> str:
    """Digest of the sources that the step's result may depend on: what its module imports, and what that imports."""
    return hash_sources(f"sxl_train.{MODULES[step]}", Path(__file__).parents[2])


def _digest_of_model(model: str) -> str:
    """A hub id itself; of a local folder its names, sizes and configuration, not gigabytes of weights."""
    file = bases.find_gguf(model)
    if file is not None:
        return bases.describe(file).name
    folder = Path(model)
    if not folder.is_dir():
        return model
    files = [(p.name, p.stat().st_size) for p in sorted(folder.iterdir()) if p.is_file()]
    config = (folder / "config.json").read_text(encoding="utf-8") if (folder / "config.json").exists() else ""
    return hashlib.sha256(msgspec.json.encode([files, config])).hexdigest()


def _intact(folder: Path, files: dict[str, int]) -> bool:
    return all((folder / n).is_file() and (folder / n).stat().st_size == size for n, size in files.items())


def _absolute(model: str, folder: Path) -> str:
    return str(folder) if model == "." else model


def _replace(part: Path, target: Path) -> None:
    """Move ``part`` to ``target``. A folder cannot be replaced in one call: the old one steps aside first."""
    old = target.with_name(target.name + ".old")
    if old.exists():
        shutil.rmtree(old)
    if target.exists():
        target.rename(old)
    part.rename(target)
    if old.exists():
        shutil.rmtree(old)
