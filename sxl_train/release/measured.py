"""Packages of a run without an evaluation of their own → the same suites with the same options, asked of their files.

A run measures what it made last: one GGUF file, say. Its safetensors hold other numbers, so what was measured of the
one says little of the other. Answers go to ``RUN/eval/NAME``, where a later release finds them.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_train.evaluate.benchmark import evaluate, read_report
from sxl_train.generate.opening import open_model
from sxl_train.release.finished import Finished
from sxl_train.run.objects import Value
from sxl_train.suites.types import Options


def measure(run: Finished, data: Path) -> Finished:
    """``run`` with an evaluation of each package; ``data`` has the suites' files. Raises `UserError` U201 where nothing
    of the run was evaluated, U402 and T301 as an evaluation does."""
    asked = run.evaluations.get("release") or next(reversed(run.evaluations.values()), None)
    if asked is None:
        raise error(
            "U201",
            file=str(run.folder / "eval"),
            found="no evaluation to repeat",
            expected=f"python -m sxl_train.evaluate {run.folder / 'release'} --suite NAME -o {run.folder}/eval/release",
        )
    suites = read_report(asked).suites
    options = _options(next(iter(suites.values())).options, data)
    found = dict(run.evaluations)
    for name, package in run.packages.items():
        if name not in found:
            place = run.folder / "eval" / name
            say(f"measure    {package.title}, as {asked.name} was: {', '.join(suites)}")
            backend = open_model(str(package.path))
            try:
                evaluate(backend, list(suites), options, place)
            finally:
                backend.close()
            found[name] = place
    return msgspec.structs.replace(run, evaluations=found)


def _options(asked: dict[str, object], data: Path) -> Options:
    def path(kind: type, value: Value) -> Path:
        return Path(value)

    return msgspec.convert(asked | {"data": str(data)}, Options, dec_hook=path)
