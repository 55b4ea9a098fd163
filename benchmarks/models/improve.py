"""A model that improves on its own verified runs: play, keep what the verifier accepts, tune, score, again.

Each round takes new tasks of the training side, so nothing held out is seen. Accepted is a run whose goal is met and of
whose calls none failed. The control starts from the same model and is tuned with as many runs of the planner on tasks
of the same round, the same keys and therefore the same compute.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import plays

FIRST_NUMBER = 1_000_000
"""Tasks of the rounds have higher numbers than any that a dataset is made of."""
Recipe = Callable[[str, Path, Path, list[str]], str]
Score = Callable[[str, dict[str, Any]], dict[str, Any]]


def rounds(job: dict[str, Any], place: Path, run_recipe: Recipe, score: Score, found: dict[str, Any]) -> None:
    """An entry in ``found`` for each way and round: rows that were tuned on, and the scores afterwards."""
    models = dict.fromkeys(("own", "planner"), job["base"])
    found["start"] = score(job["base"], job)
    for number in range(job["rounds"]):
        tasks = make_tasks(job["tasks"], number)
        accepted, tried = play(models["own"], tasks, job)
        if not accepted:
            found[f"own {number + 1}"] = {"rows": 0, "tried": tried}
            break
        kinds = {"own": accepted, "planner": [plan(task) for task in tasks[: len(accepted)]]}
        for way, rows in kinds.items():
            file = place / f"{way}-{number}.jsonl"
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8", newline="\n")
            out = place / f"{way}-{number}"
            models[way] = run_recipe(models[way], file, out, ["steps=[tune]", *job["keys"]])
            record = json.loads((out / "tune" / "run.json").read_bytes())
            found[f"{way} {number + 1}"] = {
                "rows": len(rows),
                "tried": tried,
                "tokens": record["measured"]["tokens"],
                "dataset_sha256": record["dataset_sha256"],
                **score(models[way], job),
            }
            (place / "so-far.json").write_text(json.dumps({"rounds": found}), encoding="utf-8", newline="\n")


def make_tasks(count: int, number: int) -> list[Any]:
    """``count`` tasks of the training side, in turns from each set."""
    from sxl_data import toolsets

    start = FIRST_NUMBER + number * count
    sets = [toolsets.get(name) for name in plays.SETS]
    return [toolsets.make_task(sets[i % len(sets)], start + i, 0, "train") for i in range(count)]


def play(folder: str, tasks: list[Any], job: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Rows of the runs that are accepted, and how many were tried."""
    from sxl_data.trace.types import Iterate
    from sxl_train.evaluate.ask import Ask
    from sxl_train.generate.opening import open_model
    from sxl_train.suites import toolsets
    from sxl_train.suites.types import Options

    backend = open_model(folder)
    options = Options(data=Path(), max_tokens=160, temperature=job["temperature"], seed=job["seed"])
    talks = toolsets.work("improve", tasks, "", Ask(backend), options)
    backend.close()
    accepted = []
    for talk in talks:
        trace = talk.trace()
        failed = any(r.status != "ok" for step in trace.steps if isinstance(step, Iterate) for r in step.results)
        if talk.verdict().met and not failed:
            accepted.append(to_row(trace))
    return accepted, len(talks)


def plan(task: Any) -> dict[str, Any]:
    """The planner's run of a task."""
    from sxl_data import toolsets

    return to_row(toolsets.run(toolsets.get(task.toolset), task).trace)


def to_row(trace: Any) -> dict[str, Any]:
    """A trace as the trainer reads it."""
    from sxl_data.trace.messages import to_messages

    messages, tools = to_messages(trace)
    return {"id": trace.trace_id, "messages": messages, "tools": tools}
