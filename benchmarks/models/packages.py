"""What a tuned model keeps of its calls and its loss in smaller files, each file as llama.cpp runs it.

    python benchmarks/models/packages.py PARENT.gguf FILE… --tokenizer FOLDER [--per-set 50] [--losses 16] --json FILE

Held-out tasks of the three tool sets (new values) are asked of every file, their first turn alone: which calls are
those of the plan, and which of the parent's right ones are kept, in pairs on the same tasks. Loss is per trained token
of the planner's runs of other held-out tasks, for files with the parent's vocabulary. What is in the JSON already is
not measured again, so files can be added, and several processes can share the work (each with a JSON of its own).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness
import improve
import plays

LOSS_TASKS = 5000
"""Number of the first task whose run the loss is measured on; those that are asked have smaller ones."""


def measure(file: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Size, first turns, loss and processor seconds of one file."""
    from sxl_train.generate.opening import open_model

    began, cpu = time.monotonic(), time.process_time()
    backend = open_model(str(file))
    scores, more = plays.play(backend, options.per_set, options.seed, ("values",), turns=1)
    backend.close()
    found = {"bytes": file.stat().st_size, "scores": scores, "summary": plays.summarise(scores), **more}
    found["cpu_s"] = round(time.process_time() - cpu, 1)
    if options.losses and not options.no_loss:
        found["loss"] = measure_loss(file, options.tokenizer, options.losses)
    return found | {"seconds": round(time.monotonic() - began, 1)}


def measure_loss(file: Path, folder: Path, rows: int) -> float:
    """Nats per trained token of ``rows`` runs of the planner."""
    from sxl_data import toolsets
    from sxl_train.data import mask
    from sxl_train.data.conversations import to_row
    from sxl_train.release import gguf_check
    from sxl_train.run.tokenizer import open_tokenizer

    tokenizer = open_tokenizer(folder)
    template = mask.make_template(tokenizer.chat_template, tokenizer)
    ids, trained = [], []
    for number in range(rows):
        toolset = toolsets.get(plays.SETS[number % len(plays.SETS)])
        row = to_row(improve.plan(toolsets.make_task(toolset, LOSS_TASKS + number, 0, "values")))
        tokens = mask.tokenise(tokenizer, template, row.messages, row.tools)
        ids.append(tokens.ids)
        trained.append([int(phase != mask.IGNORED) for phase in tokens.phases])
    return float(gguf_check.check(file, "", 1, ids, trained, threads=1)["loss"])


def show(found: dict[str, Any], parent: str) -> str:
    """A line for each file, the parent's first."""
    from sxl_data.contract.console import format_table

    lines = []
    for name, one in sorted(found.items(), key=lambda item: -item[1]["bytes"]):
        shares = one["summary"]["values"]
        pair = plays.compare(found[parent]["scores"], one["scores"], "values", plays.FIRST)
        kept, of = pair["kept"]
        difference, low, high = (100 * end for end in pair["difference"])
        lines.append(
            (
                name,
                f"{one['bytes'] / 1e6:.1f}",
                shares.get(plays.FIRST, ""),
                f"{kept} of {of}",
                f"{difference:+.1f} ({low:+.1f} to {high:+.1f})",
                shares.get(plays.ABSTAINS, ""),
                f"{one['loss']:.4f}" if "loss" in one else "",
            )
        )
    return format_table(("file", "MB", plays.FIRST, "kept", "less the parent", plays.ABSTAINS, "loss"), lines)


def main() -> int:
    parser = harness.options(__doc__, "2 tasks a set, 1 run for the loss")
    parser.add_argument("parent", type=Path)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--tokenizer", type=Path, required=True, help="a folder with the parent's tokenizer")
    parser.add_argument("--per-set", type=int, default=50)
    parser.add_argument("--losses", type=int, default=16, help="runs that the loss is measured on; 0: none")
    parser.add_argument("--no-loss", action="store_true", help="the files have another vocabulary")
    parser.add_argument("--seed", type=int, default=plays.FINAL)
    options = parser.parse_args()
    if options.quick:
        options.per_set, options.losses = 2, 1
    found: dict[str, Any] = {}
    if options.json and options.json.is_file():
        found = json.loads(options.json.read_bytes())["metrics"]
    for file in (options.parent, *options.files):
        if file.stem not in found:
            found[file.stem] = measure(file, options)
            sys.stdout.write(f"{file.stem} {found[file.stem]['seconds']} s {found[file.stem]['summary']}\n")
            sys.stdout.flush()
            harness.finish(options.json, found, said=True, packages=harness.versions(("llama-cpp-python", "gguf")))
    sys.stdout.write(show(found, options.parent.stem) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
