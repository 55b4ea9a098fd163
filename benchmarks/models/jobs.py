"""One job of the study, in a process of its own: tune a variant, make a package or improve in rounds, and score it.

A job is a JSON file; what came of it goes beside it as ``result.json``, also where it ended with an error.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import improve
import plays
import rows

RECIPE = "sxl-135m"
ROWS = 320
"""Answers in the making at once: several jobs share a GPU's memory."""


Found = dict[str, Any]
"""What a job has found so far; what is in it is kept where the job ends with an error."""


def tune(job: dict[str, Any], place: Path, found: Found) -> None:
    """A variant: its rows, the recipe with its keys, its scores."""
    choice = rows.Choice(**job["choice"])
    calls, mix = (Path(job[name]) if job.get(name) else None for name in ("calls", "mix"))
    found["rows"] = rows.choose(Path(job["tools"]), calls, mix, choice, place / "data.jsonl")
    folder = run_recipe(job["base"], place / "data.jsonl", place / "run", ["steps=[tune]", *job["keys"]])
    record = json.loads((place / "run" / "tune" / "run.json").read_bytes())
    kept = ("dataset_sha256", "seed", "measured", "versions", "hardware", "seconds")
    found["run"] = {key: record[key] for key in kept}
    found.update(score(folder, job, place))


def package(job: dict[str, Any], place: Path, found: Found) -> None:
    """A parent under a size limit: how it is stored, its real size, its scores."""
    keys = [f"size_limit={job['limit']}", "steps=[plan,prune,distil,quantise]", *job["keys"]]
    folder = run_recipe(job["base"], Path(job["dataset"]), place / "run", keys)
    from sxl_train.run import size

    files = sorted((place / "run").glob("*/run.json"))
    found["made"] = {file.parent.name: json.loads(file.read_bytes())["measured"] for file in files}
    found["megabytes"] = round(size.measure(Path(folder)).megabytes, 2)
    found.update(score(folder, job, place))


def run_recipe(base: str, dataset: Path, out: Path, keys: list[str]) -> str:
    """The model folder that the recipe ends with; the GPU is as free as before."""
    from sxl_train.recipe import run

    made = run(RECIPE, [f"base_model={base}", f"dataset={dataset}", f"out={out}", *keys])
    model = list(made.values())[-1].model
    release()
    return model


def release() -> None:
    """Give back what is held of the GPU."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def score(folder: str, job: dict[str, Any], place: Path | None = None) -> dict[str, Any]:
    """The plays that the job wants, and with ``place`` its benchmarks, each with its scores; all are asked together.

    What has ended lies in ``place`` at once, for a job that the deadline cuts off.
    """
    from sxl_train.evaluate import together
    from sxl_train.generate.opening import open_model

    done: dict[str, Any] = {"model": folder, "plays": {}}
    kept = threading.Lock()

    def run(backend: Any, work: Callable[[Any], dict[str, Any]], part: str) -> None:
        found = work(backend)
        with kept:
            done.setdefault(part, {}).update(found)
            if place is not None:
                (place / "so-far.json").write_text(json.dumps(done), encoding="utf-8", newline="\n")

    plans = [
        partial(run, work=partial(play_one, name=name, plan=plan), part="plays") for name, plan in job["plays"].items()
    ]
    for name, group in job["suites"].items() if place is not None else ():
        work = partial(suites, data=Path(job["data"]), group=group, out=place / "suites" / name)
        plans.append(partial(run, work=work, part="suites"))
    backend = open_model(folder, rows=ROWS)
    together.run(backend, plans)
    backend.close()
    release()
    return done


def play_one(backend: Any, name: str, plan: tuple[int, Sequence[str], int]) -> dict[str, Any]:
    """One play with its scores, by its name."""
    seed, sides, per_side = plan
    scores, more = plays.play(backend, per_side, seed, sides)
    return {name: {"scores": scores, "summary": plays.summarise(scores), **more}}


def suites(backend: Any, data: Path, group: dict[str, Any], out: Path) -> dict[str, Any]:
    """Benchmarks: their measures, and the scores of each item for pairs."""
    from sxl_train.evaluate.benchmark import evaluate
    from sxl_train.suites.types import Options

    options = Options(data=data, limit=group["items"], max_tokens=group["max_tokens"], constrained=True)
    report = evaluate(backend, group["names"], options, out)
    items: dict[str, dict[str, Any]] = {}
    for row in pq.read_table(out / "samples.parquet", columns=["suite", "item", "scores"]).to_pylist():
        items.setdefault(row["suite"], {})[row["item"]] = json.loads(row["scores"])
    return {
        name: {
            "measures": msgspec.to_builtins(one.measured)["measures"],
            "seconds": one.seconds,
            "items": items.get(name, {}),
        }
        for name, one in report.suites.items()
    }


def rounds(job: dict[str, Any], place: Path, found: Found) -> None:
    """The model's own verified runs against as many of the planner's, round by round."""
    found["rounds"] = {}
    improve.rounds(job, place, run_recipe, score, found["rounds"])


def play(job: dict[str, Any], place: Path, found: Found) -> None:
    """Scores of a model as it is."""
    found.update(score(job["base"], job, place))


KINDS = {"tune": tune, "package": package, "rounds": rounds, "score": play}


def main() -> int:
    path = Path(sys.argv[1])
    job, began = json.loads(path.read_bytes()), time.monotonic()
    found: Found = {"job": job}
    try:
        KINDS[job["kind"]](job, path.parent, found)
    except BaseException as problem:  # said in the result: the other jobs go on
        found |= {"error": f"{type(problem).__name__}: {problem}"[:2000], "trace": traceback.format_exc()[-3000:]}
    found["job_s"] = round(time.monotonic() - began, 1)
    (path.parent / "result.json").write_text(json.dumps(found), encoding="utf-8", newline="\n")
    return int("error" in found)


if __name__ == "__main__":
    raise SystemExit(main())
