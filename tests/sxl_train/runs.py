"""The folder of a training run as its steps leave it, with texts that attack a page, for tests of pages."""

from __future__ import annotations

import json
from pathlib import Path

from tests.sxl_data.view.hostile import ALL

ESTIMATE = {"value": 0.25, "n": 164, "unit": "items", "low": 0.19, "high": 0.32, "clusters": 164, "method": "wilson"}
MODEL = {"loss": 2.5, "rows": 9, "tokens": 800, "megabytes": 12.5, "example": ALL.replace("\ud800", "")}


def make_run(folder: Path) -> Path:
    """The folder of a run of two steps, as the steps leave it."""
    suite = {"measured": {"measures": {"pass@1": ESTIMATE}, "kinds": {"wrong answer": 100, ALL[:30]: 23}}}
    measured = {"models": {"base": MODEL, "tune": MODEL | {"loss": 1.5}}, "suites": {"humaneval": suite}}
    records = {
        "tune": {"measured": {"rows": 400}, "config": {"tune.lr": {"value": 2e-4, "origin": "recipe"}}},
        "evaluate": {"measured": measured, "versions": {"trl": "1.16.0"}},
    }
    for step, record in records.items():
        (folder / step).mkdir(parents=True)
        common = {"recipe": "toy", "seconds": 10.0, "files": {"model.safetensors": 2_000_000}}
        (folder / step / "run.json").write_text(json.dumps(common | record), encoding="utf-8")
    entries = [{"step": n, "loss": 3.0 - n / 10, "tokens_per_s": 100 + n} for n in range(1, 11)]
    entries.append({"step": 10, "eval_loss": float("nan"), "loss": float("nan")})
    lines = "".join(json.dumps(entry) + "\n" for entry in entries) + '{"step": 11, "lo'
    (folder / "tune/log.jsonl").write_text(lines, encoding="utf-8")
    return folder
