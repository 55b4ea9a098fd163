"""A training run as one page: what it made, how it went, what the models say before and after.

In: the folder of a run, as the steps left it. Out: `report.html` in it. Only what steps measured is shown; a step that
did not run is not there. What models wrote is foreign text. Loads no torch.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from sxl_data.contract.arguments import Parser
from sxl_data.contract.console import format_bytes, format_seconds, tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import error
from sxl_data.contract.printable import as_json
from sxl_data.engine.commit import commit_bytes
from sxl_data.view.markup import Bar, Cell, Raw, bars, document, folded, line, paragraph, section, table, text
from sxl_data.view.plot import plot
from sxl_train.config import ORDER
from sxl_train.run.objects import Object
from sxl_train.run.step import read_record

NAME = "report.html"
Records = Mapping[str, Object]
CURVES = (
    ("loss", "Training loss"),
    ("eval_loss", "Validation loss"),
    ("learning_rate", "Learning rate"),
    ("tokens_per_s", "Tokens a second"),
    ("grad_norm", "Norm of the gradient"),
    ("memory_gb", "Memory in GB"),
)


def report(run: str | Path, out: str | Path | None = None) -> Path:
    """Write the page of the run in the folder ``run`` to ``out`` (default: `report.html` in it); returns the path.

    Raises `UserError` U201 where no step has finished there.
    """
    folder = Path(run)
    records = {step: found for step in ("base", *ORDER) if (found := read_record(folder / step)) is not None}
    if not records:
        raise error("U201", file=str(folder), found="no finished step", expected="the out folder of a run")
    parts = [
        (_steps(records), ("steps", "Steps")),
        (_curves(folder / "tune" / "log.jsonl"), ("curves", "Curves")),
        (_models(records), ("models", "Models")),
        (_suites(records), ("suites", "Benchmarks")),
        (_samples(records), ("samples", "Samples")),
        (_making(records), ("making", "How it was made")),
    ]
    shown = [(part, key) for part, key in parts if part]
    recipe = str(next(iter(records.values())).get("recipe", folder.name))
    page = document(f"{recipe}: report of a training run", [p for p, _ in shown], [key for _, key in shown])
    path = Path(out) if out is not None else folder / NAME
    commit_bytes(path, page.encode("utf-8"))
    return path


def _steps(records: Records) -> Raw:
    """The steps that ran: time, bytes, and the numbers that each measured."""
    longest = max(float(record.get("seconds", 0)) for record in records.values()) or 1
    rows: list[list[Cell]] = []
    for step, record in records.items():
        taken, size = float(record.get("seconds", 0)), sum(record.get("files", {}).values())
        rows.append([step, format_seconds(taken), format_bytes(size), Bar([(taken / longest, "kept")])])
    numbers: list[list[Cell]] = [
        [step, name, _number(value)]
        for step, record in records.items()
        for name, value in record.get("measured", {}).items()
        if isinstance(value, int | float | str) and name != "example"
    ]
    return section(
        "steps",
        "Steps and sizes",
        table("Steps in their order; the bar is their time", ["step", "time", "files", " "], rows),
        folded("All numbers that steps measured", table("Numbers by step", ["step", "what", "value"], numbers)),
    )


def _curves(log: Path) -> Raw:
    if not log.is_file():
        return Raw("")
    # Python's own reader: the log may say NaN. A last line without an end was cut off by a kill.
    entries = [json.loads(row) for row in log.read_bytes().splitlines(keepends=True) if row.endswith(b"\n")]
    drawn = [plot(title, name, [(e["step"], e[name]) for e in entries if name in e]) for name, title in CURVES]
    return (
        section("curves", "How training went", f'<div class="sides">{"".join(drawn)}</div>') if any(drawn) else Raw("")
    )


def _models(records: Records) -> Raw:
    """Each model of the chain on the same held-out rows."""
    models = _models_of(records)
    if not models:
        return Raw("")
    worst = max(float(m.get("loss") or 0) for m in models.values()) or 1
    rows: list[list[Cell]] = []
    for name, model in models.items():
        calls = model.get("generated", {})
        rows.append(
            [
                name,
                f"{model['megabytes']:.1f}" if model.get("megabytes") else "–",
                f"{float(model.get('loss') or 0):.4f}",
                f"{calls.get('valid', 0)} of {calls.get('wanted', 0)}",
                f"{calls.get('exact', 0)} of {calls.get('turns', 0)}",
                f"{model.get('tokens_per_s') or 0:.0f}",
                Bar([(float(model.get("loss") or 0) / worst, "kept")]),
            ]
        )
    first = next(iter(models.values()))
    said = f"On {first.get('rows', '?')} held-out rows of {first.get('tokens', '?')} tokens; the bar is the loss."
    names = ["model", "MB", "loss", "valid calls", "exact turns", "tokens/s", " "]
    return section("models", "Models, before and after", paragraph(said), table("Models in order", names, rows))


def _suites(records: Records) -> Raw:
    """Benchmarks with their intervals, and failures by kind."""
    suites = records.get("evaluate", {}).get("measured", {}).get("suites") or {}
    rows: list[list[Cell]] = []
    failures: list[str] = []
    for name, suite in suites.items():
        measured = suite.get("measured", {})
        for measure, found in measured.get("measures", {}).items():
            low, value, high = (float(found.get(key) or 0) for key in ("low", "value", "high"))
            spread = Bar([(low, "kept"), (high - low, "soft")], f"{low:.1%} to {high:.1%}")
            counted = f"{found.get('n')} {found.get('unit')}"
            rows.append([name, measure, f"{value:.1%}", f"{low:.1%} – {high:.1%}", counted, spread])
        if kinds := measured.get("kinds"):
            failures.append(
                table(f"{name}: failures by kind", ["kind", "count", " "], bars(list(kinds.items()), "lost"))
            )
    if not rows:
        return Raw("")
    names = ["suite", "measure", "share", "95 %", "n", " "]
    said = "Grey is the interval of 95 %. Every failure is in evaluate/suites/failures.html."
    return section("suites", "Benchmarks", paragraph(said), table("Shares with intervals", names, rows), *failures)


def _samples(records: Records) -> Raw:
    """What each model wrote for the same request."""
    models = {name: model["example"] for name, model in _models_of(records).items() if model.get("example")}
    if not models:
        return Raw("")
    sides = "".join(
        f'<div><h3>{line(name)}</h3><pre class="screen">{text(said)}</pre></div>' for name, said in models.items()
    )
    said = "The same request to each model, in the order of the run."
    return section("samples", "Samples, before and after", paragraph(said), f'<div class="sides">{sides}</div>')


def _making(records: Records) -> Raw:
    last = list(records.values())[-1]
    facts: list[list[Cell]] = [["dataset manifest sha256", str(last.get("dataset_sha256", "–"))]]
    facts += [["seed", str(last.get("seed", "–"))], ["finished", str(last.get("finished", "–"))]]
    facts += [
        [str(name), str(value)] for part in ("hardware", "versions") for name, value in last.get(part, {}).items()
    ]
    keys: list[list[Cell]] = [
        [name, as_json(entry.get("value"), 0), str(entry.get("origin", ""))]
        for name, entry in last.get("config", {}).items()
        if isinstance(entry, dict)
    ]
    return section(
        "making",
        "How it was made",
        table("The run", ["what", "value"], facts),
        folded("Every key of the recipe", table("Keys, values and who set them", ["key", "value", "from"], keys)),
    )


def _models_of(records: Records) -> dict[str, Object]:
    return records.get("evaluate", {}).get("measured", {}).get("models") or {}


def _number(value: float | str) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def main(words: Sequence[str]) -> int:
    """The command line ``sxl-train report``; returns the exit code."""
    return answer(lambda: _answer(words))


def _answer(words: Sequence[str]) -> int:
    parser = Parser(
        prog="sxl-train report",
        description="Write the page of a training run.",
        epilog="example: sxl-train report model",
    )
    parser.add_argument("run", help="out folder of a run")
    parser.add_argument("-o", "--out", metavar="FILE", help="page to write (default: report.html in the folder)")
    options: argparse.Namespace = parser.parse_args(list(words))
    tell(str(report(options.run, options.out)))
    return 0
