"""Every suite on one model, groups of them side by side on one GPU, and the table of what came out.

    python benchmarks/evaluate/suites.py --model FOLDER --data FOLDER -o OUT [--limit 100] [--at-once 4] [--only NAME,…]
    python benchmarks/evaluate/suites.py --table OUT

Code, MMLU and GSM8K by the model's own template; tools by ours (a copy of the folder with `sxl.jinja`), because
templates like SmolLM2's show no tools. A group is a process of its own, so that one that fails costs only itself; the
seconds are of a GPU that is shared by ``--at-once`` groups. 135 M parameters: ten at once run out of 140 GB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sxl_data.contract.console import format_table
from sxl_train.data.mask import OWN
from sxl_train.evaluate.benchmark import read_report
from sxl_train.evaluate.tables import interval, percent

TOOLS = ("--constrained", "--max-tokens", "192")
BFCL = ("simple-python", "simple-java", "simple-javascript", "multiple", "parallel", "parallel-multiple", "irrelevance")
LIVE = ("simple", "multiple", "parallel", "parallel-multiple", "irrelevance", "relevance")
GROUPS: dict[str, tuple[str, ...]] = {
    "mmlu-cloze": ("--suite", "mmlu-cloze"),
    "mmlu": ("--suite", "mmlu", "--limit", "6000"),
    "gsm8k": ("--suite", "gsm8k", "--max-tokens", "256"),
    "code": ("--suite", "humaneval", "humaneval-chat", "mbpp-sanitized", "mbpp-sanitized-chat"),
    "mbpp": ("--suite", "mbpp", "mbpp-chat"),
    "mbpp-plus": ("--suite", "mbpp-plus", "mbpp-plus-chat"),
    "humaneval-k10": ("--suite", "humaneval", "--k", "10", "--temperature", "0.2"),
    "bfcl": ("--suite", *(f"bfcl-{name}" for name in BFCL), *TOOLS),
    "bfcl-live": ("--suite", *(f"bfcl-live-{name}" for name in LIVE), *TOOLS),
    "tools": ("--suite", "seal-tools", "toolalpaca", "api-bank", *TOOLS),
    "toolsets": ("--suite", "toolsets", "--max-tokens", "192"),
}
"""Group → words for `python -m sxl_train.evaluate`."""
WITH_TOOLS = ("bfcl", "bfcl-live", "tools", "toolsets")


def run(name: str, options: argparse.Namespace) -> str:
    """One group; what it ended with and its seconds."""
    begun, out = time.monotonic(), options.out / name
    out.mkdir(parents=True, exist_ok=True)
    model = options.out / "with-tools" if name in WITH_TOOLS else options.model
    more = ["--limit", str(options.limit)] if name in WITH_TOOLS and options.limit else []
    words = [str(model), *GROUPS[name], *more, "--data", str(options.data), "-o", str(out)]
    path = os.pathsep.join([str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")])
    with (out / "log.txt").open("wb") as log:
        done = subprocess.run(
            [sys.executable, "-m", "sxl_train.evaluate", *words],
            check=False,
            stdout=log,
            stderr=log,
            env=dict(os.environ) | {"PYTHONPATH": path},
        )
    return f"{name}: exit {done.returncode}, {time.monotonic() - begun:.0f} s"


def tabulate(out: Path) -> str:
    """All suites that were measured below ``out``, in Markdown-like columns: value, interval, n, tokens, seconds."""
    rows = []
    for file in sorted(out.glob("*/eval.json")):
        report = read_report(file.parent)
        for name, suite in report.suites.items():
            k = suite.options.get("samples", 1)
            shown = f"{name}, k = {k}" if k != 1 else name
            for measure, found in suite.measured.measures.items():
                counted = f"{found.n} {found.unit}"
                rows.append((shown, measure, percent(found.value), interval(found), counted, f"{suite.seconds:.0f}"))
                shown = ""
    return format_table(("suite", "measure", "value", "95 %", "n", "s"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a transformers folder")
    parser.add_argument("--data", type=Path, help="the folder of the benchmarks' files")
    parser.add_argument("-o", "--out", type=Path, help="a folder of results for each group")
    parser.add_argument("--limit", type=int, default=100, help="items of each suite of tools; 0: all")
    parser.add_argument("--at-once", type=int, default=4, help="groups at a time")
    parser.add_argument("--only", default=",".join(GROUPS), help="of " + ", ".join(GROUPS))
    parser.add_argument("--table", type=Path, metavar="OUT", help="print the table of results that are there")
    options = parser.parse_args()
    if options.table:
        print(tabulate(options.table))
        return
    if not (options.model and options.data and options.out):
        parser.error("give --model, --data and --out, or --table")
    shutil.copytree(options.model, options.out / "with-tools", dirs_exist_ok=True)
    shutil.copyfile(OWN, options.out / "with-tools" / "chat_template.jinja")
    with ThreadPoolExecutor(options.at_once) as pool:
        for said in pool.map(partial(run, options=options), options.only.split(",")):
            print(said, flush=True)
    print(tabulate(options.out))


if __name__ == "__main__":
    main()
