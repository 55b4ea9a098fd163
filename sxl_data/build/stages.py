"""The stages of a build as tasks: what each asks of its shards, and what it hands to the next one.

In: a run and the shards that the stage before left. Out: the shards that stay. Rows never pass through this process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from sxl_data.build.extending import PUBLISHED_BEFORE
from sxl_data.build.guards import refuse_too_many
from sxl_data.build.run import COMPARING, Run
from sxl_data.contract.errors import error
from sxl_data.contract.sizes import parse_size
from sxl_data.dedup.parts.plan import Compared, Comparison
from sxl_data.engine.task import FileInfo, Receipt, Task
from sxl_data.ground.stage import GroundConfig
from sxl_data.split.assign import SPLITS


def run_local(run: Run, stage: str, shards: list[FileInfo], config: Any, **more: Any) -> list[FileInfo]:
    """The shards that a stage leaves which looks at one of them at a time; ``more`` are parameters of its tasks."""
    params = {"config": msgspec.to_builtins(config), "seed": run.recipe.seed} | more
    if stage in ("clean", "ground"):
        params["redaction"] = run.redaction()
    taken = [{"taken": (info,)} for info in run.taken] if stage == "clean" else [{}] * len(shards)
    tasks = [
        Task(
            stage=stage,
            part=i,
            function=f"sxl_data.build.tasks:{stage}",
            inputs={"traces": (shard,), **taken[i]},
            params=params,
            timed=stage != "ground",
        )  # which runs programs, each with a limit of its own
        for i, shard in enumerate(shards)
    ]
    receipts = run.run(stage, tasks, [shard.rows for shard in shards], "rows")
    kept = [r.files["kept"] for r in receipts]
    run.count(stage, sum(s.rows for s in shards), sum(s.rows for s in kept), receipts)
    return kept


def clean_params(run: Run) -> dict[str, Any]:
    """What the tasks of `clean` are told beside its configuration."""
    recipe = run.recipe
    return {
        "media": recipe.media,
        "licences": msgspec.to_builtins(recipe.licences),
        "worth": msgspec.to_builtins(recipe.worth),
    }


def drop_duplicates(run: Run, shards: list[FileInfo]) -> tuple[list[Receipt], Compared, list[FileInfo]]:
    """What `view` saw of each shard, what comparing all rows found, and the shards without duplicates."""
    refuse_too_many(sum(shard.rows for shard in shards))
    config = run.recipe.dedup
    if run.old:  # its rows win over all others
        config = msgspec.structs.replace(config, prefer=(PUBLISHED_BEFORE, *config.prefer))
    # Another threshold asks the same signatures, so it does not make them anew.
    asked = ("view", "backend", "shingling", "permutations", "seed")
    seen_by = {name: msgspec.to_builtins(getattr(config, name)) for name in asked}
    views = [
        Task(
            stage="view",
            part=i,
            function="sxl_data.build.tasks:view",
            inputs={"traces": (s,)} | run.old,
            params={"config": seen_by},
        )
        for i, s in enumerate(shards)
    ]
    sizes = [shard.rows for shard in shards]
    seen = run.run("view", views, sizes, "rows")
    compared = Comparison(run.run, seen, sizes, config, task_bytes(run)).compare(run.recipe.split.threshold)
    tasks = [
        Task(
            stage="dedup",
            part=i,
            function="sxl_data.build.tasks:apply",
            params={},
            inputs={"traces": (s,), "drops": (drops,)},
        )
        for i, (s, drops) in enumerate(zip(shards, compared.drops))
    ]
    receipts = run.run("dedup", tasks, sizes, "rows")
    kept = [r.files["kept"] for r in receipts]
    for inner in COMPARING:
        run.seconds["dedup"] += run.seconds.pop(inner, 0)
    run.count("dedup", sum(s.rows for s in shards), sum(s.rows for s in kept), receipts)
    return seen, compared, kept


def task_bytes(run: Run) -> int:
    """What a task of the comparison plans to hold."""
    engine = run.recipe.engine
    planned = engine.task_bytes or parse_size(run.recipe.dedup.memory)
    return max(1, planned if run.room is None else min(planned, run.room // 2))


def write_shards(run: Run, shards: list[FileInfo], split: Receipt) -> list[tuple[str, int, int, Receipt]]:
    """Receipts of the published shards as (split, number, shards of that split, receipt)."""
    plan = msgspec.json.decode(run.store.verified(split.files["plan"]).read_bytes())
    places: list[tuple[str, int, int]] = []
    tasks: list[Task] = []
    for side, (name, spans) in enumerate(zip(SPLITS, plan)):
        for number, members in enumerate(spans):
            places.append((name, number, len(spans)))
            tasks.append(
                Task(
                    stage="write",
                    part=len(tasks),
                    function="sxl_data.build.tasks:write",
                    params={"side": side, "shard": number, "arrow": run.recipe.write.arrow},
                    inputs={
                        "traces": tuple(shards[i] for i in members),
                        "sides": tuple(split.files[f"sides-{i:05d}"] for i in members),
                    },
                )
            )
    receipts = run.run("write", tasks, unit="shards")
    rows = sum(r.counters["rows"] for r in receipts)
    run.count("write", rows, rows, receipts)
    return [(*place, receipt) for place, receipt in zip(places, receipts)]


def ground_config(run: Run) -> GroundConfig:
    """The ground configuration with its path made absolute: tasks know no recipe folder."""
    config = run.recipe.ground
    if config.api_bank is None:
        return config
    path = (run.base / Path(config.api_bank).expanduser()).resolve()
    if not path.exists():
        raise error(
            "U201",
            file=config.api_bank,
            found="nothing at this path",
            expected="API-Bank's archive or folder",
            why="`ground.api_bank` names it",
        )
    return msgspec.structs.replace(config, api_bank=str(path))
