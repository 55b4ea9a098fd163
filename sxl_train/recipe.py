"""``python -m sxl_train.recipe NAME|FILE [key=value…]``: a recipe in, a packaged model out.

This module names the steps and their order; each step's module does the work (`step.py` has the contract).
Nothing heavy is imported before a step runs, so that `--help`, `--print` and `--list` answer at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from sxl_data import __version__
from sxl_data.contract import about
from sxl_data.contract.arguments import Parser
from sxl_data.contract.console import format_table, say, tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import error
from sxl_data.contract.nearest import nearest
from sxl_train.config import ORDER
from sxl_train.run.recipes import find_recipes, is_unknown, open_recipe, print_recipe
from sxl_train.run.step import Context, Made, adopt, perform, sweep_stale
from sxl_train.run.uses import MODULES

CONTINUES = "interrupted; the same command continues"


def run(
    name: str,
    overrides: Sequence[str] = (),
    kept: Collection[str] = (),
    done: Callable[[str, Made], None] = lambda step, made: None,
) -> dict[str, Made]:
    """Run a recipe to its end and return what each step made. Raises `UserError`, `GateMissed`.

    Finished folders of the steps ``kept`` are taken over though they were made elsewhere; ``done`` hears of each step.
    """
    title, loaded = open_recipe(name, overrides)
    recipe = loaded.value
    from sxl_train import preflight
    from sxl_train.data import dataset as data
    from sxl_train.data.base import fetch

    dataset = data.find_dataset(recipe.dataset)
    report = preflight.check(recipe, dataset)
    out = Path(recipe.out or f"build/train/{title}")
    steps: list[str] = [step for step in ORDER if step in recipe.steps]
    if preflight.needs_base(recipe):
        steps.insert(1 if steps[:1] == ["plan"] else 0, "base")
    model, key = recipe.base_model, ""
    made: dict[str, Made] = {}
    chain: list[tuple[str, str]] = []
    if "base" not in steps:
        model = str(fetch(model, recipe.revision))
        chain.append(("base", model))
    for step in steps:
        part = out / f"{step}.part"
        context = Context(recipe, dict(loaded.origins), step, model, part, out, title, tuple(chain))
        seen = made["evaluate"].key if step == "release" and "evaluate" in made else ""
        module = importlib.import_module(f"sxl_train.{MODULES[step]}")
        if step in kept:
            made[step] = adopt(context, key, dataset.sha256, seen)
        else:
            made[step] = perform(context, module.run, key, dataset.sha256, seen)
        done(step, made[step])
        if step == "plan" and not made[step].reused and not int(os.environ.get("RANK", "0")):
            from sxl_train import timing

            length = report.counts.tokens / max(1, report.counts.rows)
            sequences = timing.estimate_sequences(recipe, length, report.capacity)
            say(timing.show(timing.forecast(recipe, sequences, report.capacity)))
        if step in LOOKING:
            continue
        if made[step].model != model or step == "base":
            chain.append((step, made[step].model))
        model, key = made[step].model, made[step].key
        # Not behind a new base: a slip in a key that is taken back would have cost the tuning.
        if step != "base" and not kept and not int(os.environ.get("RANK", "0")):
            sweep_stale(out, step, made)
    return made


VERBS = {
    "agent": "agent.__main__",
    "evaluate": "evaluate.__main__",
    "rebuild": "rebuild",
    "release": "release.__main__",
    "report": "report",
    "sweep": "sweep",
}
"""The other words of ``sxl-train``, each a command of its own."""
LOOKING = ("plan", "evaluate")
"""Steps that change no model: those after them do not depend on them through it."""


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line; `sxl-train recipe NAME` and `python -m sxl_train.recipe NAME` are the same."""
    if words[:1] == ["recipe"]:
        words = words[1:]
    parser = Parser(
        prog="sxl-train recipe",
        description="Tune, shrink, evaluate and package a small coding agent.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  sxl-train recipe qlora base_model=Qwen/Qwen2.5-Coder-0.5B dataset=build/data/demo
  torchrun --nproc_per_node 4 -m sxl_train.recipe full dataset=build/data/demo tune.shard=true   several GPUs
  sxl-train report build/train/qlora                                              a run as one page
  sxl-train sweep lora dataset=build/data/demo --trials 12                        rank and learning rate
  sxl-train agent build/train/qlora/release "why does the test fail?" --folder .  let a model work on a task
  sxl-train evaluate build/train/qlora/release --suite toolsets                   benchmarks, with intervals
  sxl-train release build/train/qlora                                             package it for strangers
  sxl-train rebuild small -o again                                                a run of what travelled of it

A run that was stopped or killed goes on when the same command is given again.""",
    )
    about.add(parser, f"sxl-train {__version__}")
    parser.add_argument("recipe", nargs="?", metavar="NAME|FILE", help="a recipe's name (see --list) or file")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="any key, such as tune.lr=2e-4")
    parser.add_argument("--dry-run", action="store_true", help="check all, show tokens and sizes, train nothing")
    parser.add_argument("--print", action="store_true", dest="show", help="print the resolved recipe")
    parser.add_argument("--list", action="store_true", help="list the recipes")
    return parser.parse_intermixed_args(words)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] and words[0] in VERBS:
        verb: Callable[[Sequence[str]], int] = importlib.import_module(f"sxl_train.{VERBS[words[0]]}").main
        return verb(words[1:])
    return answer(lambda: _answer(parse_arguments(words)), CONTINUES)


def _answer(options: argparse.Namespace) -> int:
    about.require_python()
    if options.recipe and (near := nearest(options.recipe, VERBS)) and is_unknown(options.recipe):
        raise error("U401", found=options.recipe, expected=f"{near}?", fix="see sxl-train --help")
    if options.list:
        rows = [(name, _first_comment(path)) for name, path in find_recipes().items()]
        tell(format_table(("recipe", "what it does"), rows))
        return 0
    if not options.recipe:
        raise error("U401", found="no recipe", expected="one of " + ", ".join(find_recipes()))
    if options.show:
        tell(print_recipe(open_recipe(options.recipe, options.overrides)[1]))
        return 0
    if options.dry_run:
        from sxl_train import preflight

        tell(preflight.rehearse(*open_recipe(options.recipe, options.overrides)))
        return 0
    made = run(options.recipe, options.overrides)
    _leave_group()
    if int(os.environ.get("RANK", "0")):
        return 0
    from sxl_train import report, summary

    recipe = open_recipe(options.recipe, options.overrides)[1].value
    tell(summary.summarise(options.recipe, recipe, made))
    say(f"next: open {report.report(summary.folder_of(options.recipe, recipe))}")
    return 0


def _leave_group() -> None:
    """End the talk between processes; NCCL warns of leaks otherwise."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _first_comment(path: Path) -> str:
    line = path.read_text(encoding="utf-8").splitlines()[0]
    return line.lstrip("# ")


if __name__ == "__main__":
    raise SystemExit(main())
