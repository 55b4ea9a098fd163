"""A small model tuned on runs of one tool set, scored on the three held-out sides: how many runs does it take?

    python benchmarks/toolsets/train.py --base FOLDER [--set files] [--sizes 1000,3000,10000] [--tasks 300]
        [--work DIR] [--steps data,train,score] [--json FILE]

``data`` builds the training sides with `sxl-data build`, one dataset per size, ``train`` tunes the base on each with
the recipe smollm2-135m, ``score`` lets the base and each tuned model work on tasks with values, patterns or tools that
no training side showed. Each side: share of tasks whose first turn makes exactly the planner's calls, whose calls are
exactly the planner's to the end, and whose goal is met (`toolsets.check`), with 95 % Wilson intervals. The base gets
our template, whose markup it never saw. For a GPU; on a CPU with ``--quick``, which shows the path and no result.
"""

from __future__ import annotations

import argparse
import collections
import json
import math
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from sxl_train.suites.conversation import Conversation

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


class Outcome(msgspec.Struct, frozen=True):
    """What became of a task. ``first``: the calls of the first turn are the planner's, in name, arguments and order;
    ``exact``: all calls of all turns are; ``met``: the end state and all else that `toolsets.check` looks at."""

    task: str
    kind: str
    pattern: str
    first: bool
    exact: bool
    met: bool
    reasons: tuple[str, ...]


SIDES = ("values", "patterns", "tools")
VERDICTS = ("first", "exact", "met")
RECIPE = """name: sxl-{name}-{size}
description: Runs of the tool set {name}, to tune on.
sources:
  - {{name: {name}, format: toolset, tasks: {tasks}, licence: MIT}}
decontaminate: {{against: []}}
split: {{train: 1, validation: 0, test: 0}}
"""


def run(words: list[str], log: Path) -> None:
    """A command of its own, its output in ``log``; ends the benchmark where it fails."""
    environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    with log.open("wb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", *words], stdout=stream, stderr=stream, env=environment, check=False
        )
    if done.returncode:
        raise SystemExit(log.read_text(encoding="utf-8", errors="replace")[-4000:])


def build(work: Path, name: str, size: int) -> None:
    """The training side; the trainer holds one row in twenty back, so ``size`` are left to train on."""
    recipe = work / f"data-{size}.yaml"
    recipe.write_text(RECIPE.format(name=name, size=size, tasks=math.ceil(size * 20 / 19)), encoding="utf-8")
    run(["sxl_data", "build", str(recipe), "-o", str(work / f"data-{size}")], work / f"data-{size}.log")


def train(work: Path, base: str, size: int, epochs: float, more: list[str]) -> None:
    """The base tuned on ``size`` runs."""
    words = [f"base_model={base}", f"dataset={work / f'data-{size}'}", f"out={work / f'tuned-{size}'}", "steps=[tune]"]
    words += [f"tune.epochs={epochs}", "tune.max_length=2048", *more]
    run(["sxl_train.recipe", "smollm2-135m", *words], work / f"tuned-{size}.log")


def score(folder: str, name: str, tasks: int, batch: int, longest: int) -> dict[str, Any]:
    """Verdicts on a model, side by side, by the suite's own conversations."""
    from sxl_data import toolsets
    from sxl_data.sandbox.run import missing
    from sxl_data.toolsets import programs
    from sxl_data.toolsets.boxed import boxed
    from sxl_data.toolsets.tasks import make_task
    from sxl_train.data import mask
    from sxl_train.evaluate.ask import Ask
    from sxl_train.generate.folder import FolderBackend
    from sxl_train.suites.toolsets import work
    from sxl_train.suites.types import Options

    began = time.monotonic()
    backend = FolderBackend(folder, rows=batch)
    if backend.template is None or "tool_call" not in backend.template.text:  # the base's own cannot write calls
        backend.template = mask.make_template(mask.OWN.read_text(encoding="utf-8"), backend.tokenizer)
    chosen = [make_task(toolsets.get(name), number, 0, side) for side in SIDES for number in range(tasks)]
    loaded = time.monotonic()
    with programs.using(boxed) if missing() is None else nullcontext():
        talks = work("toolsets", chosen, "", Ask(backend), Options(data=Path(), max_tokens=longest))
        outcomes = [judge(talk) for talk in talks]
    seconds = time.monotonic() - loaded
    sides = {side: summarise(outcomes[at * tasks : (at + 1) * tasks]) for at, side in enumerate(SIDES)}
    example = [m for m in talks[0].messages if m["role"] != "system"]
    tokens = sum(talk.tokens for talk in talks)
    speed = {"tokens": tokens, "seconds": round(seconds, 1), "loading_s": round(loaded - began, 1)}
    return {"sides": sides, "example": example, **speed}


def judge(talk: Conversation) -> Outcome:
    """What became of a task."""
    from sxl_train.suites.toolsets import planned_calls

    planned, verdict = planned_calls(talk.task), talk.verdict()
    return Outcome(
        task=talk.task.id,
        kind=talk.task.kind,
        pattern=talk.task.pattern,
        first=talk.first == next(iter(planned), []),
        exact=talk.made == [call for turn in planned for call in turn],
        met=verdict.met,
        reasons=verdict.reasons,
    )


def summarise(outcomes: list[Outcome]) -> dict[str, Any]:
    """Counts, shares and intervals; goals met by kind; what speaks most often against a run."""
    from sxl_train.suites.statistics import wilson

    count = len(outcomes)
    shares: dict[str, Any] = {"n": count}
    for verdict in VERDICTS:
        hits = sum(getattr(outcome, verdict) for outcome in outcomes)
        shares[verdict] = {
            "hits": hits,
            "share": round(hits / count, 4),
            "interval": [round(end, 4) for end in wilson(hits / count, count)],
        }
    kinds: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0])
    against: collections.Counter[str] = collections.Counter()
    for outcome in outcomes:
        kinds[outcome.kind][0] += outcome.met
        kinds[outcome.kind][1] += 1
        against.update({reason.split(":")[0].split("'")[0].strip() for reason in outcome.reasons})
    missed = [msgspec.to_builtins(outcome) for outcome in outcomes if not outcome.met][:20]
    return shares | {"kinds": dict(kinds), "against": dict(against.most_common(8)), "missed": missed}


def show(results: dict[str, Any]) -> None:
    """The table."""
    print(f"{'model':<12} {'side':<9} {'n':>4}  first turn exact       all calls exact        goal met")
    for model, found in results.items():
        for side, shares in found["sides"].items():
            cells = [
                f"{100 * s['share']:5.1f} % ({100 * s['interval'][0]:4.1f}-{100 * s['interval'][1]:5.1f})"
                for s in (shares[verdict] for verdict in VERDICTS)
            ]
            print(f"{model:<12} {side:<9} {shares['n']:>4}  {'  '.join(cells)}", flush=True)


def main() -> int:
    """Build, train, score, as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, help="folder of the base model")
    parser.add_argument("--set", default="files", help="a tool set")
    parser.add_argument("--sizes", default="1000,3000,10000", help="training runs")
    parser.add_argument("--tasks", type=int, default=300, help="tasks of each held-out side")
    parser.add_argument("--epochs", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=256, help="plays answered at a time")
    parser.add_argument("--longest", type=int, default=320, help="tokens of one turn of the model")
    parser.add_argument("--work", type=Path, default=Path("build/toolsets_train"))
    parser.add_argument("--steps", default="data,train,score")
    parser.add_argument("--models", default="", help="score these: base, or sizes; all by default")
    parser.add_argument("--keys", default="", help="more keys of the training recipe, by spaces")
    parser.add_argument("--quick", action="store_true", help="40 runs, 6 tasks a side, 4 steps")
    parser.add_argument("--json", type=Path, help="write the measurements here")
    options = parser.parse_args()
    sizes, keys = [int(size) for size in options.sizes.split(",")], options.keys.split()
    if options.quick:
        sizes, options.tasks, keys = [40], 6, ["tune.max_steps=4", "tune.batch=1", "tune.max_length=1280", *keys]
    options.work.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {}
    for step in options.steps.split(","):
        for size in sizes if step != "score" else []:
            if step == "data":
                build(options.work, options.set, size)
            else:
                train(options.work, options.base, size, options.epochs, keys)
    if "score" in options.steps.split(","):
        for model in options.models.split(",") if options.models else ["base", *map(str, sizes)]:
            folder = options.base if model == "base" else str(options.work / f"tuned-{model}" / "tune")
            results[model] = score(folder, options.set, options.tasks, options.batch, options.longest)
            if options.json:
                options.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        show(results)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
