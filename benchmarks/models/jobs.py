"""One job of the study, in a process of its own: tune a variant, make a package or improve in rounds, and score it.

A job is a JSON file; what came of it goes beside it as ``result.json``, also where it ended with an error.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import improve
import plays
import rows

RECIPE = "sxl-135m"


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
    found.update(score(folder, job))
    found["suites"] = suites(folder, job, place)


def package(job: dict[str, Any], place: Path, found: Found) -> None:
    """A parent under a size limit: how it is stored, its real size, its scores."""
    keys = [f"size_limit={job['limit']}", "steps=[plan,prune,distil,quantise]", *job["keys"]]
    folder = run_recipe(job["base"], Path(job["dataset"]), place / "run", keys)
    from sxl_train.run import size

    files = sorted((place / "run").glob("*/run.json"))
    found["made"] = {file.parent.name: json.loads(file.read_bytes())["measured"] for file in files}
    found["megabytes"] = round(size.measure(Path(folder)).megabytes, 2)
    found.update(score(folder, job))
    found["suites"] = suites(folder, job, place)


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


def score(folder: str, job: dict[str, Any]) -> dict[str, Any]:
    """The plays that the job wants, each with its scores."""
    from sxl_train.generate.opening import open_model

    backend = open_model(folder)
    found = {}
    for name, (seed, sides, per_side) in job["plays"].items():
        scores, more = plays.play(backend, per_side, seed, sides)
        found[name] = {"scores": scores, "summary": plays.summarise(scores), **more}
    backend.close()
    release()
    return {"model": folder, "plays": found}


def rounds(job: dict[str, Any], place: Path, found: Found) -> None:
    """The model's own verified runs against as many of the planner's, round by round."""
    found["rounds"] = {}
    improve.rounds(job, place, run_recipe, score, found["rounds"])


def suites(model: str, job: dict[str, Any], place: Path) -> dict[str, Any]:
    """Benchmarks in a process of their own: their measures, and the scores of each item for pairs."""
    import pyarrow.parquet as pq

    if not job.get("suites"):
        return {}
    out = place / "suites"
    command = [sys.executable, "-m", "sxl_train.evaluate", model, "--constrained", "--max-tokens", "256", "--json"]
    command += ["--data", job["data"], "--limit", str(job["items"]), "-o", str(out), "--suite", *job["suites"]]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    report = json.loads((out / "eval.json").read_bytes())["suites"]
    items: dict[str, dict[str, Any]] = {}
    for row in pq.read_table(out / "samples.parquet", columns=["suite", "item", "scores"]).to_pylist():
        items.setdefault(row["suite"], {})[row["item"]] = json.loads(row["scores"])
    return {
        name: {"measures": one["measured"]["measures"], "seconds": one["seconds"], "items": items.get(name, {})}
        for name, one in report.items()
    }


def play(job: dict[str, Any], place: Path, found: Found) -> None:
    """Scores of a model as it is."""
    found.update(score(job["base"], job))
    found["suites"] = suites(job["base"], job, place)


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
