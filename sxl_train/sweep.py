"""``sxl-train sweep NAME [key=value…]``: which rank and learning rate give the lowest validation loss.

Optuna's tree-structured Parzen estimator (Bergstra et al. 2011) chooses trials; each is the recipe's tune step in a
folder of its own on one shared base. The study is a journal file: run the same command again and it goes on, with
finished trials kept and a killed one's training continued from its checkpoint.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.arguments import Parser, whole
from sxl_data.contract.console import format_table, say, tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import UserError, error
from sxl_data.view.markup import Bar, Cell, document, paragraph, table
from sxl_train.run.objects import Object

if TYPE_CHECKING:
    from optuna import Study, Trial

RANKS = (4, 8, 16, 32)
RATES = (3e-5, 3e-3)


def sweep(name: str, overrides: Sequence[str], trials: int) -> list[Object]:
    """Run until ``trials`` trials are finished; all of them, best first. Raises `UserError` U402 without optuna."""
    try:
        import optuna
    except ModuleNotFoundError:
        raise error("U402", found="optuna is not installed", expected="pip install optuna") from None
    from sxl_train.run.quiet import hush

    hush()
    from sxl_train import preflight
    from sxl_train.data import base
    from sxl_train.data import dataset as data
    from sxl_train.run.recipes import open_recipe
    from sxl_train.run.step import Context, perform
    from sxl_train.tune import step as tune

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    title, loaded = open_recipe(name, overrides)
    recipe = loaded.value
    dataset = data.find_dataset(recipe.dataset)
    if not dataset.carved and not dataset.files.get("validation"):
        raise error("T102", file=recipe.dataset, found="no validation split", expected="one to judge trials by")
    preflight.check(recipe, dataset)
    out = Path(recipe.out or f"build/train/{title}") / "sweep"
    out.mkdir(parents=True, exist_ok=True)
    context = Context(recipe, dict(loaded.origins), "base", recipe.base_model, out / "base.part", out, title)
    ground = perform(context, base.run, "", dataset.sha256)

    def train(trial: Trial) -> float:
        rank = trial.suggest_categorical("rank", RANKS) if recipe.method != "full" else 0
        rate = trial.suggest_float("lr", *RATES, log=True)
        keys = [f"tune.lr={rate}", f"tune.lr_floor={rate * recipe.tune.lr_floor / recipe.tune.lr}"]
        keys += [f"tune.rank={rank}", f"tune.alpha={2 * rank}"] if rank else []
        chosen = open_recipe(name, [*overrides, *keys])[1]
        own = out / f"rank{rank}-lr{rate:.2e}"
        place = Context(chosen.value, dict(chosen.origins), "tune", ground.model, own / "tune.part", own, title)
        try:
            made = perform(place, tune.run, ground.key, dataset.sha256)
        except UserError as problem:
            if any(item.code != "T112" for item in problem.findings):
                raise
            say(f"sweep      rank {rank}, rate {rate:.2e} diverged; the next one")
            raise optuna.TrialPruned from problem
        return float(made.measured["validation_loss_after"])

    study = open_study(out / "study.journal", title, recipe.seed)
    complete = (optuna.trial.TrialState.COMPLETE,)
    if (missing := trials - len(study.get_trials(states=complete))) > 0:
        study.optimize(train, n_trials=missing)
    rows = [
        {"rank": trial.params.get("rank", 0), "lr": trial.params["lr"], "loss": trial.value}
        for trial in study.get_trials(states=complete)
    ]
    if not rows:
        raise error("T112", file=str(out), found="every trial's loss", expected="lower rates, or a sounder dataset")
    rows.sort(key=lambda row: row["loss"])
    (out / "sweep.html").write_text(draw(rows), encoding="utf-8", newline="\n")
    say(f"sweep      {len(rows)} trials, plot in {out / 'sweep.html'}")
    return rows


def open_study(journal: Path, title: str, seed: int) -> Study:
    """The study in the file ``journal``, or a new one; trials of it that were killed are the next to run."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(journal))),
        study_name=title,
        load_if_exists=True,
        direction="minimize",
    )
    # A sampler that began again with the same seed would propose the same first trials.
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials), n_startup_trials=4)
    for trial in study.get_trials(deepcopy=False):
        if trial.state == optuna.trial.TrialState.RUNNING:  # killed: the same values once more, from its checkpoint
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            study.enqueue_trial(trial.params)
    return study


def draw(rows: Sequence[Object]) -> str:
    """Validation loss by rank and learning rate, a bar from the best to the worst loss each, as a page."""
    low, high = (pick(row["loss"] for row in rows) for pick in (min, max))
    cells: list[list[Cell]] = []
    for row in sorted(rows, key=lambda row: (row["rank"], row["lr"])):
        above = (row["loss"] - low) / ((high - low) or 1.0)
        best = "the best" if row["loss"] == low else ""
        cells.append([_name(row["rank"]), f"{row['lr']:.2e}", f"{row['loss']:.4f}", Bar([(above, "lost")]), best])
    said = paragraph(f"The bar is the loss above {low:.4f}, the least; a whole one is {high:.4f}.")
    shown = table("Trials by rank and rate", ["rank", "learning rate", "validation loss", "loss", " "], cells)
    return document("Search for rank and learning rate", [said, shown])


def _name(rank: int) -> str:
    return f"rank {rank}" if rank else "all weights"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return answer(lambda: _answer(arguments), "interrupted; the same command continues")


def _answer(arguments: Sequence[str] | None) -> int:
    parser = Parser(
        prog="sxl-train sweep",
        description="Find the rank and the learning rate with the lowest validation loss.",
        epilog="example:\n  sxl-train sweep lora dataset=out --trials 12",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recipe", metavar="NAME|FILE", help="a recipe's name or file")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="any key of the recipe")
    parser.add_argument("--trials", type=whole(), default=8, help="finished trials to reach (default: 8)")
    options = parser.parse_intermixed_args(arguments)
    rows = sweep(options.recipe, options.overrides, options.trials)
    tell(
        format_table(
            ("rank", "learning rate", "validation loss"),
            [(row["rank"] or "–", f"{row['lr']:.2e}", f"{row['loss']:.4f}") for row in rows],
        )
    )
    keys = f"tune.lr={rows[0]['lr']:.2e}"
    if rows[0]["rank"]:
        keys += f" tune.rank={rows[0]['rank']} tune.alpha={2 * rows[0]['rank']}"
    tell(f"\nthe best as keys of the recipe:  {keys}")
    return 0
