"""``python -m sxl_train.evaluate MODEL --suite NAME…``: benchmarks; ``… compare A B``: two of their folders;
``… rate OUT ROUND``: ratings of its outputs.

With ``--dataset FOLDER`` instead of suites: loss and tool calls on a dataset, of any number of model folders.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sxl_data.contract.arguments import Parser, whole
from sxl_data.contract.console import say, tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import error
from sxl_data.contract.printable import as_json
from sxl_train.config import Evaluate
from sxl_train.run.objects import Object

EXAMPLES = """examples:
  sxl-train evaluate --suites                                        each benchmark, its protocol, the file it needs
  sxl-train evaluate model/release --suite toolsets                  needs no file: tasks are made, tools really run
  sxl-train evaluate model.gguf --suite humaneval-chat mbpp --data benchmarks
  sxl-train evaluate http://127.0.0.1:8080/v1 --suite bfcl --limit 100 -o build/eval/served
  sxl-train evaluate compare build/eval/a build/eval/b               what differs beyond chance
  sxl-train evaluate rate build/eval/a round                         ratings of its outputs by persons or models
  sxl-train evaluate model/tune model/release --dataset out          loss and tool calls on a dataset instead

DATA is a folder in which the files of the benchmarks lie, at any depth and under their makers' names, such as
HumanEval.jsonl.gz; nothing is downloaded. Results go to OUT: eval.json, samples.parquet, failures.html, table.md."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    verbs = {"compare": _compare, "rate": _rate}
    return answer(lambda: verbs[words[0]](words[1:]) if words[:1] and words[0] in verbs else _answer(words))


def _answer(arguments: Sequence[str]) -> int:
    parser = Parser(
        prog="sxl-train evaluate",
        description="Ask a model what benchmarks ask; every number with its n and an interval of 95 %.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help="model or adapter folders, a GGUF file, an address")
    parser.add_argument("--suite", nargs="+", metavar="NAME", help="benchmarks; --suites lists them")
    parser.add_argument("--suites", action="store_true", help="list the benchmarks with their protocols")
    parser.add_argument("--data", default="", help="folder that holds the suites' files (default: $SXL_EVAL_DATA or .)")
    parser.add_argument("--limit", type=whole(0), default=0, help="items of each suite, spread evenly (0: all)")
    parser.add_argument("--k", type=whole(), default=1, help="samples of each item, for pass@k (default: 1)")
    parser.add_argument("--temperature", type=float, default=None, help="default: 0 for one sample, else 0.8")
    parser.add_argument("--max-tokens", type=whole(), default=512, help="longest answer (default: 512)")
    parser.add_argument("--constrained", action="store_true", help="also with calls held to the tools' grammar")
    parser.add_argument("--samples", metavar="FILE", help="grade the samples of this JSONL file instead of a model's")
    parser.add_argument("-o", "--out", help="folder of the results (default: build/eval/MODEL)")
    parser.add_argument("--resume", action="store_true", help="go on where an interrupted run was (the default)")
    parser.add_argument("--fresh", action="store_true", help="forget the answers that OUT holds")
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
    if options.suites:
        return _list()
    if options.suite:
        if len(options.models) != (0 if options.samples else 1):
            parser.error("give one MODEL with --suite, or none and --samples FILE")
        return _benchmark(options)
    if not options.models or not options.dataset:
        parser.error("give a MODEL and --suite NAME, or at least one MODEL and --dataset")
    return _measure(options)


def _list() -> int:
    from sxl_train.suites.registry import NAMES, get

    for name in NAMES:
        suite = get(name)
        needs = f"; needs {' or '.join(suite.files)}" if suite.files else ""
        tell(f"{name:<22} {suite.title}. {suite.protocol!s}{needs}".replace("\n", "\\n"))
    return 0


def _benchmark(options: argparse.Namespace) -> int:
    from sxl_data.engine.commit import commit_bytes
    from sxl_train.evaluate.benchmark import evaluate
    from sxl_train.evaluate.exports import exports
    from sxl_train.evaluate.known import read_answers
    from sxl_train.evaluate.rating import rated
    from sxl_train.evaluate.tables import as_text
    from sxl_train.generate.opening import open_model
    from sxl_train.suites.files import folder
    from sxl_train.suites.registry import get
    from sxl_train.suites.types import Options

    for name in options.suite:
        get(name)
    temperature = options.temperature if options.temperature is not None else (0.8 if options.k > 1 else 0.0)
    wanted = Options(
        data=folder(options.data),
        limit=options.limit,
        samples=options.k,
        temperature=temperature,
        max_tokens=options.max_tokens,
        constrained=options.constrained,
    )
    model = options.models[0] if options.models else ""
    out = Path(options.out or f"build/eval/{Path(model or options.samples).name or 'model'}")
    backend = read_answers(Path(options.samples)) if options.samples is not None else open_model(model)
    try:
        report = evaluate(backend, options.suite, wanted, out, resume=not options.fresh)
    finally:
        backend.close()
    tell(msgspec.json.encode(report).decode() if options.json else as_text(report))
    for name, content in exports(report, rated(out)).items():
        place = out / name
        place.parent.mkdir(parents=True, exist_ok=True)
        commit_bytes(place, content)
    say(f"written to {out}: eval.json, samples.parquet, failures.html, table.md, every_eval_ever/")
    return 0


def _rate(arguments: Sequence[str]) -> int:
    parser = Parser(prog="sxl-train evaluate rate", description="Ratings of outputs, persons and models apart.")
    parser.add_argument("out", help="a folder that an evaluation wrote")
    parser.add_argument("round", help="a round that `sxl-data review` drew from its samples.parquet, after `agree`")
    options = parser.parse_args(arguments)
    from sxl_data.engine.commit import commit_bytes
    from sxl_data.write.ratings import section
    from sxl_train.evaluate.benchmark import read_report
    from sxl_train.evaluate.exports import exports
    from sxl_train.evaluate.page import add_ratings
    from sxl_train.evaluate.rating import rate

    out = Path(options.out)
    found = rate(out, Path(options.round))
    if (out / "eval.json").is_file():
        commit_bytes(out / "table.md", exports(read_report(out), found)["table.md"])
    page = out / "failures.html"
    if page.is_file():
        commit_bytes(page, add_ratings(page.read_text(encoding="utf-8"), found).encode("utf-8", "replace"))
    tell(section(found))
    say(f"written to {out}: ratings.json, table.md, failures.html")
    return 0


def _compare(arguments: Sequence[str]) -> int:
    parser = Parser(prog="sxl-train evaluate compare", description="What differs beyond chance.")
    parser.add_argument("first", help="a folder that an evaluation wrote")
    parser.add_argument("second", help="another one")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    from sxl_train.evaluate.samples import read_samples
    from sxl_train.evaluate.tables import differences, differences_as_text

    sides = []
    for folder in (options.first, options.second):
        file = Path(folder) / "samples.parquet"
        if not file.is_file():
            raise error("U201", file=str(file), found="no such file", expected="a folder that an evaluation wrote")
        try:
            sides.append(read_samples(file))
        except (ValueError, KeyError) as problem:
            raise error("T302", file=str(file), found=str(problem)) from None
    found = differences(*sides)
    if not found:
        raise error("T304", found="no item in common", expected="the same suites on both sides")
    listed = [
        {"suite": s, "measure": m, **msgspec.structs.asdict(one), "noise": one.noise} for (s, m), one in found.items()
    ]
    tell(msgspec.json.encode(listed).decode() if options.json else differences_as_text(found))
    return 0


def _measure(options: argparse.Namespace) -> int:
    from sxl_train.evaluate.compare import compare
    from sxl_train.evaluate.measure import measure
    from sxl_train.run.quiet import hush

    hush()
    wanted = Evaluate(rows=options.rows, generate=options.generate, new_tokens=options.new_tokens)
    models = {m: measure(m, options.dataset, wanted, options.max_length, options.split) for m in options.models}
    tell(as_json(models, indent=0) if options.json else compare(models))
    return 0


def _work(task: Object) -> int:
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
