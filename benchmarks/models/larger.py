"""Bases larger than what a machine at hand has weights of: everything but the weights, from dry run to package.

    python benchmarks/models/larger.py -o OUT [--models qwen3-0.6b …] [--random] [--layers N] [--full] [--dataset BUILD]

For each recipe: what ``--dry-run`` says, plans under 300 and 100 MB, then the recipe itself with a few steps of 512
tokens (plan, tune, merge, prune, distil, quantise, evaluate, release), its GGUF file beside it, the loss of that file
by llama.cpp beside transformers', forecasts beside what came. The weights are the real ones where the hub can be asked
(``HF_HUB_OFFLINE`` is respected); else, or with ``--random``, random ones of their shape with Qwen2's tokenizer, and
every line, card and figure then says so: sizes, memory, steps and layout hold, losses and calls mean nothing.
``--full`` leaves the recipe's own keys: the real run. ``--layers`` makes the model shallower, and is said too.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parents[1]))
sys.path.append(str(Path(__file__).resolve().parents[1] / "compress"))
import harness
import improve
import sizes

MODELS = {
    "qwen2.5-coder-0.5b": ("Qwen/Qwen2.5-Coder-0.5B", "Qwen2.5-Coder-0.5B", "Qwen-Qwen2.5-7B-Instruct.jinja"),
    "qwen3-0.6b": ("Qwen/Qwen3-0.6B", "Qwen3-0.6B", "Qwen-Qwen3-0.6B.jinja"),
}
"""Recipe → id on the hub, name of its shape, its chat template among those at hand."""
LIMITS = ("300MB", "100MB")
ROWS = 24
FEW = (
    *("limit=16", "tune.max_steps=2", "tune.batch=1", "tune.max_length=512", "prune.samples=2", "prune.order=planned"),
    *("prune.trial_steps=0", "distil.steps=1", "distil.batch=512", "quantise.samples=2", "evaluate.rows=2"),
    *("evaluate.generate=1", "evaluate.new_tokens=8"),
)
"""Keys of a rehearsal: every step runs, none long enough to learn anything."""


def write_rows(out: Path) -> Path:
    """Runs of a small tool set by the planner, each with the tools that it calls: short enough for few tokens."""
    from sxl_data import toolsets

    lines = []
    for number in range(ROWS):
        row = improve.plan(toolsets.make_task(toolsets.get("notes"), number, 0, "values"))
        called = {call["function"]["name"] for message in row["messages"] for call in message.get("tool_calls", [])}
        row["tools"] = [tool for tool in row["tools"] if tool["function"]["name"] in called] or row["tools"][:1]
        lines.append(json.dumps(row) + "\n")
    out.write_text("".join(lines), encoding="utf-8", newline="\n")
    return out


def find_base(model: str, options: Any, place: Path) -> tuple[str, str]:
    """Where the weights are, and what they are: ``real``, or how they are random."""
    from sxl_data.contract.errors import UserError
    from sxl_train.data.base import fetch

    hub_id, shape, template = MODELS[model]
    if not options.random:
        try:
            return str(fetch(hub_id, "main")), "real"
        except UserError as problem:
            say(f"{hub_id}: {problem.findings[0].found}")
    config = sizes.COMMON | sizes.SHAPES[shape] | {"bos_token_id": None, "eos_token_id": None}
    if options.layers:
        config |= {"num_hidden_layers": options.layers}
    folder = place / "random-base"
    shutil.rmtree(folder, ignore_errors=True)
    sizes.prepare_tokenizer(options.tokenizer, folder, int(config["vocab_size"]))
    shutil.copyfile(options.templates / template, folder / "chat_template.jinja")
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings.pop("chat_template", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8", newline="\n")
    sizes.make_model(config).save_pretrained(folder)
    fewer = f", {options.layers} layers alone" if options.layers else ""
    (folder / "README.md").write_text(f"Random weights of the shape of {hub_id}{fewer}: no model.\n", encoding="utf-8")
    return str(folder), f"random weights{fewer}"


def call(words: list[str], log: Path) -> dict[str, Any]:
    """``sxl-train recipe`` with ``words`` in a process of its own; what it took, its output in ``log``."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    path = os.pathsep.join([str(harness.ROOT), os.environ.get("PYTHONPATH", "")])
    with log.open("wb") as out:
        command = [sys.executable, "-m", "sxl_train.recipe", *words]
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, env=os.environ | {"PYTHONPATH": path})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # The largest child so far: the run is larger than its dry run.
    return {
        "rc": done.returncode,
        "seconds": round(time.monotonic() - began, 1),
        "cpu_s": round(cpu, 1),
        "peak_gb": round(after.ru_maxrss / 1e6, 2),
    }


def plans(model: str, keys: list[str]) -> dict[str, Any]:
    """What each limit asks for, or why it cannot be met."""
    from sxl_data.contract.errors import UserError
    from sxl_train.plan import step as plan
    from sxl_train.run.recipes import open_recipe

    found: dict[str, Any] = {}
    for limit in LIMITS:
        recipe = open_recipe(model, [*keys, f"size_limit={limit}"])[1].value
        shape, tokenizer = plan.read_base(recipe)
        try:
            found[limit] = plan.describe(plan.make_plan(recipe, shape, tokenizer), shape)
        except UserError as problem:
            found[limit] = f"refused: {problem.findings[0].found}"
    return found


def check_gguf(run: Path) -> dict[str, Any] | None:
    """The last bf16 model of the run as a file for llama.cpp: its loss on a few rows beside transformers'."""
    from sxl_train.data import samples
    from sxl_train.release import finished, gguf_check
    from sxl_train.run import checkpoints
    from sxl_train.run.tokenizer import open_tokenizer
    from sxl_train.storage import gguf

    steps = [name for name in ("distil", "prune", "merge") if list((run / name).glob("*.safetensors"))]
    folder = run / steps[0]
    recipe = finished.find(run)
    rows = samples.read_samples(
        str(recipe.key("dataset")), "validation", open_tokenizer(folder), 2, int(str(recipe.key("tune.max_length")))
    )
    found: dict[str, Any] = {"of": steps[0]}
    losses = samples.measure_loss(checkpoints.load(folder, "float32"), rows, 512)
    found["transformers"] = round(losses.per_token, 5)
    for kind in ("f16", "q4_0"):
        file = gguf.write(folder, run / f"check-{kind}.gguf", kind)  # type: ignore[arg-type]
        found[kind] = {"bytes": file.stat().st_size}
        if gguf_check.is_available():
            told = gguf_check.check(file, "", 1, [row.ids for row in rows], [row.trained for row in rows], threads=1)
            found[kind]["llama.cpp"] = round(float(told["loss"]), 5)
        file.unlink()
    return found


def rehearse(model: str, options: Any) -> dict[str, Any]:
    """One recipe from dry run to package."""
    place = options.out / model
    place.mkdir(parents=True, exist_ok=True)
    base, weights = find_base(model, options, place)
    data = options.dataset or str(write_rows(options.out / "rows.jsonl"))
    title = model if weights == "real" else f"{model} shape, RANDOM WEIGHTS, no model"
    keys = [f"base_model={base}", f"dataset={data}", f"out={place / 'run'}", f"release.name={title}"]
    keys += [] if options.full else FEW
    found: dict[str, Any] = {"weights": weights, "plans": plans(model, keys)}
    say(f"{model} [{weights}]")
    for limit, line in found["plans"].items():
        say(f"  {limit}: {line}")
    found["dry_run"] = call([model, *keys, "--dry-run"], place / "dry-run.txt")
    found["run"] = call([model, *keys], place / "run.txt")
    say(f"  dry run {found['dry_run']}, run {found['run']}; {place}/dry-run.txt, run.txt")
    records = {path.parent.name: json.loads(path.read_bytes()) for path in (place / "run").glob("*/run.json")}
    found["steps"] = {name: {"seconds": one["seconds"], **pick(one["measured"])} for name, one in records.items()}
    if found["run"]["rc"] == 0:
        found["off"] = round(found["steps"]["plan"]["predicted_bytes"] / found["steps"]["release"]["bytes"] - 1, 5)
        found["gguf"] = check_gguf(place / "run")
        say(f"  package {found['steps']['release']['bytes'] / 1e6:.1f} MB, forecast off by {found['off']:+.2%}")
        say(f"  loss [{weights}]: {found['gguf']}")
    return found


def pick(measured: dict[str, Any]) -> dict[str, Any]:
    """The numbers of a step, none of its lists."""
    return {key: value for key, value in measured.items() if isinstance(value, int | float | str) and key != "example"}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = harness.options(__doc__, "two layers")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--random", action="store_true", help="random weights without asking the hub")
    parser.add_argument("--layers", type=int, default=0, help="fewer layers of random weights; 0 takes all")
    parser.add_argument("--full", action="store_true", help="the recipes' own steps and lengths")
    parser.add_argument("--dataset", default="", help="a build; else runs of a small tool set are made")
    parser.add_argument("--tokenizer", type=Path, default=harness.SHARED / "data/tokenizers/qwen2")
    parser.add_argument("--templates", type=Path, default=harness.SHARED / "data/chat_templates/templates")
    options = parser.parse_args()
    if options.quick:
        options.layers = options.layers or 2
    options.out.mkdir(parents=True, exist_ok=True)
    found = {model: rehearse(model, options) for model in options.models}
    harness.finish(options.json, found)
    return int(any(one["run"]["rc"] for one in found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
