"""The folder of a finished run → what a release is made of: weights, GGUF file, records, dataset, evaluations.

A run whose package is one GGUF file has its safetensors in the last step that did not round; a run whose package is
safetensors has its GGUF file beside them, or none. Steps are found by their folders' names, so a run may have moved.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data.contract.errors import error
from sxl_data.write.manifest import Manifest, decode
from sxl_train.config import ORDER
from sxl_train.run.objects import Object, Value
from sxl_train.run.size import is_needed
from sxl_train.run.step import read_record

PICKLED = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
Record = Object
SAFETENSORS, GGUF = "the safetensors", "the GGUF file"
"""What a release is made of, in words."""


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """One of the forms in which a run is released."""

    title: str
    path: Path
    """What a reader opens."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A run that came to its end."""

    folder: Path
    records: dict[str, Record]
    """`run.json` of each step that ran, in their order, the base first."""
    weights: Path
    """Folder whose safetensors are released."""
    weights_step: str
    gguf: Path | None
    dataset: Path | None
    """The build that it was trained on, its hash compared; None where it was no build."""
    manifest: Manifest | None
    evaluations: dict[str, Path]
    """Name of a model of the run (base, release, …) → folder with its ``eval.json``."""

    @property
    def packages(self) -> dict[str, Package]:
        """Name of each package's evaluation → the package. ``release`` is what the run made last; the other form is
        ``weights`` where that is a GGUF file, and ``gguf`` where it is safetensors."""
        last = self.weights_step == "release"
        found = {"release" if last else "weights": Package(title=SAFETENSORS, path=self.weights)}
        if self.gguf is not None:
            path = self.gguf if last else self.gguf.parent
            found["gguf" if last else "release"] = Package(title=GGUF, path=path)
        return found

    def key(self, name: str, default: Value = None) -> Value:
        """The value of a key of the recipe."""
        config = next(reversed(self.records.values()))["config"]
        return config.get(name, {}).get("value", default)


def find(folder: Path, dataset: Path | None = None) -> Finished:
    """What lies in the run ``folder``; ``dataset`` where it is not where it was. Raises `UserError` U201 where no run
    was released, U304 where the dataset is another one, T202 where weights are pickled."""
    folder = folder if (folder / "release").is_dir() or not (folder / "model").is_dir() else folder / "model"
    records = {step: found for step in ("base", *ORDER) if (found := read_record(folder / step)) is not None}
    if "release" not in records:
        raise error("U201", file=str(folder), found="no finished release step", expected="the out folder of a run")
    package = folder / "release"
    inside = sorted(package.glob("*.safetensors"))
    step = "release" if inside else _last_whole(folder, records)
    for path in (folder / step).iterdir():
        if is_needed(path) and path.name.endswith(PICKLED):
            raise error(
                "T202", file=str(path), found="a pickle", expected="safetensors: a pickle runs code when loaded"
            )
    place = dataset or Path(str(records["release"]["config"]["dataset"]["value"]))
    manifest = _manifest(place, records["release"]["dataset_sha256"], dataset is not None)
    return Finished(
        folder=folder,
        records=records,
        weights=folder / step,
        weights_step=step,
        gguf=next(iter(sorted(package.glob("*.gguf"))), None),
        dataset=place if manifest else None,
        manifest=manifest,
        evaluations=_evaluations(folder),
    )


def _last_whole(folder: Path, records: dict[str, Record]) -> str:
    """The last step whose folder holds safetensors that are no adapter."""
    for step in reversed(records):
        inside = folder / step
        if list(inside.glob("*.safetensors")) and not (inside / "adapter_config.json").is_file():
            return step
    raise error("U201", file=str(folder), found="no safetensors in any step", expected="the out folder of a run")


def _manifest(place: Path, wanted: str, given: bool) -> Manifest | None:
    from sxl_train.data.dataset import find_dataset

    path = place / "manifest.json"
    if not path.is_file():
        if given:
            raise error("U305", file=str(place), found="no manifest.json", expected="the build of this run")
        return None
    if find_dataset(str(place)).sha256 != wanted:
        raise error("U304", file=str(path), found="another digest", expected=f"{wanted[:16]}…, as the run has it")
    return decode(path.read_bytes(), str(path))


def _evaluations(folder: Path) -> dict[str, Path]:
    found = {path.parent.name: path.parent for path in sorted(folder.glob("eval/*/eval.json"))}
    inside = folder / "evaluate" / "suites"
    if (inside / "eval.json").is_file():
        found["release"] = inside
    return found
