"""The step: every model of the run so far, each reloaded from disk in a fresh process, measured the same way.

A fresh process, because a model that works only in the process that made it does not work; and because evaluating
in the process that trains changes the next gradients with bitsandbytes on some processors.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_train.config import Evaluate
from sxl_train.run.apart import alone
from sxl_train.run.objects import Object
from sxl_train.run.step import Context


def run(context: Context) -> Path:
    """Measure the chain of models, write ``evaluation.json``, change nothing."""
    recipe = context.recipe
    chain = [(step, folder) for step, folder in context.chain]
    found = measure_apart([folder for _, folder in chain], recipe.dataset, recipe.evaluate, recipe.tune.max_length)
    models = {step: numbers for (step, _), numbers in zip(chain, found)}
    context.measured["models"] = models
    (context.folder / "evaluation.json").write_bytes(msgspec.json.format(msgspec.json.encode(models), indent=2) + b"\n")
    if recipe.evaluate.suites:
        context.measured["suites"] = run_suites(context.model, recipe.evaluate, context.folder / "suites")
    say("evaluate   loss " + " → ".join(f"{numbers['loss']:.4f} ({step})" for step, numbers in models.items()))
    return Path(context.model)


def run_suites(model: str, options: Evaluate, out: Path) -> Object:
    """The benchmarks of the recipe on ``model``, in one new interpreter; answers that ``out`` holds are kept.

    Raises `UserError` T305 where they come to no end; what they said stands above.
    """
    command = [sys.executable, "-m", "sxl_train.evaluate", model, "--json", "--out", str(out)]
    command += ["--data", options.data, "--limit", str(options.items), "--max-tokens", str(options.max_tokens)]
    done = subprocess.run(
        [*command, "--suite", *options.suites], stdout=subprocess.PIPE, check=False, env=_environment()
    )
    if done.returncode:
        raise error("T305", file=model, found=f"exit code {done.returncode} of {', '.join(options.suites)}")
    found: Object = msgspec.json.decode(done.stdout)["suites"]
    return found


def _environment() -> dict[str, str]:
    return alone() | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


def measure_apart(folders: list[str], dataset: str, options: Evaluate, max_length: int) -> list[Object]:
    """`measure.measure` of each folder, in one new interpreter. Raises `UserError` T202 with its last words."""
    task = {"folders": folders, "dataset": dataset, "options": options, "max_length": max_length}
    done = subprocess.run(
        [sys.executable, "-m", "sxl_train.evaluate", "--task"],
        input=msgspec.json.encode(task),
        capture_output=True,
        check=False,
        env=_environment(),
    )
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise error("T202", file=folders[-1], found=" / ".join(words[-4:]) or f"exit code {done.returncode}")
    found: list[Object] = msgspec.json.decode(done.stdout.splitlines()[-1])
    return found
