"""``python -m sxl_train.evaluate MODEL… --dataset FOLDER``: the same numbers for any model folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from sxl_data.contract.arguments import Parser, whole
from sxl_data.contract.console import tell
from sxl_data.contract.entry import answer
from sxl_data.contract.printable import as_json
from sxl_train.config import Evaluate


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return answer(lambda: _answer(arguments))


def _answer(arguments: Sequence[str] | None) -> int:
    parser = Parser(prog="python -m sxl_train.evaluate", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="model or adapter folders")
    parser.add_argument("--dataset", help="a dataset folder, or a JSONL file with messages")
    parser.add_argument("--split", default="validation", help="which split (default: validation)")
    parser.add_argument("--rows", type=whole(), default=64, help="rows for loss and forced calls (default: 64)")
    parser.add_argument("--generate", type=whole(0), default=8, help="turns to generate (default: 8)")
    parser.add_argument("--new-tokens", type=whole(), default=128, help="longest generation (default: 128)")
    parser.add_argument("--max-length", type=whole(), default=2048, help="longest row in tokens (default: 2048)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--task", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.task:
        return _work(msgspec.json.decode(sys.stdin.buffer.read()))
    if not options.models or not options.dataset:
        parser.error("give at least one MODEL, and --dataset")
    return _measure(options)


def _measure(options: Any) -> int:
    from sxl_train.evaluate.compare import compare
    from sxl_train.evaluate.measure import measure
    from sxl_train.run.quiet import hush

    hush()
    wanted = Evaluate(rows=options.rows, generate=options.generate, new_tokens=options.new_tokens)
    models = {m: measure(m, options.dataset, wanted, options.max_length, options.split) for m in options.models}
    tell(as_json(models, indent=0) if options.json else compare(models))
    return 0


def _work(task: dict[str, Any]) -> int:
    """What `run.measure_apart` asks for, on stdin; the answer is the last line of stdout."""
    from sxl_train.evaluate.measure import measure
    from sxl_train.run.quiet import hush

    hush()
    options = msgspec.convert(task["options"], Evaluate)
    found = [measure(folder, task["dataset"], options, task["max_length"]) for folder in task["folders"]]
    sys.stdout.write("\n" + msgspec.json.encode(found).decode() + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
