"""A mix, built anew: its funnel, its time, its leakage by kind of edge beside a random split's, and what is in it.

    python benchmarks/mix.py [RECIPE…] [--shared FOLDER] [--out FOLDER] [--built] [--look N] [--json FILE]

Recipes are names of those that ship or paths; without one they are `sheikh-sxl`, `permissive` and `held-out`. Seconds
are of the whole command in a process of its own, CPU seconds with those of its workers. Rows, tasks and ids are counted
again from the published Parquet files alone and compared with what the manifest says. ``--built`` prints the tables of
builds that lie in ``--out`` already; ``--look 100`` writes that many random rows as text beside them, to be read.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
import polars as pl

RECIPES = ("sheikh-sxl", "permissive", "held-out")
SPLITS = ("train", "validation", "test")
COLUMNS = ("trace_id", "source", "kind", "licence", "task", "split")


def build(recipe: str, out: Path, shared: Path) -> dict[str, float]:
    """Build ``recipe`` into ``out``; wall and CPU seconds and the load before it."""
    load, before, begun = os.getloadavg()[0], resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "sxl_data", "build", recipe, "-o", str(out)]
    paths = os.pathsep.join(filter(None, (str(harness.ROOT), os.environ.get("PYTHONPATH"))))
    subprocess.run(
        command, check=True, cwd=harness.ROOT, env=os.environ | {"SXL_DATA": str(shared), "PYTHONPATH": paths}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": time.monotonic() - begun, "cpu": cpu, "load": load}


def rows_of(out: Path) -> pl.DataFrame:
    """The published rows, from the files alone; the split is that of the file's name."""
    found = []
    for path in sorted((out / "data").rglob("*.parquet")):
        split = next(
            (name for name in ("train", "validation", "test") if name in path.relative_to(out).as_posix()), "?"
        )
        found.append(pl.read_parquet(path).select(*COLUMNS[:-1]).with_columns(split=pl.lit(split)))
    return pl.concat(found)


def shared_tasks(rows: pl.DataFrame) -> int:
    """Held-out rows whose task, without case and white space around words, is that of a training row."""
    tasks = rows.filter(pl.col("task").is_not_null()).with_columns(
        said=pl.col("task").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    )
    tasks = tasks.filter(pl.col("said") != "")
    trained = tasks.filter(pl.col("split") == "train").select("said").unique()
    return len(tasks.filter(pl.col("split") != "train").join(trained, on="said", how="semi"))


def tables(manifest: dict[str, Any], rows: pl.DataFrame) -> dict[str, Any]:
    """Print what the manifest and the files say; returns the figures."""
    metrics: dict[str, Any] = {"rows": len(rows)}
    print(f"\n{'stage':<15}{'in':>9}{'out':>9}  dropped by code")
    for stage in manifest["stages"]:
        codes = ", ".join(f"{code} {n:,}" for code, n in sorted(stage["dropped"].items(), key=lambda pair: -pair[1]))
        print(f"{stage['stage']:<15}{stage['rows_in']:>9,}{stage['rows_out']:>9,}  {codes}")
        metrics[f"stage/{stage['stage']}"] = {"in": stage["rows_in"], "out": stage["rows_out"]} | stage["dropped"]
    print(f"\n{'held-out rows linked to training':<34}{'links':>9}{'ours':>9}{'random':>9}")
    for leak in manifest["leaks"]:
        print(f"{leak['edge']:<34}{leak['links']:>9,}{leak['ours']:>9.2%}{leak['random']:>9.2%}")
        metrics[f"leak/{leak['edge']}"] = {key: leak[key] for key in ("links", "ours", "random")}
    metrics["shared_tasks"], metrics["repeated_ids"] = shared_tasks(rows), len(rows) - rows["trace_id"].n_unique()
    print(f"counted from the files: {metrics['shared_tasks']} shared tasks, {metrics['repeated_ids']} repeated ids")
    counted = dict(rows.group_by("split").len().iter_rows())
    stated = {name: split["rows"] for name, split in manifest["splits"].items() if split["rows"]}
    print(f"rows in the files {counted}; the manifest says {'the same' if counted == stated else stated}")
    metrics["splits"], metrics["as_stated"] = counted, counted == stated
    by = rows.group_by("source", "kind", "licence").agg(
        pl.len().alias("rows"), *((pl.col("split") == name).sum().alias(name) for name in SPLITS)
    )
    print(f"\n{'source':<18}{'kind':<13}{'licence':<24}{'rows':>8}{'share':>8}{'train':>8}{'val.':>7}{'test':>7}")
    for source, kind, licence, n, train, validation, test in by.sort(["rows", "source"], descending=True).iter_rows():
        share = n / max(1, len(rows))
        print(f"{source:<18}{kind:<13}{licence or '':<24.23}{n:>8,}{share:>8.2%}{train:>8,}{validation:>7,}{test:>7,}")
    for what in ("kind", "licence"):
        told = rows.group_by(what).len().sort("len", descending=True).iter_rows()
        metrics[what] = dict(told)
        print(f"{what}: " + ", ".join(f"{name} {n / len(rows):.1%}" for name, n in metrics[what].items()))
    metrics["mix"] = by.sort("rows", descending=True).to_dicts()
    return metrics


def look(rows: pl.DataFrame, out: Path, n: int, target: Path) -> None:
    """Write ``n`` random rows, as the page of a trace tells them, to ``target``."""
    chosen = random.Random(18).sample(sorted(rows["trace_id"].to_list()), min(n, len(rows)))
    whole = pl.concat([pl.read_parquet(path) for path in sorted((out / "data").rglob("*.parquet"))])
    told = []
    for row in whole.filter(pl.col("trace_id").is_in(chosen)).iter_rows(named=True):
        told.append(f"=== {row['trace_id']} {row['source']} {row['kind']}")
        for message in json.loads(row["messages"]) if isinstance(row["messages"], str) else row["messages"] or ():
            said = {key: value for key, value in message.items() if value not in (None, "", []) and key != "role"}
            content = said.pop("content", "")
            more = "" if not said else json.dumps(said, ensure_ascii=False, default=str)
            told.append(f"[{message['role']}] {content} {more}".rstrip())
    target.write_text("\n".join(told) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(chosen)} rows to read: {target}")


def main() -> None:
    parser = harness.options(__doc__, quick=None)
    parser.add_argument("recipes", nargs="*", default=RECIPES)
    parser.add_argument("--shared", type=Path, default=harness.SHARED)
    parser.add_argument("--out", type=Path, help="folder for the builds; a temporary one without it")
    parser.add_argument("--built", action="store_true", help="build nothing")
    parser.add_argument("--look", type=int, metavar="N", help="write N random rows of each build as text")
    args = parser.parse_args()
    if not args.built and not (args.shared / "data").is_dir():
        raise SystemExit(f"no real inputs at {args.shared / 'data'}")
    metrics: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        for recipe in args.recipes:
            out = (args.out or Path(folder)) / Path(recipe).stem
            taken = {} if args.built else build(recipe, out, args.shared)
            rows = rows_of(out)
            print(f"\n{recipe}: " + ", ".join(f"{name} {value:,.1f}" for name, value in taken.items()))
            manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
            metrics[recipe] = taken | tables(manifest, rows)
            if args.look:
                look(rows, out, args.look, out.with_suffix(".txt"))
    harness.finish(args.json, metrics)


if __name__ == "__main__":
    main()
