"""``sxl-train rebuild FOLDER``: what travelled of a run in; the run as it was out, every file beside what it was.

The kept steps are taken over (`run.step.adopt`), the recipe makes the others from them, the base and the dataset. The
dataset must have the run's hash and the base's weights theirs, or nothing is begun. On the same machine with the same
versions and threads everything that loading reads is the same to the byte; elsewhere kernels round otherwise, so what
differs is named, beside the versions and the machine that do.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from sxl_data.contract.arguments import Parser
from sxl_data.contract.console import tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import error
from sxl_data.engine.commit import sha256
from sxl_train.config import Recipe
from sxl_train.release import evidence
from sxl_train.run.objects import Object
from sxl_train.run.size import is_needed
from sxl_train.run.step import Made, hardware, read_record, versions


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """How a run that was made again compares."""

    same: tuple[str, ...]
    """Files that loading reads, made again to the byte."""
    other: tuple[str, ...]
    """Those with other bytes, or that are missing."""
    absent: tuple[str, ...]
    """Those of steps before the one whose weights travelled: nothing needs them."""
    kept: int
    """Files that travelled."""
    beside: tuple[str, ...]
    """Cards and reports, which hold times and places, with other bytes."""
    changed: dict[str, tuple[str, str]]
    """What of versions and machine is another here: (then, now)."""

    def text(self) -> str:
        """For people."""
        lines = [f"kept       {self.kept} files, as they were"]
        lines += [f"same       {name}" for name in self.same]
        lines += [f"OTHER      {name}" for name in self.other]
        lines += [f"absent     {name}: it was before what travelled" for name in self.absent]
        lines += [f"beside     {name}: times or places differ" for name in self.beside]
        lines += [f"changed    {name} {then} → {now}" for name, (then, now) in self.changed.items()]
        return "\n".join(lines)


def rebuild(folder: Path, out: Path, overrides: Sequence[str] = ()) -> Rebuilt:
    """Make the run of which ``folder`` holds what `evidence.pack` kept again in ``out``; ``overrides`` say where base
    and dataset are now. Raises `UserError` T606 where they or the folder's files are others, U401."""
    from sxl_train.data.dataset import find_dataset
    from sxl_train.recipe import run

    found = evidence.read(folder)
    if out.exists() and any(out.iterdir()):
        raise error("U401", file=str(out), found="a folder with files", expected="an empty one")
    allowed = ("base_model=", "dataset=", "revision=")
    if strange := [word for word in overrides if not word.startswith(allowed)]:
        raise error("U401", found=strange[0], expected="base_model=…, dataset=… or revision=…: all else is the run's")
    evidence.unpack(folder, found, out)
    records = {step: record for step in found.steps if (record := read_record(out / step)) is not None}
    adapter = (out / found.weights / "adapter_config.json").is_file()
    last = found.steps.index(found.weights)
    kept = {step for place, step in enumerate(found.steps) if place <= last and not (adapter and step == "base")}
    kept |= {step for step in found.steps if step == "evaluate"}
    if set(found.steps) - kept:
        recipe = write_recipe(next(reversed(records.values())), out, found.recipe)
        words = [*overrides, f"out={out}"]
        dataset = next((word.partition("=")[2] for word in overrides if word.startswith("dataset=")), "")
        dataset = dataset or str(records[found.steps[-1]]["config"]["dataset"]["value"])
        if (here := find_dataset(dataset).sha256) != found.dataset_sha256:
            raise error("T606", file=dataset, found=f"dataset {here[:16]}…", expected=f"{found.dataset_sha256[:16]}…")
        for step in set(found.steps) - kept:
            shutil.rmtree(out / step)
        run(str(recipe), words, kept, lambda step, made: _require_base(step, made, records))
    return compare(found, out, records, kept)


def _require_base(step: str, made: Made, records: dict[str, Object]) -> None:
    """T606 where the base that was found has other weights than the run's."""
    then, now = records.get("base", {}).get("measured", {}).get("weights"), made.measured.get("weights")
    if step == "base" and then is not None and then != now:
        raise error("T606", file="base_model", found=f"weights {now}", expected=f"{then}")


def compare(found: evidence.Evidence, out: Path, records: dict[str, Object], kept: Collection[str]) -> Rebuilt:
    """Every file of the run beside what it was."""
    same: list[str] = []
    other: list[str] = []
    absent: list[str] = []
    beside: list[str] = []
    for name, file in found.files.items():
        step, _, rest = name.partition("/")
        path = out / name
        if rest == evidence.RECORD or (step in kept and file.kept):
            continue
        if step in kept:
            absent.append(name)
            continue
        equal = path.is_file() and sha256(path) == file.sha256
        (same if equal else other if is_needed(path) else beside).append(name)
    last = next(reversed(records.values()))
    then, now = ({**of, **{k: str(v) for k, v in machine.items()}} for of, machine in _machines(last))
    changed = {key: (then.get(key, "none"), now.get(key, "none")) for key in {**then, **now}}
    return Rebuilt(
        same=tuple(same),
        other=tuple(other),
        absent=tuple(absent),
        kept=sum(file.kept for file in found.files.values()),
        beside=tuple(beside),
        changed={key: pair for key, pair in changed.items() if pair[0] != pair[1]},
    )


def write_recipe(record: Object, out: Path, title: str) -> Path:
    """The recipe of a run as a file, every key as it was."""
    values: Object = {}
    for name, entry in record["config"].items():
        place = values
        *rooms, last = name.split(".")
        for room in rooms:
            place = place.setdefault(room, {})
        place[last] = entry["value"]
    msgspec.convert(values, Recipe)
    path = out / f"{title}.yaml"
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8", newline="\n")
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return answer(lambda: _answer(list(sys.argv[1:] if arguments is None else arguments)), "interrupted")


def _answer(words: list[str]) -> int:
    parser = Parser(
        prog="sxl-train rebuild",
        description="Make a run again of what travelled of it (`sxl-train release evidence`), and compare every file.",
    )
    parser.add_argument("folder", help="what `release evidence` wrote")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="base_model= and dataset=, where they moved")
    parser.add_argument("-o", "--out", required=True, help="an empty folder")
    options = parser.parse_intermixed_args(words)
    made = rebuild(Path(options.folder), Path(options.out), options.overrides)
    tell(made.text())
    return int(bool(made.other))


def _machines(record: Object) -> list[tuple[dict[str, str], Object]]:
    return [(record["versions"], record["hardware"]), (versions(), hardware())]
