"""``sxl-train sweep NAME [key=value…]``: which rank and learning rate give the lowest validation loss.

Optuna's tree-structured Parzen estimator (Bergstra et al. 2011) chooses trials; each is the recipe's tune step in a
folder of its own on one shared base. The study is a journal file: run the same command again and it goes on, with
finished trials kept and a killed one's training continued from its checkpoint.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.arguments import Parser, whole
from sxl_data.contract.console import format_table, say, tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import UserError, error
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
    (out / "sweep.svg").write_text(draw(rows), encoding="utf-8", newline="\n")
    say(f"sweep      {len(rows)} trials, plot in {out / 'sweep.svg'}")
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


def draw(rows: Sequence[Object], width: int = 720, height: int = 400) -> str:
    """Validation loss over learning rate (logarithmic), one colour for each rank, the best trial ringed, as SVG."""
    left, right, top, bottom = 70, width - 110, 40, height - 60
    ranks = sorted({row["rank"] for row in rows})
    colours = dict(zip(ranks, ("#1b6ca8", "#c8553d", "#4f772d", "#7b2d8b"), strict=False))
    best = min(rows, key=lambda row: row["loss"])
    low, high = best["loss"], max(row["loss"] for row in rows)
    span = (high - low) or 1.0

    def across(rate: float) -> float:
        return left + (right - left) * math.log(rate / RATES[0]) / math.log(RATES[1] / RATES[0])

    def up(loss: float) -> float:
        return bottom - (bottom - top) * (loss - low) / span

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="13">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="22" font-weight="bold">validation loss</text>',
        f'<text x="{(left + right) / 2}" y="{height - 12}" text-anchor="middle">learning rate</text>',
    ]
    for step in range(5):
        loss = low + span * step / 4
        parts.append(f'<line x1="{left}" x2="{right}" y1="{up(loss):.1f}" y2="{up(loss):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{up(loss) + 4:.1f}" text-anchor="end">{loss:.4f}</text>')
    for rate in (3e-5, 1e-4, 3e-4, 1e-3, 3e-3):
        parts.append(f'<text x="{across(rate):.1f}" y="{bottom + 24}" text-anchor="middle">{rate:g}</text>')
    parts.append(f'<circle cx="{across(best["lr"]):.1f}" cy="{up(low):.1f}" r="9" fill="none" stroke="#222"/>')
    for row in rows:
        words = f"{_name(row['rank'])}, {row['lr']:.2e}: {row['loss']:.4f}"
        parts.append(
            f'<circle cx="{across(row["lr"]):.1f}" cy="{up(row["loss"]):.1f}" r="5" '
            f'fill="{colours[row["rank"]]}"><title>{words}</title></circle>'
        )
    for index, (rank, colour) in enumerate(colours.items()):
        parts.append(f'<text x="{right + 16}" y="{top + 18 * index}" fill="{colour}">● {_name(rank)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


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
